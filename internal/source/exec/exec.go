// Package exec reads the logs that a command of the user prints: whatever a log
// store's own program can show, selfheal can read.
//
// In go a command line with places for the service and the interval; out comes
// every line that it prints. A command that fails is an error and never an empty
// result, whatever it printed before.
package exec

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"selfheal"
	"selfheal/internal/source/command"
)

const defaultTimeout = 5 * time.Minute

// Config of a [Source].
type Config struct {
	// Command is a program and its arguments. No shell reads it. In its arguments,
	// {service}, {environment}, {from} and {to} (RFC 3339), {from_unix} and {to_unix}
	// (seconds) stand for what is asked for. The same is in the environment, as
	// SELFHEAL_SERVICE and so on.
	Command []string
	Dir     string        // where it is run; by default the working directory
	Timeout time.Duration // 5 minutes by default
	Scrub   func(string) string
	Clock   selfheal.Clock // by default the system's
}

// Source reads from a command.
type Source struct{ config Config }

var _ selfheal.Source = (*Source)(nil)

// New makes a Source. The command is not run before it is read.
func New(c Config) (*Source, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, selfheal.Usagef(`write it as a list: ["kubectl", "logs", "deploy/shop", "--since-time={from}"]`, "the source has no command")
	}
	if c.Timeout < 0 {
		return nil, selfheal.Usagef("leave it out for the default of 5m", "the timeout of the source is negative")
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Source{c}, nil
}

// Read implements [selfheal.Source]. What the lines are of, only their text says:
// that the command obeys the interval is the user's to see to.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	program, err := s.program(q)
	if err != nil {
		return err
	}
	entry := selfheal.Entry{Stream: s.config.Command[0]}
	return program.Run(ctx, func(l command.Line) error {
		entry.Number++
		entry.Line, entry.Truncated = l.Text, l.Truncated
		return yield(&entry)
	})
}

// program fills in what is asked for.
func (s *Source) program(q selfheal.Query) (command.Program, error) {
	from, to := q.Interval.From, q.Interval.To
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if to.IsZero() {
		to = s.config.Clock()
	}
	values := [][2]string{
		{"service", q.Service}, {"environment", q.Environment},
		{"from", from.UTC().Format(time.RFC3339)}, {"to", to.UTC().Format(time.RFC3339)},
		{"from_unix", strconv.FormatInt(from.Unix(), 10)}, {"to_unix", strconv.FormatInt(to.Unix(), 10)},
	}
	p := command.Program{Dir: s.config.Dir, Timeout: s.config.Timeout, Scrub: s.config.Scrub}
	var pairs []string
	for _, v := range values {
		pairs = append(pairs, "{"+v[0]+"}", v[1])
		p.Env = append(p.Env, "SELFHEAL_"+strings.ToUpper(v[0])+"="+v[1])
	}
	replace := strings.NewReplacer(pairs...)
	for i, arg := range s.config.Command {
		if i > 0 {
			filled := replace.Replace(arg)
			if err := check(arg, filled, q); err != nil {
				return p, err
			}
			arg = filled
		}
		p.Args = append(p.Args, arg)
	}
	return p, nil
}

// check refuses names that a program would take for something else than a name.
func check(arg, filled string, q selfheal.Query) error {
	for _, each := range [][2]string{{"service", q.Service}, {"environment", q.Environment}} {
		key, name := each[0], each[1]
		if !strings.Contains(arg, "{"+key+"}") {
			continue
		}
		if name == "" {
			return selfheal.Usagef("set "+key+" in selfheal.yaml", "the command of the source asks for the %s, which is not known", key)
		}
		if strings.ContainsFunc(name, unicode.IsControl) || strings.HasPrefix(filled, "-") && !strings.HasPrefix(arg, "-") {
			return selfheal.Usagef("check "+key+" in selfheal.yaml", "the name of the %s cannot stand in a command line", key)
		}
	}
	return nil
}
