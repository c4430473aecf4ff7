package cluster

import (
	"maps"
	"slices"

	"selfheal"
)

// A cluster of one signature is judged as that signature: nothing is gained by
// judging it twice.
const leastMembers = 2

// Signatures gives the signature that stands for each cluster with at least two
// of the signatures in `of`: what it looks like to detection and to a reader.
// signatures describes the members; Severity is their highest, First and Last span
// them, Sample is their newest. Title and Template are those of the most central
// member, which is the one that founded the cluster, or the next to join where
// the logs do not show that one. A label may replace the title; see [Relabel].
func Signatures(clusters []Cluster, of map[selfheal.SignatureID]ID, signatures map[selfheal.SignatureID]*selfheal.Signature) map[selfheal.SignatureID]*selfheal.Signature {
	result := make(map[selfheal.SignatureID]*selfheal.Signature)
	present := members(of)
	for i := range clusters {
		c := &clusters[i]
		if len(present[c.ID]) < leastMembers {
			continue
		}
		if s := c.signature(of, signatures); s != nil {
			result[s.ID] = s
		}
	}
	return result
}

// Members gives the signatures of each cluster that has at least two of those in
// `of`, ascending.
func Members(of map[selfheal.SignatureID]ID) map[ID][]selfheal.SignatureID {
	result := members(of)
	maps.DeleteFunc(result, func(_ ID, m []selfheal.SignatureID) bool { return len(m) < leastMembers })
	return result
}

func members(of map[selfheal.SignatureID]ID) map[ID][]selfheal.SignatureID {
	result := make(map[ID][]selfheal.SignatureID)
	for _, id := range slices.Sorted(maps.Keys(of)) {
		result[of[id]] = append(result[of[id]], id)
	}
	return result
}

// signature merges the members that are present; nil when none is described.
func (c *Cluster) signature(of map[selfheal.SignatureID]ID, signatures map[selfheal.SignatureID]*selfheal.Signature) *selfheal.Signature {
	var merged *selfheal.Signature
	for _, id := range c.Members {
		s := signatures[id]
		if s == nil || of[id] != c.ID {
			continue
		}
		if merged == nil {
			first := *s
			merged = &first
			merged.ID, merged.Kind = selfheal.SignatureID(c.ID), selfheal.KindCluster
			Relabel(merged, s.Title)
			continue
		}
		add(merged, s)
	}
	return merged
}

// add takes over what a further member says about the whole.
func add(to *selfheal.Signature, member *selfheal.Signature) {
	to.Severity = max(to.Severity, member.Severity)
	if byTime(member.First, to.First) < 0 {
		to.First = member.First
	}
	if member.Last.After(to.Last) {
		to.Last = member.Last
	}
	if member.Sample.Time.After(to.Sample.Time) {
		to.Sample, to.Frames = member.Sample, member.Frames
	}
}

// maxTitle is how long a title may be, in characters.
const maxTitle = 200

// Relabel gives a cluster's signature the title that a label or a member's title makes.
func Relabel(s *selfheal.Signature, label string) {
	const prefix = "cluster: "
	title := []rune(label)
	if room := maxTitle - len(prefix); len(title) > room {
		title = append(title[:room-1], '…')
	}
	s.Title = prefix + string(title)
}

// Series gives the occurrences of each cluster with at least two signatures in
// `of`, by the id of its signature: those of its members added up. A cluster whose
// members do not occur has none. Give it the same `of` for the baseline and the
// window.
func Series(counts selfheal.Counts, of map[selfheal.SignatureID]ID) map[selfheal.SignatureID]*selfheal.Series {
	result := make(map[selfheal.SignatureID]*selfheal.Series)
	for id, present := range Members(of) {
		var merged selfheal.Series
		for _, m := range present {
			merged.Merge(counts.Of(m))
		}
		if merged.Total() > 0 {
			result[selfheal.SignatureID(id)] = &merged
		}
	}
	return result
}

// Fold gives counts in which each cluster stands in place of its members, for
// judging clusters: every occurrence is still counted once, so that exposure, and
// what moves together, are what they were. counts is not changed.
func Fold(counts selfheal.Counts, of map[selfheal.SignatureID]ID) selfheal.Counts {
	folded := counts
	folded.Series = maps.Clone(counts.Series)
	for _, present := range Members(of) {
		for _, m := range present {
			delete(folded.Series, m)
		}
	}
	merged := Series(counts, of)
	if folded.Series == nil {
		folded.Series = merged
		return folded
	}
	maps.Copy(folded.Series, merged)
	return folded
}

// Own gives those of the flagged anomalies of clusters that count by themselves. A
// cluster counts only when no signature in it is flagged: else it would say the
// same a second time. anomalies are what detection flagged, of clusters or not;
// flagged are the anomalies of single signatures. The order is kept.
func Own(anomalies, flagged []selfheal.Anomaly, of map[selfheal.SignatureID]ID) []selfheal.Anomaly {
	told := make(map[ID]bool)
	for _, a := range flagged {
		if id, ok := of[a.Signature]; ok && a.Flagged() {
			told[id] = true
		}
	}
	clusters := Members(of)
	var own []selfheal.Anomaly
	for _, a := range anomalies {
		id := ID(a.Signature)
		if _, isCluster := clusters[id]; isCluster && a.Flagged() && !told[id] {
			own = append(own, a)
		}
	}
	return own
}
