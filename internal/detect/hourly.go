package detect

import (
	"selfheal"
)

// refined spreads what was counted by the hour over the minutes of the window that
// lie in it. Lines that are no errors may be counted like that; all of them then
// are, so that one line which came in the first minute of an hour is not taken for it.
func refined(b Batch, t *timeline, signatures map[selfheal.SignatureID]*selfheal.Signature) Batch {
	b.Counts = spreadHours(b.Counts, t, signatures)
	b.Concurrent = spreadHours(b.Concurrent, t, signatures)
	return b
}

func spreadHours(counts selfheal.Counts, t *timeline, signatures map[selfheal.SignatureID]*selfheal.Signature) selfheal.Counts {
	for id, s := range counts.Series {
		if s != nil && len(s.Counts) > 0 && !judged(signatures[id]) && !coarse(s.Counts) {
			return counts
		}
	}
	all := make(map[selfheal.SignatureID]*selfheal.Series, len(counts.Series))
	for id, s := range counts.Series {
		if s == nil || judged(signatures[id]) {
			all[id] = s
			continue
		}
		all[id] = spread(s, t.window)
	}
	counts.Series = all
	return counts
}

// spread deals out each hour's count evenly.
func spread(s *selfheal.Series, window minutes) *selfheal.Series {
	result := &selfheal.Series{Undated: s.Undated}
	for _, c := range s.Counts {
		from, to := max(c.Minute, window.from), min(c.Minute+coarseMinutes, window.to)
		n := min(max(c.N, 0), mostPerMinute)
		if to <= from {
			continue
		}
		dealt := int64(0)
		for minute := from; minute < to; minute++ {
			due := n * (minute - from + 1) / (to - from)
			if due > dealt {
				result.Add(minute, due-dealt)
				dealt = due
			}
		}
	}
	return result
}
