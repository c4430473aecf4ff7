package detect

import (
	"fmt"
	"math"

	"selfheal"
)

// Options says how sure and how large a change must be to count. The zero value
// is not usable: start from [DefaultOptions].
type Options struct {
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
}

// DefaultOptions are the settings at which the accuracy benchmark shows about 5 of
// 100 clean deploys with any false alarm at 200 signatures, whether or not others
// have an outage meanwhile, and every new error of one per minute found.
func DefaultOptions() Options {
	return Options{
		FalseDiscoveryRate: 0.02,
		MinimumRatio:       2,
		MinimumCount:       3,
		MinimumMinutes:     2,
		NoiseClusters:      0.03,
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
