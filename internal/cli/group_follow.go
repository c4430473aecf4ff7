package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

// followEvery is how often logs that are followed are looked at: a screen that
// changes more often cannot be read.
const followEvery = 250 * time.Millisecond

func runGroupFollow(ctx context.Context, env *Environment, o groupOptions, request inspect.Request) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	view := o.view
	follow := inspect.FollowRequest{Request: request, View: view, Ticks: ticker.C, Wait: waitForMore, Watch: appearedLines(env)}
	if s := newScreen(env); s != nil {
		follow.Watch = s.draw
		s.open()
		defer s.close()
		table, err := inspect.Follow(ctx, follow)
		s.close()
		return finalTable(env, table, err)
	}
	table, err := inspect.Follow(ctx, follow)
	if table.Records > 0 {
		fmt.Fprintln(env.Out)
	}
	return finalTable(env, table, err)
}

// finalTable prints what was counted, also when reading failed at last.
func finalTable(env *Environment, table report.SignatureTable, err error) error {
	if err != nil && table.Records == 0 {
		return err
	}
	return errors.Join(err, report.Signatures(env.Out, table, textOptions(env)))
}

// waitForMore waits until a file may have grown.
func waitForMore(ctx context.Context) error {
	timer := time.NewTimer(followEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// appearedLines prints a line for each signature that appears.
func appearedLines(env *Environment) func(report.LiveSignatures) error {
	return func(l report.LiveSignatures) error {
		for _, row := range l.Appeared {
			if _, err := fmt.Fprintln(env.Out, report.AppearedLine(row, env.Clock())); err != nil {
				return err
			}
		}
		return nil
	}
}

// screen draws on the alternate screen of a terminal, so that what was there
// before comes back.
type screen struct {
	env    *Environment
	file   *os.File
	opened bool
}

// newScreen gives nil where output is no terminal.
func newScreen(env *Environment) *screen {
	f, isFile := env.Out.(*os.File)
	if !isFile || env.Width == 0 || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &screen{env: env, file: f}
}

// The control sequences of xterm, which every terminal of today obeys.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J" // alternate screen, no cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

func (s *screen) open() {
	s.opened = true
	fmt.Fprint(s.file, enterScreen)
}

func (s *screen) close() {
	if s.opened {
		s.opened = false
		fmt.Fprint(s.file, leaveScreen)
	}
}

// draw writes over the frame before, in one piece and without clearing it first, so that nothing flickers.
func (s *screen) draw(l report.LiveSignatures) error {
	width, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = s.env.Width, 24
	}
	lines := report.LiveFrame(l, report.TextOptions{Width: width, Color: s.env.Color}, height)
	_, err = fmt.Fprint(s.file, home, strings.Join(lines, clearLine+"\r\n"), clearLine, clearBelow)
	return err
}
