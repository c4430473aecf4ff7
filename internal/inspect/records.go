package inspect

import (
	"context"

	"selfheal"
	"selfheal/internal/group"
)

// Record is one record with the signature it has.
type Record struct {
	File      string
	Line      int64 // of the record's first line
	Signature *selfheal.Signature
}

// Records gives every record with its final signature, per file in the order
// they stand there. Unless the request is for exact signatures, which are known
// at once, nothing is given before all was read: 16 bytes are kept of each record.
func Records(ctx context.Context, r Request, yield func(Record) error) error {
	in := newLogReader(&r)
	if r.Exact {
		return exactRecords(ctx, in, yield)
	}
	var kept recordList
	if err := in.read(ctx, r.Files, kept.add); err != nil {
		return err
	}
	signatures := in.grouper.Signatures()
	return kept.each(finals(signatures, r.generalise(signatures)), yield)
}

// exactRecords gives each record as soon as it is read.
func exactRecords(ctx context.Context, in *logReader, yield func(Record) error) error {
	var known []*selfheal.Signature
	return in.read(ctx, in.request.Files, func(record *selfheal.Record, i group.Index) error {
		for int(i) >= len(known) {
			known = append(known, in.grouper.Signature(group.Index(len(known))))
		}
		return yield(Record{File: record.Stream, Line: record.Number, Signature: known[i]})
	})
}

// recordList remembers where records stand, and which signature each has.
type recordList struct {
	files   []string
	records []recordEntry
}

type recordEntry struct {
	line  int64
	file  uint32
	index group.Index
}

func (l *recordList) add(r *selfheal.Record, i group.Index) error {
	if n := len(l.files); n == 0 || l.files[n-1] != r.Stream {
		l.files = append(l.files, r.Stream)
	}
	l.records = append(l.records, recordEntry{line: r.Number, file: uint32(len(l.files) - 1), index: i})
	return nil
}

func (l *recordList) each(all *finalSignatures, yield func(Record) error) error {
	final := make([]*selfheal.Signature, len(all.members))
	for _, r := range l.records {
		class := all.class[r.index]
		if final[class] == nil {
			s := all.signature(class)
			final[class] = &s
		}
		if err := yield(Record{File: l.files[r.file], Line: r.line, Signature: final[class]}); err != nil {
			return err
		}
	}
	return nil
}
