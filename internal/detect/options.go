package detect

import (
	"fmt"
	"math"

	"selfheal"
)

// Method is the procedure that decides.
type Method string

// The methods. Only the first may be looked at while the window runs: the others
// are the rules that teams know, for comparison, and hold for one look at its end.
const (
	MethodSequential  Method = "sequential"   // what this package is about
	MethodPoisson     Method = "poisson"      // Poisson tail below .05 against the mean of the baseline, new ones when they repeat
	MethodThreshold   Method = "threshold"    // minimum_count occurrences and minimum_ratio times the mean of the baseline
	MethodMannWhitney Method = "mann-whitney" // rank test of the window's minutes against as many before the deploy
)

// fixed tells whether a method is for one look at the end.
func (m Method) fixed() bool { return m != MethodSequential && m != "" }

// Drops says which lines are missed when they go silent.
type Drops string

// The choices. An error that stops is mostly good news: a deploy fixed it.
const (
	DropsOff      Drops = "off"
	DropsExpected Drops = "expected" // lines below WARN
	DropsAll      Drops = "all"      // errors and warnings as well
)

// Options says how sure and how large a change must be to count. The zero value
// is not usable: start from [DefaultOptions].
type Options struct {
	// Method decides: sequential (valid at every look), or one of the plain rules poisson, threshold and mann-whitney.
	Method Method `yaml:"method" json:"method,omitempty"`
	// FalseDiscoveryRate bounds the expected share of false ones among what is flagged, in (0, 0.5].
	FalseDiscoveryRate float64 `yaml:"false_discovery_rate" json:"false_discovery_rate,omitempty"`
	// MinimumRatio is the rate ratio, window over baseline, from which a rise is worth anybody's time; at least 1.
	MinimumRatio float64 `yaml:"minimum_ratio" json:"minimum_ratio,omitempty"`
	// MinimumCount is how often an error must occur in the window; at least 1.
	MinimumCount int64 `yaml:"minimum_count" json:"minimum_count,omitempty"`
	// MinimumMinutes is in how many distinct minutes it must occur; at least 1.
	MinimumMinutes int `yaml:"minimum_minutes" json:"minimum_minutes,omitempty"`
	// NoiseClusters is how many clusters of unknown, harmless messages per window are put up with, in (0, 1].
	// The distinct minutes that a new signature needs are raised until the baseline shows fewer.
	NoiseClusters float64 `yaml:"noise_clusters" json:"noise_clusters,omitempty"`
	// Drops says which lines are missed when they go silent: expected (those that are no errors), all, or off.
	Drops Drops `yaml:"drops" json:"drops,omitempty"`
}

// DefaultOptions are the settings at the knee of the curve that the accuracy
// benchmark draws: false alarms against what is found.
func DefaultOptions() Options {
	return Options{
		Method:             MethodSequential,
		FalseDiscoveryRate: 0.025,
		MinimumRatio:       2,
		MinimumCount:       3,
		MinimumMinutes:     2,
		NoiseClusters:      0.04,
		Drops:              DropsExpected,
	}
}

// Validate gives a usage error for the first setting out of range.
func (o Options) Validate() error {
	check := func(name string, value, low, high float64) error {
		if value >= low && value <= high {
			return nil
		}
		return selfheal.Usagef(fmt.Sprintf("set it between %g and %g", low, high), "%s is %g", name, value)
	}
	switch o.Method {
	case MethodSequential, MethodPoisson, MethodThreshold, MethodMannWhitney, "":
	default:
		return selfheal.Usagef("use sequential, poisson, threshold or mann-whitney", "detect.method is %q", o.Method)
	}
	switch o.Drops {
	case DropsOff, DropsExpected, DropsAll, "":
	default:
		return selfheal.Usagef("use expected, all or off", "detect.drops is %q", o.Drops)
	}
	for _, c := range []struct {
		name             string
		value, low, high float64
	}{
		{"detect.false_discovery_rate", o.FalseDiscoveryRate, 1e-9, 0.5},
		{"detect.minimum_ratio", o.MinimumRatio, 1, 1e6},
		{"detect.minimum_count", float64(o.MinimumCount), 1, math.MaxInt32},
		{"detect.minimum_minutes", float64(o.MinimumMinutes), 1, 1e6},
		{"detect.noise_clusters", o.NoiseClusters, 1e-9, 1},
	} {
		if err := check(c.name, c.value, c.low, c.high); err != nil {
			return err
		}
	}
	return nil
}

// usable replaces what Validate would refuse by the defaults, so that Judge always has an answer.
func (o Options) usable() Options {
	if o.Validate() != nil {
		return DefaultOptions()
	}
	return o
}
