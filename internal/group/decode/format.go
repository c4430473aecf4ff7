package decode

import (
	"slices"
	"strings"

	"selfheal"
)

// Format is the format a line was found to be in, or is to be read in.
type Format uint8

// The formats.
const (
	Auto Format = iota // found line by line: a stream may change its format at any line
	Plain
	JSON
	Logfmt
	Klog
	Syslog
	Journald // what "journalctl -o json" and "-o export" print
)

var formatNames = [...]string{"auto", "plain", "json", "logfmt", "klog", "syslog", "journald"}

// String names the format as documentation does.
func (f Format) String() string { return formatNames[f] }

// ParseFormat reads the name of a format. The error is a [*selfheal.Error] with [selfheal.CodeUsage].
func ParseFormat(name string) (Format, error) {
	at := slices.Index(formatNames[:], strings.ToLower(name))
	if at < 0 {
		return Auto, selfheal.Usagef("use one of: "+strings.Join(formatNames[:], ", "), "unknown log format %q", name)
	}
	return Format(at), nil
}
