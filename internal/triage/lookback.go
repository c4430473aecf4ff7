package triage

import (
	"strconv"
	"strings"
	"time"

	"selfheal"
)

// Lookback is how far back deploys are looked for that may be the cause: so many
// of the last ones, the one in question included, or those of so long a time.
// The zero value is the deploy in question alone.
type Lookback struct {
	Deploys int           // 1 and up; 0 where Age says it
	Age     time.Duration // before the error began
}

// ParseLookback reads "3" (deploys), "48h" or "7d".
func ParseLookback(text string) (Lookback, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 {
		return Lookback{Deploys: n}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 1 && n <= maxLookbackDays {
			return Lookback{Age: time.Duration(n) * 24 * time.Hour}, nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age > 0 {
		return Lookback{Age: age}, nil
	}
	return Lookback{}, selfheal.Usagef("e.g. --lookback 3", "%q is neither a number of deploys (3) nor a time (48h, 7d)", text)
}

const maxLookbackDays = 3650

// UnmarshalText reads what [ParseLookback] does.
func (l *Lookback) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLookback(string(text))
	return err
}

// MarshalText writes what [ParseLookback] reads.
func (l Lookback) MarshalText() ([]byte, error) {
	switch {
	case l.Age > 0:
		return []byte(selfheal.Duration(l.Age).String()), nil
	case l.Deploys > 0:
		return []byte(strconv.Itoa(l.Deploys)), nil
	}
	return nil, nil
}

// Of picks from the deploys before the one in question, oldest first; at is when
// the error began.
func (l Lookback) Of(deploys []selfheal.Deploy, at time.Time) []selfheal.Deploy {
	if l.Age > 0 {
		for len(deploys) > 0 && deploys[0].Time.Before(at.Add(-l.Age)) {
			deploys = deploys[1:]
		}
		return deploys
	}
	return deploys[max(0, len(deploys)-max(0, l.Deploys-1)):]
}
