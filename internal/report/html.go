package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the style sheet
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"selfheal"
)

// How much of each long list the page holds.
const (
	htmlSetAside   = 60
	htmlCandidates = 30
	htmlOpenLines  = 12 // a longer sample starts folded
)

//go:embed style.css
var styleSheet string

// HTML writes the report as one self-contained page: no script, no external
// resource, and a content security policy that forbids both.
func HTML(w io.Writer, r Report) error {
	var b bytes.Buffer
	if err := page(newView(r)).Render(context.Background(), &b); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	b.WriteByte('\n')
	return write(w, b.Bytes())
}

// contentPolicy allows the page's own style sheet by its digest and nothing else.
func contentPolicy() string {
	digest := sha256.Sum256([]byte(styleSheet))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

func joinLines(lines []string) string { return strings.Join(lines, "\n") }

func limitTone(l limitView) tone {
	if l.Blocks {
		return toneBad
	}
	return toneNeutral
}

func expectedTone(asExpected bool) tone {
	if asExpected {
		return toneGood
	}
	return toneBad
}

func checkMark(asExpected bool) string {
	if asExpected {
		return "✓"
	}
	return "✗"
}

func diffClass(l diffLine) string {
	switch l.Op {
	case selfheal.LineAdded:
		return "add"
	case selfheal.LineDeleted:
		return "del"
	default:
		return ""
	}
}

func lineNo(l diffLine) string { return strconv.Itoa(l.Number()) }

// diffText is the line with its sign; a line of a patch brings its own.
func diffText(l diffLine) string {
	if l.Number() == 0 {
		return l.Text
	}
	return string(l.Op) + " " + l.Text
}
