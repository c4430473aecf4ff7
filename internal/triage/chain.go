package triage

import (
	"slices"
	"strings"

	"selfheal"
)

// chain is all commits that are examined, oldest first: those of earlier deploys,
// then those of the deploy in question. It leads line by line from its base to the head.
type chain struct {
	change selfheal.Change
	net    net
	back   []int    // for each commit how many deploys before the one in question brought it
	starts []int    // for each commit the first one of its deploy
	bases  []string // for each commit what served before its deploy
}

// net is what the deploy in question changed on the whole.
type net struct {
	places map[netPlace]bool
	texts  map[netText]bool
	vague  map[string]bool // paths of which not all lines are known
}

// netPlace is a changed line at the side where it can be read.
type netPlace struct {
	op selfheal.LineOp
	at place
}

// netText is a changed line by its words. Two differences may choose different
// ones of several lines that read the same.
type netText struct {
	op   selfheal.LineOp
	path string
	text string
}

// chainOf is the chain of one deploy.
func chainOf(change selfheal.Change) chain { return Input{Change: change}.chain() }

// chain puts the commits of all deploys in one line.
func (in Input) chain() chain {
	c := chain{change: in.Change}
	if e := in.Earlier; e != nil && len(e.Change.Commits) > 0 {
		c.change.Base = e.Change.Base
		c.change.Commits = slices.Concat(e.Change.Commits, in.Change.Commits)
		for _, deploy := range e.Of {
			c.back = append(c.back, e.Deploys[deploy].Back)
		}
	}
	for range in.Change.Commits {
		c.back = append(c.back, 0)
	}
	c.net = netOf(in.Change.Files)
	before, start := c.change.Base, 0
	for i := range c.change.Commits {
		switch {
		case i == 0 || c.back[i] == c.back[i-1]:
		case c.back[i] == 0:
			start, before = i, in.Change.Base
		default:
			start, before = i, treeAfter(c.change.Commits[i-1])
		}
		c.starts, c.bases = append(c.starts, start), append(c.bases, before)
	}
	return c
}

// treeAfter is the commit that has the tree that a step of a chain leaves behind.
func treeAfter(c selfheal.Commit) string {
	if c.Undone && len(c.Parents) > 0 {
		return c.Parents[0]
	}
	return c.ID
}

func netOf(files []selfheal.FileChange) net {
	n := net{places: map[netPlace]bool{}, texts: map[netText]bool{}, vague: map[string]bool{}}
	for i := range files {
		f := &files[i]
		if f.Elided || f.Binary {
			n.vague[f.Path], n.vague[oldPath(f)] = true, true
		}
		for _, h := range f.Hunks {
			for _, l := range h.Lines {
				switch l.Op {
				case selfheal.LineAdded:
					n.add(l.Op, place{f.Path, l.New}, l.Text)
				case selfheal.LineDeleted:
					n.add(l.Op, place{oldPath(f), l.Old}, l.Text)
				case selfheal.LineContext:
				}
			}
		}
	}
	return n
}

func (n *net) add(op selfheal.LineOp, at place, text string) {
	n.places[netPlace{op, at}] = true
	if text = squeeze(text); len(text) >= minTelling {
		n.texts[netText{op, at.path, text}] = true
	}
}

// minTelling is how many characters a line needs for its words to tell it from others.
const minTelling = 8

// holds tells whether an edit is a part of the net difference.
func (n *net) holds(e edit) bool {
	return n.vague[e.at.path] || n.places[netPlace{e.op, e.at}] || n.texts[netText{e.op, e.at.path, squeeze(e.text)}]
}

// lasting leaves out what the deploy did not change on the whole: hunks that were
// there before (a commit that had been picked, or merged another way, already),
// and commits that a later one took back.
func (c chain) lasting(edits []edit) []edit {
	const before, now = 1, 2 // 0 is unknown
	groups := map[int]int{}
	for _, e := range edits {
		switch {
		case e.at.line == 0:
		case c.back[e.commit] > 0 || c.net.holds(e):
			groups[e.group] = now
		default:
			groups[e.group] = max(groups[e.group], before)
		}
	}
	cancelled := cancelledCommits(c.change.Commits)
	return slices.DeleteFunc(edits, func(e edit) bool { return groups[e.group] == before || cancelled[e.commit] })
}

// cancelledCommits finds pairs of commits of which the later one is the exact
// inverse of the earlier one.
func cancelledCommits(commits []selfheal.Commit) map[int]bool {
	cancelled := map[int]bool{}
	open := map[string][]int{}
	for i := range commits {
		key, inverted := effects(commits[i].Files)
		if key == "" {
			continue
		}
		if partners := open[inverted]; len(partners) > 0 {
			partner := partners[len(partners)-1]
			open[inverted] = partners[:len(partners)-1]
			cancelled[i], cancelled[partner] = true, true
			continue
		}
		open[key] = append(open[key], i)
	}
	return cancelled
}

// effects writes down what a commit did, and what its inverse would do; empty
// when not all of it is known.
func effects(files []selfheal.FileChange) (did, inverted string) {
	var forth, back []string
	for i := range files {
		f := &files[i]
		if f.Elided || f.Binary || len(f.Hunks) == 0 {
			return "", ""
		}
		for _, h := range f.Hunks {
			for _, l := range h.Lines {
				switch l.Op {
				case selfheal.LineAdded:
					forth, back = append(forth, f.Path+"\x00+"+l.Text), append(back, oldPath(f)+"\x00-"+l.Text)
				case selfheal.LineDeleted:
					forth, back = append(forth, oldPath(f)+"\x00-"+l.Text), append(back, f.Path+"\x00+"+l.Text)
				case selfheal.LineContext:
				}
			}
		}
	}
	slices.Sort(forth)
	slices.Sort(back)
	return strings.Join(forth, "\x01"), strings.Join(back, "\x01")
}
