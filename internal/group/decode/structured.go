package decode

import "selfheal"

// Record reads a record that came structured as if its message and attributes had
// stood in a line: what its attributes mean is found by the same names, and a
// message that is itself the line of a logger is read on in its own format. So an
// event has the same signature whether it was pushed or written to a file.
func (d *Decoder) Record(r *selfheal.Record, l *Line) {
	l.reset()
	l.Format, l.Header = JSON, true
	l.Time, l.Zone, l.Severity = r.Time, r.Zone, r.Severity
	if len(r.Message) > 0 {
		l.Message, l.rank[roleMessage] = r.Message, rankGood
	}
	for i := range r.Attributes {
		d.set(l, spaceFields, r.Attributes[i].Key, r.Attributes[i].Value, true)
	}
	d.finish(l)
	d.nested(l)
}
