package report

import (
	"cmp"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
)

// inkName is a colour of the palette, chosen before it is known whether there are colours.
type inkName int

const (
	inkPlain inkName = iota
	inkGood
	inkBad
	inkUnsure
	inkFaint
	inkCode
	inkNeutral
)

func (p palette) named(n inkName) ink {
	return [...]ink{p.plain, p.good, p.bad, p.unsure, p.faint, p.code, p.neutral}[n]
}

// grid is a table with a title in each row, which takes what room the columns leave.
type grid struct {
	columns []gridColumn
	title   string // heading of the titles
	titles  []string
	below   []string // a sentence below a row; empty for none
}

// gridColumn is one column of a grid. Its cells are visible text on one line.
type gridColumn struct {
	heading string
	label   string // names the cell where it stands apart from its column
	joint   string // stands there between it and the cell before; empty: a dot
	head    bool   // stays in the first line when there is not room for all columns
	right   bool   // aligned to the right
	cells   []string
	inks    []inkName
	width   int // set when it is laid out
}

func (c *gridColumn) add(cell string, color inkName) {
	c.cells = append(c.cells, cell)
	c.inks = append(c.inks, color)
}

// lay gives every column the width of its longest cell, within a limit.
func lay(columns []gridColumn, limit int) {
	for i := range columns {
		c := &columns[i]
		c.width = lipgloss.Width(c.heading)
		for _, cell := range c.cells {
			c.width = max(c.width, lipgloss.Width(cell))
		}
		c.width = min(c.width, limit)
	}
}

const gridGap = "  "

// leastTitle is the room that titles must have beside all columns; where there
// is less, only the head columns stand beside them.
const leastTitle = 48

// narrowTitle is the room that even the longest cells leave to titles.
const narrowTitle = 8

// grid writes a table of at most height lines, as many as there are for 0, and
// gives the number of rows it wrote.
func (p *printer) grid(g grid, height int) int {
	lay(g.columns, p.width/3)
	wide := p.beside(g.columns) >= leastTitle
	var line []gridColumn
	for _, c := range g.columns {
		if wide || c.head {
			line = append(line, c)
		}
	}
	for limit := p.width / 3; p.beside(line) < narrowTitle && limit > 1; limit-- {
		lay(line, limit) // absurdly long cells
	}
	g.titles = fitTitles(g.titles, max(1, p.beside(line)))
	p.line(p.gridText(line, -1, g.title, p.bold))
	left := height - 1
	for row := range g.titles {
		lines := p.gridRow(g, line, wide, row)
		if left -= len(lines); height > 0 && left < 0 {
			return row
		}
		for _, l := range lines {
			p.line(l)
		}
	}
	return len(g.titles)
}

// fitTitles cuts titles to the room there is. Those that would then read the
// same are cut in the middle, because what tells them apart is at their end.
func fitTitles(titles []string, columns int) []string {
	cut := make([]string, len(titles))
	same := make(map[string]int, len(titles))
	for i, title := range titles {
		cut[i] = fit(title, columns)
		same[cut[i]]++
	}
	for i, title := range titles {
		if same[cut[i]] > 1 {
			cut[i] = fitMiddle(title, columns)
		}
	}
	return cut
}

// fitMiddle is [fit] with the ellipsis in the middle.
func fitMiddle(s string, columns int) string {
	if lipgloss.Width(s) <= columns {
		return s
	}
	head, rest := split(s, columns/2)
	runes := []rune(rest)
	start := len(runes)
	for room := columns - lipgloss.Width(head) - 1; start > 0; start-- {
		if room -= lipgloss.Width(string(runes[start-1])); room < 0 {
			break
		}
	}
	for start < len(runes) && unicode.Is(unicode.M, runes[start]) {
		start++ // belongs to a character that is left out
	}
	return head + "…" + string(runes[start:])
}

// beside is the room that columns leave.
func (p *printer) beside(columns []gridColumn) int {
	room := p.width
	for _, c := range columns {
		room -= c.width + len(gridGap)
	}
	return room
}

// gridRow gives the lines of one row.
func (p *printer) gridRow(g grid, line []gridColumn, wide bool, row int) []string {
	lines := []string{p.gridText(line, row, g.titles[row], p.plain)}
	margin := strings.Repeat(" ", max(0, p.width-p.beside(line)))
	if wide {
		margin = strings.Repeat(" ", 4)
	}
	if !wide {
		lines = append(lines, p.gridDetail(g.columns, row, margin))
	}
	if g.below[row] != "" {
		for _, part := range wrap(g.below[row], p.width-len(margin)) {
			lines = append(lines, margin+p.faint(part))
		}
	}
	return lines
}

// gridText writes the cells of a row, of the headings for -1, and its title.
func (p *printer) gridText(columns []gridColumn, row int, title string, color ink) string {
	var b strings.Builder
	for _, c := range columns {
		cell, cellInk := c.heading, p.bold
		if row >= 0 {
			cell, cellInk = c.cells[row], p.named(c.inks[row])
		}
		cell = fit(cell, c.width)
		space := strings.Repeat(" ", max(0, c.width-lipgloss.Width(cell)))
		if c.right {
			b.WriteString(space + cellInk(cell) + gridGap)
		} else {
			b.WriteString(cellInk(cell) + space + gridGap)
		}
	}
	return b.String() + color(fit(title, max(1, p.beside(columns))))
}

// gridDetail is the second line of a row: the cells that did not fit into the first.
func (p *printer) gridDetail(columns []gridColumn, row int, margin string) string {
	const separator = " · "
	room := p.width - lipgloss.Width(margin)
	text := ""
	for _, c := range columns {
		cell := c.cells[row]
		if c.head || cell == "" || cell == "-" {
			continue
		}
		if c.label != "" {
			cell = c.label + " " + cell
		}
		if text != "" {
			cell = cmp.Or(c.joint, separator) + cell
		}
		if lipgloss.Width(text+cell) > room {
			break
		}
		text += cell
	}
	return margin + p.faint(fit(text, room))
}
