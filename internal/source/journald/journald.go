// Package journald reads the journal of systemd through journalctl.
//
// In go units, or other matches, and an interval; out comes every entry as the JSON
// that journalctl prints, which the room that groups records understands. journalctl
// succeeds where it found no journal, or may see only a part of it, and says so
// beside its output: that is an error here.
package journald

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/command"
)

const defaultTimeout = 5 * time.Minute

// Config of a [Source].
type Config struct {
	// Units are the units to read, with the places {service} and {environment}; by default {service}.service, where there are no Matches.
	Units []string
	// Matches are further conditions in the form of FIELD=value, as journalctl takes them.
	Matches []string
	// Args are added to the arguments of journalctl, e.g. --directory=/var/log/journal/remote.
	Args []string
	// Program is what is run instead of journalctl.
	Program string
	Timeout time.Duration // 5 minutes by default
	Scrub   func(string) string
}

// Source reads the journal.
type Source struct{ config Config }

var (
	_ selfheal.Source = (*Source)(nil)
	_ selfheal.Prober = (*Source)(nil)
)

// New makes a Source. journalctl is not run before it is read.
func New(c Config) (*Source, error) {
	if len(c.Units) == 0 && len(c.Matches) == 0 {
		c.Units = []string{"{service}.service"}
	}
	for _, match := range c.Matches {
		if field, _, ok := strings.Cut(match, "="); !ok || field == "" || field != strings.ToUpper(field) {
			return nil, selfheal.Usagef("write it as FIELD=value, e.g. CONTAINER_NAME=shop", "no match of the journal: %q", match)
		}
	}
	if c.Program == "" {
		c.Program = "journalctl"
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	return &Source{c}, nil
}

// Read implements [selfheal.Source]. It probes first: journalctl that prints JSON
// says nothing of what it may not see.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	args, err := s.arguments(q)
	if err != nil {
		return err
	}
	if err := s.Probe(ctx); err != nil {
		return err
	}
	return s.run(ctx, args, func(line command.Line) error {
		e, err := entry(line)
		if err != nil {
			return wrong(err)
		}
		if !q.Interval.From.IsZero() && e.Time.Before(q.Interval.From) || !q.Interval.To.IsZero() && !e.Time.Before(q.Interval.To) {
			return nil // the ends of journalctl are whole seconds
		}
		return yield(e)
	})
}

func (s *Source) run(ctx context.Context, args []string, yield func(command.Line) error) error {
	p := command.Program{
		Args: append([]string{s.config.Program}, args...), Env: []string{"LC_ALL=C", "SYSTEMD_COLORS=0"},
		Timeout: s.config.Timeout, Scrub: s.config.Scrub, Heed: heed,
	}
	return p.Run(ctx, yield)
}

// heed reads what journalctl says beside its output while it succeeds.
func heed(said string) error {
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs"}
	switch {
	case strings.Contains(said, "No journal files were"):
		e.Message, e.Hint = "there is no journal on this machine", "run selfheal where the journal is, or name its directory in source.args"
	case strings.Contains(said, "not seeing messages"), strings.Contains(said, "insufficient permissions"):
		e.Message, e.Hint = "this user may read only a part of the journal", "run selfheal as a member of the group systemd-journal"
	default:
		return nil
	}
	return e
}

func (s *Source) arguments(q selfheal.Query) ([]string, error) {
	args := slices.Concat([]string{"--output=json", "--no-pager"}, s.config.Args)
	if !q.Interval.From.IsZero() {
		args = append(args, "--since=@"+strconv.FormatInt(q.Interval.From.Unix(), 10))
	}
	if !q.Interval.To.IsZero() {
		args = append(args, "--until=@"+strconv.FormatInt(q.Interval.To.Unix()+1, 10))
	}
	same := func(name string) string { return name }
	for _, unit := range s.config.Units {
		unit, err := backend.Expand(unit, q, same)
		if err != nil {
			return nil, err
		}
		args = append(args, "--unit="+unit)
	}
	for _, match := range s.config.Matches {
		match, err := backend.Expand(match, q, same)
		if err != nil {
			return nil, err
		}
		args = append(args, match)
	}
	return args, nil
}

// entry takes time and stream out of a line, which stays as it is.
func entry(line command.Line) (*selfheal.Entry, error) {
	var fields struct {
		Time string          `json:"__REALTIME_TIMESTAMP"`
		Unit json.RawMessage `json:"_SYSTEMD_UNIT"`
		Host json.RawMessage `json:"_HOSTNAME"`
	}
	if line.Truncated {
		return nil, errors.New("an entry is larger than 1 MiB")
	}
	if err := json.Unmarshal(line.Text, &fields); err != nil {
		return nil, err
	}
	micros, err := strconv.ParseInt(fields.Time, 10, 64)
	if err != nil {
		return nil, errors.New("an entry without __REALTIME_TIMESTAMP")
	}
	return &selfheal.Entry{Stream: text(fields.Host) + "/" + text(fields.Unit), Line: line.Text, Time: time.UnixMicro(micros).UTC()}, nil
}

// text reads a value that is usually a text; what is none stays as it is written.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}

func wrong(err error) error {
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs", Message: "journalctl printed something else than its JSON", Hint: "run journalctl --output=json by hand to see it", Err: err}
}

// Probe implements [selfheal.Prober]. It asks in the one way in which journalctl warns.
func (s *Source) Probe(ctx context.Context) error {
	args := slices.Concat([]string{"--output=short", "--no-pager", "--lines=1"}, s.config.Args)
	return s.run(ctx, args, func(command.Line) error { return nil })
}
