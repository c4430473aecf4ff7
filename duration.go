package selfheal

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is written as text ("1h0m0s") in JSON and YAML.
type Duration time.Duration

// MarshalText writes Go's duration syntax.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads Go's duration syntax.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("not a duration such as 90s, 15m or 2h: %q", text)
	}
	*d = Duration(parsed)
	return nil
}

// String gives Go's duration syntax.
func (d Duration) String() string { return time.Duration(d).String() }
