package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"selfheal/internal/cli"
)

// openTerminal gives both ends of a pseudo-terminal of a size; it skips where there is none.
func openTerminal(t *testing.T, columns, rows uint16) (keyboard, program *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIPPED: the story on a terminal: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skipf("SKIPPED: the story on a terminal: %v", err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIPPED: the story on a terminal: %v", err)
	}
	t.Cleanup(func() { _ = program.Close() })
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
	return keyboard, program
}

// readUntil collects what is written until it holds a text.
func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var all []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(all, []byte(text)) {
		n, err := r.Read(buf)
		if all = append(all, buf[:n]...); err != nil {
			t.Fatalf("%v before %q in %q", err, text, all)
		}
	}
	return string(all)
}

// TestFollowOnATerminal: frames that fit the screen, drawn over each other; when
// it is interrupted the terminal is as before, and the table follows.
func TestFollowOnATerminal(t *testing.T) {
	t.Parallel()
	const columns, rows = 70, 12
	keyboard, terminal := openTerminal(t, columns, rows)
	in, logs := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	exit := make(chan int, 1)
	var messages bytes.Buffer
	go func() {
		exit <- cli.Run(ctx, cli.Environment{
			Args: []string{"group", "--follow", "--exact"}, In: in, Out: terminal, Err: &messages,
			Getenv: func(string) string { return "" }, Clock: time.Now, Width: columns,
		})
	}()
	readUntil(t, keyboard, "waiting for the first record")
	for i := range 30 {
		fmt.Fprintf(logs, "2026-03-02T10:00:%02dZ ERROR failure %s is so long that it does not fit into a line of this terminal\n", i, strings.Repeat("x", i+1))
	}
	live := readUntil(t, keyboard, "signatures more")
	fmt.Fprintln(logs, "2026-03-02T10:01:00Z ERROR the very last")
	interrupt()
	readUntil(t, keyboard, "\x1b[?25h\x1b[?1049l3") // 30 or 31 records: the last came as it ended
	if code := <-exit; code != 0 || messages.Len() > 0 {
		t.Errorf("exit code %d, messages %q", code, messages.String())
	}
	_ = logs.Close()
	frames := strings.Split(live, "\x1b[H")
	for _, frame := range frames[1:] {
		if strings.Contains(frame, "\x1b[2J") {
			t.Errorf("a frame clears the screen: %q", frame)
		}
		lines := strings.Split(strings.ReplaceAll(frame, "\x1b[K", ""), "\r\n")
		if len(lines) > rows {
			t.Errorf("%d lines on a screen of %d", len(lines), rows)
		}
	}
}
