package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/atomicfile"
)

// Bounds of what is kept of a build's output.
const (
	maxHead    = 512 << 10
	maxEnd     = 1536 << 10
	maxOutputs = 20 // files per service and environment
)

// Output keeps the beginning and the end of what is written to it.
type Output struct {
	head, tail []byte
	dropped    int64
}

// Write keeps bytes as far as the bounds allow. It never fails.
func (o *Output) Write(p []byte) (int, error) {
	n := len(p)
	take := min(len(p), maxHead-len(o.head))
	o.head, p = append(o.head, p[:take]...), p[take:]
	o.tail = append(o.tail, p[max(0, len(p)-maxEnd):]...)
	o.dropped += int64(max(0, len(p)-maxEnd))
	if over := len(o.tail) - 2*maxEnd; over > 0 { // seldom: moving it each time would cost more than the build
		o.drop(len(o.tail) - maxEnd)
	}
	return n, nil
}

func (o *Output) drop(n int) {
	o.dropped += int64(n)
	o.tail = slices.Delete(o.tail, 0, n)
}

// Bytes gives what was kept, with a line that says how much was left out.
func (o *Output) Bytes() []byte {
	if over := len(o.tail) - maxEnd; over > 0 {
		o.drop(over)
	}
	if o.dropped == 0 {
		return slices.Concat(o.head, o.tail)
	}
	return slices.Concat(o.head, fmt.Appendf(nil, "\n[selfheal: %d bytes left out]\n", o.dropped), o.tail)
}

// keepOutput writes a build's output, scrubbed of secrets, into the state
// directory, and gives the file. Of each service the newest outputs are kept.
func (a *App) keepOutput(r BuildRequest) (string, error) {
	dir := filepath.Join(a.stateDir, "builds", repositoryName(a.environment(r.CheckRequest)+"/"+a.service(r.CheckRequest)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("keep the output: %w", err)
	}
	now := a.settings.Clock().UTC()
	file := filepath.Join(dir, now.Format("20060102T150405.000Z")+"-"+selfheal.ShortRevision(r.Checkout.Revision)+".log")
	if err := atomicfile.Write(file, a.redactor.Bytes(r.Output), 0o600); err != nil {
		return "", fmt.Errorf("keep the output: %w", err)
	}
	return file, forgetOutputs(dir)
}

// forgetOutputs removes all but the newest outputs of a folder.
func forgetOutputs(dir string) error {
	entries, err := os.ReadDir(dir) // by name, and so by time
	if err != nil {
		return fmt.Errorf("keep the output: %w", err)
	}
	var logs []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".log") {
			logs = append(logs, e.Name())
		}
	}
	for _, name := range logs[:max(0, len(logs)-maxOutputs)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("forget an old output: %w", err)
		}
	}
	return nil
}
