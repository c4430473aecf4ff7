// Package inspect reads logs for the person who asks what is in them, without a
// deploy or a service: `selfheal group`.
//
// In go patterns of log files and what is wanted of them; out come tables of
// signatures, by the values of a field, as they grow, or of two inputs beside each
// other; the explanation of one signature; or the signature of every record.
package inspect

import (
	"context"
	"io"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/group/decode"
	"selfheal/internal/redact"
	"selfheal/internal/report"
	"selfheal/internal/source/file"
)

// Request names logs whose signatures are wanted.
type Request struct {
	Files    []string // patterns; "-" is Stdin
	Modules  []string
	Format   decode.Format // what the logs are read as
	Stdin    io.Reader
	Clock    selfheal.Clock
	Exact    bool              // signatures of one line each: nothing learned from the others
	Interval selfheal.Interval // lines outside are left out; zero ends are open
}

// generalise says which signatures are one error, all of them seen together.
func (r *Request) generalise(signatures []selfheal.Signature) group.Generalisation {
	if r.Exact {
		return group.Generalisation{}
	}
	return group.Generalise(signatures, nil)
}

func (r *Request) newGrouper() *group.Grouper {
	return group.New(group.Options{Modules: r.Modules, Format: r.Format, Redactor: redact.New(), Now: r.Clock})
}

// Table reads logs to their end and gives their signatures.
func Table(ctx context.Context, r Request, view View) (report.SignatureTable, error) {
	in := newLogReader(&r)
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

// logReader signs the records of logs, and keeps account of what it did not count.
type logReader struct {
	request *Request
	grouper *group.Grouper
	reading report.Reading
}

func newLogReader(r *Request) *logReader {
	return &logReader{request: r, grouper: r.newGrouper()}
}

// signed receives a record, valid until it returns, and its signature.
type signed func(*selfheal.Record, group.Index) error

// read gives every record of the files, per file in the order they stand there.
func (in *logReader) read(ctx context.Context, files []string, yield signed) error {
	source, err := file.New(file.Config{Patterns: files, Stdin: in.request.Stdin})
	if err != nil {
		return err
	}
	s := logStream{in: in, yield: yield}
	err = source.Read(ctx, selfheal.Query{}, s.write)
	if err != nil {
		return err
	}
	return s.close()
}

// logStream takes the entries of one file after the other.
type logStream struct {
	in       *logReader
	yield    signed
	name     string
	stream   *group.Stream
	interval *intervalFilter
	failed   error
}

func (s *logStream) write(e *selfheal.Entry) error {
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
func (s *logStream) close() error {
	if s.stream != nil {
		s.stream.Close(s.emit)
	}
	return s.failed
}

func (s *logStream) emit(record *selfheal.Record, i group.Index) {
	if s.failed != nil {
		return
	}
	s.in.note(record)
	s.failed = s.yield(record, i)
}

// note accounts for a record that is counted.
func (in *logReader) note(r *selfheal.Record) {
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
