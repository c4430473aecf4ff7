package app

import (
	"cmp"

	"selfheal/internal/group/decode"
)

// LogFormats names what logs can be read as.
const LogFormats = "auto, plain, json, logfmt, klog, syslog or journald"

// ParseLogFormat reads the name of a format; empty means that it is found line by line.
func ParseLogFormat(name string) (decode.Format, error) {
	return decode.ParseFormat(cmp.Or(name, decode.Auto.String()))
}
