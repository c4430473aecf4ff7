package main

import (
	"fmt"
	"io"

	"selfheal/internal/detect"
)

// leniences are by how much the curve multiplies what the defaults put up with: the false-discovery
// rate, and with it the budget of silences, and the clusters of noise. 1 is the chosen knee.
var leniences = [...]float64{1.0 / 16, 1.0 / 4, 1.0 / 2, 1, 2, 4}

// curve prints one table per profile and number of signatures, ours from strict to lenient.
func (b benchmark) curve(profiles []string, signatures string, out io.Writer) error {
	counts, err := numbers(signatures)
	if err != nil {
		return err
	}
	b.curved, b.procedures = true, b.chosenRivals()
	for _, lenience := range leniences {
		name := fmt.Sprintf("x%g", lenience)
		if lenience == 1 {
			name = "**x1, the knee**"
		}
		b.procedures = append(b.procedures, ours(name, lenient(lenience)))
	}
	for _, n := range counts {
		b.signatures = int(n)
		if err := b.worlds(profiles, out); err != nil {
			return err
		}
	}
	return nil
}

// lenient are the defaults, putting up with so many times as many false ones.
func lenient(factor float64) detect.Options {
	o := detect.DefaultOptions()
	o.FalseDiscoveryRate = min(o.FalseDiscoveryRate*factor, 0.5)
	o.NoiseClusters = min(o.NoiseClusters*factor, 1)
	return o
}

// prototype is what an early version of this procedure showed on worlds of the same description, of
// another simulator: false alarms per 100 clean deploys, and the percentage found with the median of minutes.
var prototype = map[string]string{
	alarmsRow:                     "5.2",
	calmRow:                       "3.0",
	flagsRow:                      "9",
	"x3 on 4-20/h":                "8 (59)",
	"x5 on 4-20/h":                "37 (45)",
	"x10 on 4-20/h":               "73 (24)",
	"x3 on 40-300/h":              "43 (33)",
	"x5 on 40-300/h":              "74 (14)",
	"x10 on 40-300/h":             "93 (7)",
	"new 0.1/min":                 "62 (39)",
	"new 0.5/min":                 "99 (13)",
	"new 1/min":                   "100 (8)",
	"new 10/min":                  "100 (5)",
	"new 1/min from minute 20":    "99 (6)",
	"x5 on 4-20/h from minute 20": "17 (31)",
	"blip of 4 min, new (should stay silent)": "0",
}
