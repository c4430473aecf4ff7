package report

import (
	"math"
	"testing"
	"time"

	"selfheal"
)

func TestNumberWords(t *testing.T) {
	t.Parallel()
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(count(0), "0")
	f(count(999), "999")
	f(count(1000), "1,000")
	f(count(1203441), "1,203,441")
	f(count(-1000), "-1,000")
	f(count(math.MinInt64), "-9,223,372,036,854,775,808")

	f(plural(1, "record"), "1 record")
	f(plural(0, "record"), "0 records")
	f(plural(2, "anomaly"), "2 anomalies")

	f(amount(0), "0")
	f(amount(0.004), "under 0.01")
	f(amount(0.04), "0.04")
	f(amount(0.5), "0.5")
	f(amount(3.14), "3.1")
	f(amount(3), "3")
	f(amount(9.96), "10")
	f(amount(155.4), "155")
	f(amount(12345.6), "12,346")
	f(amount(2e18), "2e+18")
	f(amount(-3.14), "-3.1")
	f(amount(math.NaN()), "unknown")
	f(amount(math.Inf(1)), "unknown")

	f(rate(155, time.Hour), "2.6 per minute")
	f(rate(3.1, time.Hour), "3.1 per hour")
	f(rate(7200, time.Minute), "120 per second")
	f(rate(5, 7*24*time.Hour), "0.71 per day")
	f(rate(5, 0), "5")

	f(times(155.2), "×155")

	f(percent(0.97), "97 %")
	f(percent(1), "over 99 %")
	f(percent(0.003), "under 1 %")
	f(percent(math.NaN()), "unknown")

	f(chance(0.3), "30 %")
	f(chance(0.05), "1 in 20")
	f(chance(0.0041), "1 in 240")
	f(chance(1.9e-6), "1 in 530,000")
	f(chance(3e-40), "less than 1 in 10^39")
	f(chance(1e-12), "less than 1 in 10^11")
	f(chance(0), "less than 1 in 10^300")
	f(chance(-1), "unknown")
	f(chance(math.NaN()), "unknown")

	f(byteSize(0), "0 B")
	f(byteSize(1023), "1,023 B")
	f(byteSize(184_203_112), "176 MiB")
	f(byteSize(3<<40), "3 TiB")
}

func TestTimeWords(t *testing.T) {
	t.Parallel()
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(span(0), "0 ms")
	f(span(900*time.Millisecond), "900 ms")
	f(span(8300*time.Millisecond), "8.3 s")
	f(span(59*time.Second), "59 s")
	f(span(time.Minute), "1 min")
	f(span(90*time.Second), "1 min 30 s")
	f(span(time.Hour), "1 h")
	f(span(167*time.Hour), "6 d 23 h")
	f(span(24*time.Hour+5*time.Second), "1 d")
	f(span(7*24*time.Hour-40*time.Second), "7 d")
	f(span(time.Hour-200*time.Millisecond), "1 h")
	f(span(-90*time.Second), "-1 min 30 s")

	day := time.Date(2026, 11, 22, 2, 40, 0, 0, time.UTC)
	zone := time.FixedZone("", 2*3600)
	f(minuteUTC(time.Time{}), "unknown")
	f(minuteUTC(day.In(zone)), "2026-11-22 02:40 UTC")
	f(clock(day.In(zone), day), "02:40")
	f(clock(day.AddDate(0, 0, -1), day), "Nov 21 02:40")

	f(interval(selfheal.Interval{}), "unknown")
	f(interval(selfheal.Interval{From: day}), "from 2026-11-22 02:40 UTC")
	f(interval(selfheal.Interval{To: day}), "until 2026-11-22 02:40 UTC")
	f(interval(selfheal.Interval{From: day, To: day.Add(time.Hour)}), "2026-11-22 02:40 to 03:40 UTC (1 h)")
	f(interval(selfheal.Interval{From: day, To: day.Add(25 * time.Hour)}), "2026-11-22 02:40 to 2026-11-23 03:40 UTC (1 d 1 h)")
}

func TestList(t *testing.T) {
	t.Parallel()
	f := func(want string, words ...string) {
		t.Helper()
		if got := list(words); got != want {
			t.Errorf("list(%q) = %q, want %q", words, got, want)
		}
	}
	f("")
	f("a", "a")
	f("a and b", "a", "b")
	f("a, b and c", "a", "b", "c")
}

// Every word of the fixed vocabularies has a phrase of its own; only unknown ones are shown raw.
func TestVocabulariesAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range []selfheal.Silence{
		selfheal.SilenceNotNew, selfheal.SilenceTransient, selfheal.SilenceNoBaseline, selfheal.SilenceNotSignificant,
		selfheal.SilenceSharedCause, selfheal.SilenceUsual, selfheal.SilenceNoPower, selfheal.SilenceOldRevision,
		selfheal.SilenceIntended, selfheal.SilenceIgnored, selfheal.SilenceTraffic,
	} {
		words := silences(s)
		if words == string(s) || seen[words] {
			t.Errorf("silence %q has no phrase of its own: %q", s, words)
		}
		seen[words] = true
	}
	if got := silences("from-the-future"); got != "from-the-future" {
		t.Errorf("unknown silence: got %q", got)
	}
}
