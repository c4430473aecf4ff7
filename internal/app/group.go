package app

import (
	"context"
	"io"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/group/decode"
	"selfheal/internal/redact"
	"selfheal/internal/report"
)

// GroupRequest names logs whose signatures are wanted.
type GroupRequest struct {
	Files    []string // patterns; "-" is Stdin
	Modules  []string
	Format   decode.Format // what the logs are read as
	Stdin    io.Reader
	Clock    selfheal.Clock
	Exact    bool              // signatures of one line each: nothing learned from the others
	Interval selfheal.Interval // lines outside are left out; zero ends are open
}

// generalise says which signatures are one error, all of them seen together.
func (r *GroupRequest) generalise(signatures []selfheal.Signature) group.Generalisation {
	if r.Exact {
		return group.Generalisation{}
	}
	return group.Generalise(signatures, nil)
}

func (r *GroupRequest) newGrouper() *group.Grouper {
	return group.New(group.Options{Modules: r.Modules, Format: r.Format, Redactor: redact.New(), Now: r.Clock})
}

// Group reads logs to their end and gives their signatures.
func Group(ctx context.Context, r GroupRequest, view GroupView) (report.SignatureTable, error) {
	in := newGroupReader(&r)
	var counts tally
	err := in.read(ctx, r.Files, func(record *selfheal.Record, i group.Index) error {
		counts.note(record, i)
		return nil
	})
	if err != nil {
		return report.SignatureTable{}, err
	}
	signatures := in.grouper.Signatures()
	return view.table(in.reading, &counts, finals(signatures, r.generalise(signatures))), nil
}

// groupReader signs the records of logs, and keeps account of what it did not count.
type groupReader struct {
	request *GroupRequest
	grouper *group.Grouper
	reading report.Reading
}

func newGroupReader(r *GroupRequest) *groupReader {
	return &groupReader{request: r, grouper: r.newGrouper()}
}

// signed receives a record, valid until it returns, and its signature.
type signed func(*selfheal.Record, group.Index) error

// read gives every record of the files, per file in the order they stand there.
func (in *groupReader) read(ctx context.Context, files []string, yield signed) error {
	source, err := logSource(files, in.request.Stdin)
	if err != nil {
		return err
	}
	s := groupStream{in: in, yield: yield}
	err = source.Read(ctx, selfheal.Query{}, s.write)
	if err != nil {
		return err
	}
	return s.close()
}

// groupStream takes the entries of one file after the other.
type groupStream struct {
	in       *groupReader
	yield    signed
	name     string
	stream   *group.Stream
	interval *intervalFilter
	failed   error
}

func (s *groupStream) write(e *selfheal.Entry) error {
	if s.stream == nil || s.name != e.Stream {
		if err := s.close(); err != nil {
			return err
		}
		s.name, s.stream = e.Stream, s.in.grouper.Stream(e.Stream)
		s.interval = newIntervalFilter(s.in.request.Interval, s.in.request.Clock)
	}
	switch s.interval.place(e) {
	case placedOutside:
		s.in.reading.OutsideLines++
	case placedNowhere:
		s.in.reading.UnplacedLines++
		fallthrough
	default:
		s.stream.Write(e, s.emit)
	}
	return s.failed
}

// close emits the event that is still open.
func (s *groupStream) close() error {
	if s.stream != nil {
		s.stream.Close(s.emit)
	}
	return s.failed
}

func (s *groupStream) emit(record *selfheal.Record, i group.Index) {
	if s.failed != nil {
		return
	}
	s.in.note(record)
	s.failed = s.yield(record, i)
}

// note accounts for a record that is counted.
func (in *groupReader) note(r *selfheal.Record) {
	in.reading.Records++
	if r.Time.IsZero() {
		in.reading.UndatedRecords++
		return
	}
	if in.reading.From.IsZero() || r.Time.Before(in.reading.From) {
		in.reading.From = r.Time
	}
	if r.Time.After(in.reading.To) {
		in.reading.To = r.Time
	}
}
