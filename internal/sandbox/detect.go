package sandbox

import "context"

// Capability is what a machine can do to confine commands, as found by trying.
type Capability struct {
	// Confinement is what Run would use now: one of the Confinement constants.
	Confinement string `json:"confinement"`
	// Features are what the kernel and the system offer.
	Features []Feature `json:"features"`
	// Rungs are the ways to confine, in the order in which they are tried.
	Rungs []Rung `json:"rungs"`
	// Hint is what to do where nothing confines; empty otherwise.
	Hint string `json:"hint,omitempty"`
}

// Feature is one thing that the system offers or does not.
type Feature struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Why       string `json:"why"` // what was found
}

// Rung is one way to confine, tried for real.
type Rung struct {
	Name    string   `json:"name"`
	Usable  bool     `json:"usable"` // it works, and every attempt to escape was blocked
	Why     string   `json:"why"`
	Escapes []Escape `json:"escapes,omitempty"`
}

// Escape is one attempt to get out, made from inside.
type Escape struct {
	Attempt string `json:"attempt"`
	Blocked bool   `json:"blocked"`
	Detail  string `json:"detail"` // how it was blocked, in the kernel's words
}

// Confined tells whether commands can be confined here.
func (c Capability) Confined() bool { return c.Confinement != ConfinementNone }

// Detect tries every rung: it starts a confined process that reads and writes
// outside, connects to listeners of this process, looks for it among the
// processes, and so on. Nothing outside of temporary files is touched. Docker is
// tried when image is not empty.
func Detect(ctx context.Context, image string) Capability {
	c := Capability{Confinement: ConfinementNone, Features: features()}
	var reasons []error
	for _, r := range rungs() {
		found, err := tryRung(ctx, r, image)
		if err != nil {
			reasons = append(reasons, err)
		}
		c.Rungs = append(c.Rungs, found)
		if found.Usable && !c.Confined() {
			c.Confinement = confinementOf(r.name)
		}
	}
	if !c.Confined() {
		c.Hint = hintOf(reasons)
	}
	return c
}

func tryRung(ctx context.Context, r rung, image string) (Rung, error) {
	escapes, err := probeRung(ctx, r, image)
	found := Rung{Name: r.name, Usable: err == nil, Why: "works, and every attempt to escape was blocked", Escapes: escapes}
	if err != nil {
		found.Why = err.Error()
	}
	for _, e := range escapes {
		if !e.Blocked {
			found.Usable, found.Why = false, "does not hold: a process inside could "+e.Attempt
		}
	}
	return found, err
}
