package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The service's patience in the demo: 30 ms stand for the 2 s that it has in
// production, and it calls a request slow after 25 ms instead of 1 s.
const (
	partnerTimeout = "30ms"
	slowRequest    = "25ms"
)

// service is the compiled shop as a running process whose log is a file.
type service struct {
	cmd  *exec.Cmd
	log  *os.File
	addr string
	done chan struct{}
	err  error // how it ended; to be read after done
}

// startService runs a binary with the production settings of its own revision,
// in a directory of its own, and returns when it listens.
func startService(ctx context.Context, binary, tree, dir, proxy string) (*service, error) {
	settings, err := readSettings(filepath.Join(tree, "deploy", "production.env"))
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "shop.log"), os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	settings = append(settings,
		"SHOP_ADDR=127.0.0.1:0", "TZ=UTC",
		"SHOP_PAYMENT_URL=http://"+paymentHost, "SHOP_PAYMENT_TIMEOUT="+partnerTimeout,
		"SHOP_WAREHOUSE_URL=http://"+warehouseHost, "SHOP_WAREHOUSE_TIMEOUT="+partnerTimeout,
		"SHOP_SLOW_REQUEST="+slowRequest, "HTTP_PROXY="+proxy, "GOGC=400")
	dropped := []string{"SHOP_", "HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=", "REQUEST_METHOD="}
	s := &service{log: log, done: make(chan struct{})}
	// Should the demo be killed, nobody is left to stop the service: it stops itself.
	s.cmd = command(ctx, dir, environment(dropped, settings...), binary, "-exit-when-idle", "1m")
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the service: %w", err), log.Close())
	}
	go func() { s.err = s.cmd.Wait(); close(s.done) }()
	if err := s.awaitAddr(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// readSettings reads the NAME=value lines of a file.
func readSettings(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var settings []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.Contains(line, "=") && !strings.HasPrefix(line, "#") {
			settings = append(settings, line)
		}
	}
	return settings, nil
}

// awaitAddr waits until the service logs the address it listens on.
func (s *service) awaitAddr(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the service to listen: %w", ctx.Err())
		case <-s.done:
			return fmt.Errorf("the service ended at its start: %w: %s", s.err, s.tail())
		case <-tick.C:
		}
		text, err := os.ReadFile(s.log.Name())
		if err != nil {
			return err
		}
		if s.addr = listeningAddr(text); s.addr != "" {
			return nil
		}
	}
}

// listeningAddr finds the address in the log line that tells it; empty when there is none yet.
func listeningAddr(log []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(log)); lines.Scan(); {
		var line struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			return line.Addr
		}
	}
	return ""
}

// tail gives the end of the log, for error messages.
func (s *service) tail() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-500):]))
}

// written is how many bytes the service has logged so far.
func (s *service) written() (int64, error) {
	state, err := s.log.Stat()
	if err != nil {
		return 0, err
	}
	return state.Size(), nil
}

// stop lets the service finish and waits for its end.
func (s *service) stop() error {
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	err := terminate(s.cmd.Process)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	select {
	case <-s.done:
	case <-timer.C:
		err = errors.Join(err, s.cmd.Cancel())
		<-s.done
	}
	return errors.Join(err, s.log.Close())
}
