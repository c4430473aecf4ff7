package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/template"
	"time"
)

//go:embed ingest.md.tmpl
var ingestPage string

// ingestOptions are what `bench ingest` is asked for.
type ingestOptions struct {
	services, connections, batch int
	length                       time.Duration
	processors                   int
	into                         string
}

// benchIngest measures how fast pushed logs are taken in: a process of its own that
// receives OTLP, groups and counts, and this one that sends as fast as it is answered.
func benchIngest(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ingest", flag.ExitOnError)
	var o ingestOptions
	flags.IntVar(&o.services, "services", 5, "services that log")
	flags.IntVar(&o.connections, "connections", 4, "requests at once")
	flags.IntVar(&o.batch, "batch", 1000, "records of a request")
	flags.IntVar(&o.processors, "processors", 2, "GOMAXPROCS of the receiver")
	seconds := flags.Int("seconds", 15, "length of each row")
	flags.StringVar(&o.into, "into", "", "file for the page; standard output if empty")
	serve := flags.Bool("serve", false, "be the receiver")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *serve {
		return serveIngest(ctx, os.Stdin, os.Stdout)
	}
	o.length = time.Duration(*seconds) * time.Second
	var rows []ingestRow
	for _, protocol := range []string{"HTTP", "HTTP gzip", "gRPC"} {
		for _, signatures := range []int{100, 1000, 10_000} {
			row, err := o.measure(ctx, protocol, signatures)
			if err != nil {
				return fmt.Errorf("%s with %d signatures: %w", protocol, signatures, err)
			}
			fmt.Fprintf(os.Stderr, "%+v\n", row)
			if row.Growth = 1; signatures > 100 {
				first := rows[len(rows)-1]
				if first.Signatures > 100 {
					first = rows[len(rows)-2]
				}
				row.Growth = first.PerCPU / row.PerCPU
				row.Each = float64(row.Peak-first.Peak) / float64(row.Distinct-first.Distinct)
			}
			rows = append(rows, row)
		}
	}
	return o.write(rows)
}

// ingestRow is what was measured of one protocol and number of signatures.
type ingestRow struct {
	Protocol   string
	Signatures int     // of each service
	PerSecond  float64 // records
	PerCPU     float64 // records per second of the receiver's processor time
	Share      float64 // of the receiver in the processors that there are
	Bytes      float64 // of a record, on the wire unpacked
	P50, P99   time.Duration
	Refused    int
	Whole      float64 // PerCPU times the processors
	Growth     float64 // of processor time per record since the first row of the protocol
	Each       float64 // bytes of memory of one more signature since then
	served
}

// measure starts a receiver and sends to it.
func (o *ingestOptions) measure(ctx context.Context, protocol string, signatures int) (row ingestRow, err error) {
	executable, err := os.Executable()
	if err != nil {
		return row, err
	}
	server := exec.CommandContext(ctx, executable, "ingest", "-serve")
	server.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", o.processors))
	server.Stderr = os.Stderr
	stop, err := server.StdinPipe()
	if err != nil {
		return row, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return row, err
	}
	if err := server.Start(); err != nil {
		return row, err
	}
	answers := bufio.NewScanner(out)
	var at listening
	if err := scanInto(answers, &at); err != nil {
		return row, errors.Join(err, server.Wait())
	}
	load, err := newLoad(o, protocol, at, signatures)
	if err != nil {
		return row, err
	}
	row, err = load.run(ctx, o.length)
	if err != nil {
		return row, err
	}
	if err := stop.Close(); err != nil {
		return row, err
	}
	if err := scanInto(answers, &row.served); err != nil {
		return row, err
	}
	if row.Written != row.Records {
		return row, fmt.Errorf("%d records were counted and %d written", row.Records, row.Written)
	}
	row.Protocol, row.Signatures = protocol, signatures
	row.PerCPU = float64(row.Records) / row.CPU.Seconds()
	row.Whole = row.PerCPU * float64(min(o.processors, runtime.NumCPU()))
	row.Share = row.CPU.Seconds() / (o.length.Seconds() * float64(min(o.processors, runtime.NumCPU())))
	return row, server.Wait()
}

func scanInto(lines *bufio.Scanner, into any) error {
	if !lines.Scan() {
		return cmp.Or(lines.Err(), errors.New("the receiver ended"))
	}
	return json.Unmarshal(lines.Bytes(), into)
}

func readFile(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}

// write fills the page.
func (o *ingestOptions) write(rows []ingestRow) error {
	page, err := template.New("ingest").Funcs(template.FuncMap{
		"mib": func(b int64) string { return fmt.Sprintf("%.0f", float64(b)/mebibyte) },
		"ms":  func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) },
		"k":   func(n float64) string { return fmt.Sprintf("%.0f", n/1000) },
		"us":  func(perSecond float64) string { return fmt.Sprintf("%.1f", 1e6/perSecond) },
		"kib": func(b float64) string {
			if b == 0 {
				return ""
			}
			return fmt.Sprintf("%.1f", b/1024)
		},
		"pct": func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) },
	}).Parse(ingestPage)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	load, _, _ := strings.Cut(readFile("/proc/loadavg"), " ") // nothing where there is no such file
	err = page.Execute(&text, map[string]any{
		"Rows": rows, "Load": load, "Services": o.services, "Connections": o.connections, "Batch": o.batch, "Seconds": o.length.Seconds(),
		"Processors": o.processors, "Machine": fmt.Sprintf("%s %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	})
	if err != nil {
		return err
	}
	if o.into == "" {
		_, err = os.Stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(o.into, text.Bytes(), 0o644) //nolint:gosec // a page for everybody
}
