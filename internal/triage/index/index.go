package index

import (
	"bytes"
	"context"
	"path"
	"runtime"
	"strings"
	"sync"

	"selfheal/internal/git"
)

// Limits of what is read; beyond them files are left out, and evidence in them is not found.
const (
	maxBlob     = 1 << 20   // bytes of a file of code
	maxSettings = 256 << 10 // of a file of settings
	maxTotal    = 600 << 20 // of all files
)

// Index is what is known of the files of one revision.
type Index struct {
	// Files are the files of code by path.
	Files map[string]*File
	// Paths are their paths in the order of the tree.
	Paths     []string
	settings  []*File               // files of settings
	functions map[Term][]Definition // by name
}

// job is one content to parse.
type job struct {
	key   string
	lang  *Language // nil for settings
	paths []string
}

// Index gives the facts of those entries that are code or settings. What the
// cache does not have is read and parsed, on all processors. Errors are those of
// the repository.
func (c *Cache) Index(ctx context.Context, repo *git.Repository, entries []git.Entry) (*Index, error) {
	x := &Index{Files: make(map[string]*File, len(entries))}
	jobs, blobs, order := jobsOf(entries)
	files := make([]*File, len(jobs))
	missing, names := c.known(jobs, blobs, files)
	if err := c.parse(ctx, repo, names, missing, jobs, files); err != nil {
		return nil, err
	}
	for i, j := range jobs {
		switch {
		case files[i] == nil:
		case j.lang == nil:
			x.settings = append(x.settings, files[i])
		default:
			for _, p := range j.paths {
				x.Files[p] = files[i]
			}
		}
	}
	for _, p := range order {
		if x.Files[p] != nil {
			x.Paths = append(x.Paths, p)
		}
	}
	x.functions = functionsOf(x)
	return x, nil
}

// functionsOf lists the functions by name.
func functionsOf(x *Index) map[Term][]Definition {
	functions := map[Term][]Definition{}
	for _, p := range x.Paths {
		f := x.Files[p]
		for i := range f.Functions {
			if fn := &f.Functions[i]; !fn.Declaration {
				t := TermOf(fn.Name)
				functions[t] = append(functions[t], Definition{p, fn})
			}
		}
	}
	return functions
}

// jobsOf lists the distinct contents with their blobs, and the paths of all code.
func jobsOf(entries []git.Entry) (jobs []job, blobs, code []string) {
	at := map[string]int{}
	var total int64
	for _, e := range entries {
		lang, limit, key := LanguageOf(e.Path), int64(maxBlob), e.Blob
		if lang == nil {
			if !isSettings(e.Path) {
				continue
			}
			limit, key = maxSettings, key+":settings"
		} else {
			key += ":" + lang.Name
		}
		if e.Symlink || e.Size > limit {
			continue
		}
		n, known := at[key]
		if !known {
			if total+e.Size > maxTotal {
				continue
			}
			total += e.Size
			n = len(jobs)
			at[key] = n
			jobs, blobs = append(jobs, job{key: key, lang: lang}), append(blobs, e.Blob)
		}
		jobs[n].paths = append(jobs[n].paths, e.Path)
		if lang != nil {
			code = append(code, e.Path)
		}
	}
	return jobs, blobs, code
}

// isSettings tells whether a file holds settings of the program or of what runs it.
func isSettings(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".yaml", ".yml", ".json", ".toml", ".ini", ".env", ".properties", ".conf", ".cfg", ".tf", ".tfvars", ".sql", ".proto", ".graphql", ".sh", ".html", ".tmpl":
		return true
	}
	return strings.HasPrefix(base, ".env") || strings.HasPrefix(base, "dockerfile") || base == "makefile" || base == "procfile"
}

// known fills in what the cache has, and lists the rest with its blobs.
func (c *Cache) known(jobs []job, blobs []string, files []*File) (missing []int, names []string) {
	spread(len(jobs), func(i int) { files[i], _ = c.get(jobs[i].key) })
	for i := range jobs {
		if files[i] == nil {
			missing, names = append(missing, i), append(names, blobs[i])
		}
	}
	return missing, names
}

// spread calls f for 0 to n-1 on all processors.
func spread(n int, f func(i int)) {
	const batch = 64
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		next  int
	)
	for range min(runtime.GOMAXPROCS(0), n/batch+1) {
		group.Go(func() {
			for {
				mu.Lock()
				from := next
				next += batch
				mu.Unlock()
				if from >= n {
					return
				}
				for i := from; i < min(from+batch, n); i++ {
					f(i)
				}
			}
		})
	}
	group.Wait()
}

// parse reads blobs and parses them as they come.
func (c *Cache) parse(ctx context.Context, repo *git.Repository, names []string, missing []int, jobs []job, files []*File) error {
	type content struct {
		job  int
		text []byte
	}
	queue := make(chan content, 32)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for work := range queue {
				j := jobs[work.job]
				f := parseJob(j, work.text)
				c.put(j.key, f)
				files[work.job] = f
			}
		})
	}
	err := repo.ReadBlobs(ctx, names, maxBlob, func(i int, text []byte, ok bool) error {
		if ok {
			queue <- content{missing[i], bytes.Clone(text)}
		}
		return ctx.Err()
	})
	close(queue)
	group.Wait()
	return err
}

func parseJob(j job, text []byte) *File {
	if j.lang == nil {
		return ParseSettings(text)
	}
	return Parse(text, j.lang)
}
