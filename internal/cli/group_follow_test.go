package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"selfheal/internal/cli"
)

// TestFollowIsInterrupted: to be interrupted is how following ends. What was
// still open counts, and the table is printed.
func TestFollowIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, logs := io.Pipe()
		ctx, interrupt := context.WithCancel(t.Context())
		exit := make(chan int, 1)
		var out, messages bytes.Buffer
		go func() {
			exit <- cli.Run(ctx, cli.Environment{
				Args: []string{"group", "--follow"}, In: in, Out: &out, Err: &messages, Getenv: func(string) string { return "" }, Clock: time.Now,
			})
		}()
		fmt.Fprintln(logs, "2026-03-02T10:00:00Z ERROR first")
		time.Sleep(time.Second)
		fmt.Fprintln(logs, "2026-03-02T10:00:01Z ERROR last")
		synctest.Wait()
		interrupt()
		code := <-exit
		_ = logs.Close()
		if code != 0 || messages.Len() > 0 {
			t.Errorf("exit code %d, messages %q", code, messages.String())
		}
		for _, want := range []string{"ERROR first\n", "ERROR last\n", "\n2 records, "} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	})
}
