package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"selfheal"
)

// Number words: everything here rounds for people. The exact figures are in the
// JSON document.

// count writes a whole number with thousands separators: 1,203,441.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// plural writes a number with its noun: "1 record", "3 records".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return count(n) + " " + stem + "ies"
	}
	return count(n) + " " + noun + "s"
}

// amount writes a measured number with about two significant digits: 0.04, 3.1, 155.
func amount(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "unknown"
	case x < 0:
		return "-" + amount(-x)
	case x == 0:
		return "0"
	case x < 0.01:
		return "under 0.01"
	case x < 1:
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(x, 'f', 2, 64), "0"), ".")
	case x < 9.95:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
	case x < 1e15:
		return count(int64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// rate writes occurrences over a time in the unit in which the number is at least one.
func rate(n float64, over time.Duration) string {
	if over <= 0 {
		return amount(n)
	}
	perSecond := n / over.Seconds()
	for _, unit := range []struct {
		name    string
		seconds float64
	}{{"second", 1}, {"minute", 60}, {"hour", 3600}} {
		if perSecond*unit.seconds >= 1 {
			return amount(perSecond*unit.seconds) + " per " + unit.name
		}
	}
	return amount(perSecond*86400) + " per day"
}

// times writes a ratio of rates: ×155.
func times(x float64) string { return "×" + amount(x) }

// percent writes a probability, and never claims certainty: "over 99 %".
func percent(p float64) string {
	switch {
	case math.IsNaN(p):
		return "unknown"
	case p > 0.99:
		return "over 99 %"
	case p < 0.01:
		return "under 1 %"
	}
	return strconv.Itoa(int(math.Round(p*100))) + " %"
}

// chance writes how probable it is that chance alone did it.
func chance(p float64) string {
	switch {
	case math.IsNaN(p) || p < 0 || p > 1:
		return "unknown"
	case p == 0:
		return "less than 1 in 10^300"
	case p >= 0.1:
		return percent(p)
	case p >= 1e-6:
		return "1 in " + count(significant(1/p))
	}
	return fmt.Sprintf("less than 1 in 10^%d", int(math.Ceil(-math.Log10(p)-1e-9))-1)
}

// significant rounds to two significant digits.
func significant(x float64) int64 {
	step := math.Pow(10, math.Max(0, math.Floor(math.Log10(x))-1))
	return int64(math.Round(x/step) * step)
}

// byteSize writes a size in binary units.
func byteSize(n int64) string {
	size := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if size < 1024 {
			return amount(size) + " " + unit
		}
		size /= 1024
	}
	return amount(size) + " TiB"
}

// span writes a length of time with its two largest units: "6 d 23 h", "41 min".
func span(d time.Duration) string {
	if d < 0 {
		return "-" + span(-d)
	}
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	if d < 10*time.Second {
		return amount(d.Seconds()) + " s"
	}
	d = d.Round(precision(d))
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for at, unit := range units {
		if d < unit.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/unit.size, unit.name)
		if at+1 < len(units) {
			if next := d % unit.size / units[at+1].size; next > 0 {
				text += fmt.Sprintf(" %d %s", next, units[at+1].name)
			}
		}
		return text
	}
	return "0 s"
}

// precision is the smaller of the two units in which a length is written.
func precision(d time.Duration) time.Duration {
	switch {
	case d >= 24*time.Hour:
		return time.Hour
	case d >= time.Hour:
		return time.Minute
	}
	return time.Second
}

// Times are shown in UTC, which is what the logs of several hosts have in common.
const (
	dayLayout    = "2006-01-02"
	minuteLayout = "2006-01-02 15:04"
	secondLayout = "2006-01-02 15:04:05"
	clockLayout  = "15:04:05"
)

// minuteUTC writes a moment to the minute; "unknown" for the zero time.
func minuteUTC(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(minuteLayout) + " UTC"
}

// clock writes the time of day, with its day when that is not the reference's day.
func clock(t, reference time.Time) string {
	t, reference = t.UTC(), reference.UTC()
	if t.Format(dayLayout) == reference.Format(dayLayout) {
		return t.Format("15:04")
	}
	return t.Format("Jan 2 15:04")
}

// interval writes from and to with the length: the day of the end only when it differs.
func interval(i selfheal.Interval) string {
	switch {
	case i.From.IsZero() && i.To.IsZero():
		return "unknown"
	case i.From.IsZero():
		return "until " + minuteUTC(i.To)
	case i.To.IsZero():
		return "from " + minuteUTC(i.From)
	}
	from, to := i.From.UTC(), i.To.UTC()
	end := to.Format(minuteLayout)
	if from.Format(dayLayout) == to.Format(dayLayout) {
		end = to.Format("15:04")
	}
	return fmt.Sprintf("%s to %s UTC (%s)", from.Format(minuteLayout), end, span(to.Sub(from)))
}

// list joins words as a sentence does: "a", "a and b", "a, b and c".
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// silences puts each reason for setting a signature aside into words.
func silences(s selfheal.Silence) string {
	switch s {
	case selfheal.SilenceNotNew:
		return "occurred before the deploy too"
	case selfheal.SilenceTransient:
		return "too few, or all in one moment"
	case selfheal.SilenceNoBaseline:
		return "nothing to compare it with"
	case selfheal.SilenceNotSignificant:
		return "chance explains it"
	case selfheal.SilenceSharedCause:
		return "moves with errors that this change cannot reach"
	case selfheal.SilenceUsual:
		return "does the same without a deploy"
	case selfheal.SilenceNoPower:
		return "this window could not have shown it"
	case selfheal.SilenceOldRevision:
		return "only the previous revision logged it"
	case selfheal.SilenceIntended:
		return "the change itself added this message, or took it away"
	case selfheal.SilenceTraffic:
		return "went silent with the traffic as a whole"
	case selfheal.SilenceIgnored:
		return "somebody said that it never counts"
	}
	return string(s)
}
