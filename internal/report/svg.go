package report

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
)

// Geometry and colours of the picture, in user units (pixels at scale 1).
const (
	svgFont   = 14.0
	svgCell   = 8.4 // width of a column
	svgLine   = 18.0
	svgMargin = 20.0
	svgBar    = 34.0 // title bar

	svgInk   = "#d0d7de"
	svgPaper = "#0d1117"
	svgFaint = "#8b949e"
)

// SVG writes a picture of a terminal window that shows text with ANSI colours,
// as [Text] with Color writes it. The picture is one file without scripts or
// references, and draws block characters itself, so that charts have no gaps
// whatever the reader's font.
func SVG(w io.Writer, ansi string, title string) error {
	lines := parseANSI(ansi)
	columns := 40
	for _, line := range lines {
		columns = max(columns, lineWidth(line))
	}
	width := svgMargin*2 + float64(columns)*svgCell
	height := svgBar + svgMargin*1.5 + float64(len(lines))*svgLine

	var b strings.Builder
	svgFrame(&b, width, height, html.EscapeString(oneLine(title, titleLimit)))
	for at, line := range lines {
		svgWriteLine(&b, line, svgBar+svgMargin/2+float64(at)*svgLine)
	}
	b.WriteString("</g>\n</svg>\n")
	return write(w, []byte(b.String()))
}

func lineWidth(line []run) int {
	width := 0
	for _, r := range line {
		width += lipgloss.Width(r.Text)
	}
	return width
}

func svgFrame(b *strings.Builder, width, height float64, title string) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(b, "<title>%s</title>\n", title)
	fmt.Fprintf(b, `<rect x="0.5" y="0.5" width="%.0f" height="%.0f" rx="8" fill="%s" stroke="#30363d"/>`+"\n", width-1, height-1, svgPaper)
	for at, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(b, `<circle cx="%d" cy="17" r="6" fill="%s"/>`+"\n", 20+at*20, color)
	}
	fmt.Fprintf(b, `<text x="%.1f" y="22" text-anchor="middle" font-family="system-ui, sans-serif" font-size="13" fill="%s">%s</text>`+"\n",
		width/2, svgFaint, title)
	fmt.Fprintf(b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="%.0f">`+"\n", svgFont)
}

// svgWriteLine draws the runs of one line, whose upper edge is y.
func svgWriteLine(b *strings.Builder, line []run, y float64) {
	x := svgMargin
	for _, r := range line {
		fore, back := svgColors(r.Pen)
		length := float64(lipgloss.Width(r.Text)) * svgCell
		if back != "" {
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, length, svgLine, back)
		}
		for _, piece := range pieces(r.Text) {
			if first, _ := utf8.DecodeRuneInString(piece); isBlock(first) {
				svgBlocks(b, piece, x, y, fore, svgOpacity(r.Pen))
			} else if strings.TrimSpace(piece) != "" {
				svgText(b, piece, r.Pen, x, y, fore)
			}
			x += float64(lipgloss.Width(piece)) * svgCell
		}
	}
}

func svgColors(p pen) (fore, back string) {
	fore, back = p.Fore, p.Back
	if fore == "" {
		fore = svgInk
	}
	if !p.Invert {
		return fore, back
	}
	if back == "" {
		back = svgPaper
	}
	return back, fore
}

func svgOpacity(p pen) string {
	if p.Faint {
		return ` opacity="0.65"`
	}
	return ""
}

// svgText draws text word group by word group, since viewers collapse several
// spaces into one. It pins the length of each, because the reader's font may
// have other widths.
func svgText(b *strings.Builder, text string, p pen, x, y float64, fore string) {
	attributes := svgAttributes(p)
	for {
		group := strings.TrimLeft(text, " ")
		x += float64(len(text)-len(group)) * svgCell
		if group == "" {
			return
		}
		group, _, _ = strings.Cut(group, "  ")
		text = strings.TrimLeft(text, " ")[len(group):]
		group = strings.TrimRight(group, " ")
		length := float64(lipgloss.Width(group)) * svgCell
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
			x, y+svgFont-0.5, length, fore, attributes, html.EscapeString(group))
		x += length
	}
}

func svgAttributes(p pen) string {
	attributes := svgOpacity(p)
	if p.Bold {
		attributes += ` font-weight="bold"`
	}
	if p.Italic {
		attributes += ` font-style="italic"`
	}
	if p.Underline {
		attributes += ` text-decoration="underline"`
	}
	return attributes
}

// pieces divides text into stretches of block characters and of others.
func pieces(text string) []string {
	var all []string
	start, block := 0, false
	for at, r := range text {
		if at > start && isBlock(r) != block {
			all, start = append(all, text[start:at]), at
		}
		block = isBlock(r)
	}
	return append(all, text[start:])
}

// isBlock covers the lower eighths, the full block and the vertical line.
func isBlock(r rune) bool { return '▁' <= r && r <= '█' || r == '│' }

// svgBlocks draws block characters as one path of rectangles.
func svgBlocks(b *strings.Builder, blocks string, x, y float64, fore, opacity string) {
	fmt.Fprintf(b, `<path fill="%s"%s d="`, fore, opacity)
	for _, r := range blocks {
		if r == '│' {
			fmt.Fprintf(b, "M%.1f %.1fh1v%.1fh-1z", x+svgCell/2-0.5, y, svgLine)
		} else {
			height := svgLine * float64(r-'▁'+1) / 8
			fmt.Fprintf(b, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, y+svgLine-height, svgCell, height, svgCell)
		}
		x += svgCell
	}
	b.WriteString("\"/>\n")
}
