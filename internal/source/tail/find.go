package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// candidate is a file that a pattern names, or that such a file was rotated to.
type candidate struct {
	path    string
	name    string // that it has or had: its stream
	rotated bool
	info    os.FileInfo
}

// rotation matches what is put behind a name that is rotated: numbers and dates.
var rotation = regexp.MustCompile(`^(.+?)[.-]\d[\d_.T:-]*Z?$`)

// datedRotation matches a date between a name and its extension.
var datedRotation = regexp.MustCompile(`^(.+?)[.-]\d{4}-?\d{2}-?\d{2}[\d_.T:-]*?(\.[A-Za-z]+)$`)

// rotatedFrom gives the name that a file may have had before it was rotated.
func rotatedFrom(path string) (string, bool) {
	dir, base := filepath.Split(path)
	if m := rotation.FindStringSubmatch(base); m != nil {
		return dir + m[1], true
	}
	if m := datedRotation.FindStringSubmatch(base); m != nil {
		return dir + m[1] + m[2], true
	}
	return "", false
}

// IsPacked tells by its name of a file that is compressed, and so does not grow.
func IsPacked(path string) bool {
	switch filepath.Ext(path) {
	case ".gz", ".zst", ".bz2", ".xz", ".lz4", ".Z", ".zip":
		return true
	}
	return false
}

// candidates lists the files that are there: rotated ones first, the oldest first.
func (t *Tail) candidates() []candidate {
	p := t.patterns()
	var all, rotated []candidate
	for dir := range p.dirs {
		entries, _ := os.ReadDir(dir) // it may not exist yet
		for _, e := range entries {
			c, ok := p.candidate(filepath.Join(dir, e.Name()))
			switch {
			case ok && c.rotated:
				rotated = append(rotated, c)
			case ok:
				all = append(all, c)
			}
		}
	}
	rotated = slices.DeleteFunc(rotated, func(c candidate) bool { // a name may be a link to the file with the date
		return slices.ContainsFunc(all, func(other candidate) bool { return os.SameFile(c.info, other.info) })
	})
	byAge := func(a, b candidate) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), strings.Compare(b.path, a.path))
	}
	slices.SortFunc(rotated, byAge)
	slices.SortFunc(all, byAge)
	return append(rotated, all...)
}

// patterns is what the patterns name at the moment.
type patterns struct {
	globs   []string
	named   map[string]bool // whatever it looks like
	matched map[string]bool
	known   map[string]bool // names that files have or had
	dirs    map[string]bool
}

func (t *Tail) patterns() *patterns {
	p := &patterns{named: map[string]bool{}, matched: map[string]bool{}, known: t.names(), dirs: map[string]bool{}}
	for _, name := range t.config.Names {
		p.name(filepath.Clean(name))
	}
	for _, pattern := range t.config.Patterns {
		pattern = filepath.Clean(pattern)
		p.globs = append(p.globs, pattern)
		if !strings.ContainsAny(pattern, `*?[\`) {
			p.name(pattern)
			continue
		}
		matches, _ := filepath.Glob(pattern) // the pattern was checked
		for _, m := range matches {
			p.matched[m] = true
		}
		dirs, _ := filepath.Glob(filepath.Dir(pattern))
		for _, d := range dirs {
			p.dirs[d] = true
		}
	}
	return p
}

// name adds a file whatever it looks like.
func (p *patterns) name(path string) {
	p.named[path], p.matched[path] = true, true
	p.dirs[filepath.Dir(path)] = true
}

// candidate tells what a path has to do with the patterns.
func (p *patterns) candidate(path string) (candidate, bool) {
	c := candidate{path: path, name: path}
	if from, ok := rotatedFrom(path); ok && !p.named[path] && p.isRotated(path, from) {
		c.name, c.rotated = from, true
	} else if !p.matched[path] {
		return c, false
	}
	if IsPacked(path) && !p.named[path] {
		return c, false
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || c.rotated && info.Size() == 0 {
		return c, false
	}
	c.info = info
	return c, true
}

// isRotated tells whether a file was rotated from a name. One that a glob names as
// well is so only when there is, or was, a file of that name: files may have the date
// in their names from the beginning.
func (p *patterns) isRotated(path, from string) bool {
	if p.known[from] || p.matched[from] || p.named[from] {
		return true
	}
	return !p.matched[path] && slices.ContainsFunc(p.globs, func(glob string) bool {
		ok, _ := filepath.Match(glob, from)
		return ok
	})
}

// names are those of the files that are followed.
func (t *Tail) names() map[string]bool {
	known := map[string]bool{}
	for _, f := range t.files {
		known[f.place.Name] = true
	}
	for _, g := range t.ghosts {
		known[g.place.Name] = true
	}
	return known
}

// find looks which files are there, and opens those that are not known.
func (t *Tail) find(take taker) error {
	all := t.candidates()
	for _, f := range t.files {
		f.away = true
	}
	var unknown []candidate
	for _, c := range all {
		if f := t.followed(c.info); f != nil {
			f.away = f.away && c.path != f.place.Name
			continue
		}
		unknown = append(unknown, c)
	}
	t.forget(all)
	first := !t.begun
	t.begun = true
	for _, same := range []bool{true, false} { // the file itself goes before what looks like it
		rest := unknown[:0:0]
		for _, c := range unknown {
			known, err := t.recognise(c, same, take)
			if err != nil {
				return err
			}
			if !known {
				rest = append(rest, c)
			}
		}
		unknown = rest
	}
	for _, c := range unknown {
		if err := t.meet(c, first); err != nil {
			return err
		}
	}
	return nil
}

// followed gives the open file that this is.
func (t *Tail) followed(info os.FileInfo) *file {
	for _, f := range t.files {
		if os.SameFile(f.info, info) {
			return f
		}
	}
	return nil
}

// forget forgets what was known of files that are gone.
func (t *Tail) forget(all []candidate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = slices.DeleteFunc(t.done, func(p Place) bool {
		return !slices.ContainsFunc(all, func(c candidate) bool { return p.isFile(c.info) })
	})
}

// recognise settles what is done with already, and finds what was read before: by an
// earlier process, or of a file that was truncated and of which this is the copy.
// same asks for the file itself.
func (t *Tail) recognise(c candidate, same bool, take taker) (bool, error) {
	in, err := os.Open(c.path)
	if err != nil {
		return true, t.unreadable(c.path, err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	for _, p := range t.done {
		if p.isFile(c.info) && p.HeadSize > 0 && p.beginsLike(in) {
			return true, nil
		}
	}
	for _, g := range t.ghosts {
		if g.place.Name != c.name {
			continue
		}
		switch {
		case g.isCopy(c.info):
			return true, t.readCopy(g, c, take)
		case g.place.isFile(c.info) != same || !g.place.holds(in):
			continue
		case g.resumed && (same || !c.rotated):
			return true, t.reopen(g, c)
		case !same && c.rotated:
			return true, t.readCopy(g, c, take)
		}
	}
	return false, nil
}

// meet decides about a file that nothing is known of.
func (t *Tail) meet(c candidate, first bool) error {
	switch {
	case t.followed(c.info) != nil, c.rotated && !first && t.copyOf(c):
		return nil
	case c.rotated && first: // it was rotated before anybody asked
		return t.leave(c)
	}
	f, err := t.open(c, placeOf(c.name, c.info))
	if err != nil {
		return t.unreadable(c.path, err)
	}
	f.away = c.rotated
	return nil
}

// leave notes a file that is not read.
func (t *Tail) leave(c candidate) error {
	in, err := os.Open(c.path)
	if err != nil {
		return t.unreadable(c.path, err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	p := placeOf(c.name, c.info)
	p.Done = true
	p.advance(in, min(headSize, c.info.Size()), 0)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = append(t.done, p)
	return nil
}

// copyOf tells whether a file is, or is going to be, the copy of one that is followed
// and will be truncated: it begins like that one and is no longer.
func (t *Tail) copyOf(c candidate) bool {
	for _, f := range t.files {
		if f.place.Name == c.name && !f.away && f.begins(c) {
			if !slices.ContainsFunc(f.copies, func(known os.FileInfo) bool { return os.SameFile(known, c.info) }) {
				f.copies = append(f.copies, c.info)
			}
			return true
		}
	}
	return false
}

// unreadable tells of a file once. One that is gone is nothing to tell of.
func (t *Tail) unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || t.told[path] {
		return nil
	}
	t.told[path] = true
	return t.config.Unreadable(path, err)
}
