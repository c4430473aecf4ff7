package app

import (
	"cmp"
	"context"
	"io"
	"slices"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/redact"
	"selfheal/internal/report"
)

// GroupRequest names logs whose signatures are wanted.
type GroupRequest struct {
	Files   []string // patterns; "-" is Stdin
	Modules []string
	Stdin   io.Reader
	Clock   selfheal.Clock
}

// GroupedRecord is one record with the signature it has.
type GroupedRecord struct {
	File      string
	Line      int64 // of the record's first line
	Signature *selfheal.Signature
}

// Group reads logs to their end and gives their signatures, most frequent first.
func Group(ctx context.Context, r GroupRequest) ([]report.SignatureRow, error) {
	var counts []int64
	grouper, err := groupEach(ctx, r, func(_ *group.Grouper, _ *selfheal.Record, i group.Index) error {
		for int(i) >= len(counts) {
			counts = append(counts, 0)
		}
		counts[i]++
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows := make([]report.SignatureRow, 0, len(counts))
	for i, n := range counts {
		rows = append(rows, report.SignatureRow{Signature: *grouper.Signature(group.Index(i)), Count: n})
	}
	slices.SortFunc(rows, func(a, b report.SignatureRow) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Signature.ID, b.Signature.ID))
	})
	return rows, nil
}

// Records gives every record with its signature, per file in the order they stand there.
func Records(ctx context.Context, r GroupRequest, yield func(GroupedRecord) error) error {
	var known []*selfheal.Signature
	_, err := groupEach(ctx, r, func(g *group.Grouper, record *selfheal.Record, i group.Index) error {
		for int(i) >= len(known) {
			known = append(known, g.Signature(group.Index(len(known))))
		}
		return yield(GroupedRecord{File: record.Stream, Line: record.Number, Signature: known[i]})
	})
	return err
}

// groupEach reads every file and calls yield for each record.
func groupEach(ctx context.Context, r GroupRequest, yield func(*group.Grouper, *selfheal.Record, group.Index) error) (*group.Grouper, error) {
	source, err := logSource(r.Files, r.Stdin)
	if err != nil {
		return nil, err
	}
	grouper := group.New(group.Options{Modules: r.Modules, Redactor: redact.New(), Now: r.Clock})
	streams := map[string]*group.Stream{}
	var order []*group.Stream
	var failed error
	emit := func(record *selfheal.Record, i group.Index) {
		if failed == nil {
			failed = yield(grouper, record, i)
		}
	}
	err = source.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
		stream := streams[e.Stream]
		if stream == nil {
			stream = grouper.Stream(e.Stream)
			streams[e.Stream] = stream
			order = append(order, stream)
		}
		stream.Write(e, emit)
		return failed
	})
	if err != nil {
		return nil, err
	}
	for _, stream := range order {
		stream.Close(emit)
	}
	return grouper, failed
}
