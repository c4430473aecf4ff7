package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"selfheal"
)

// maxFile is the size beyond which [Repository.File] refuses.
const maxFile = 16 << 20

// Entry is one file of a tree.
type Entry struct {
	Path string
	Blob string // object id of its content
	Size int64  // bytes
	// Symlink says that the content is the path the link points to.
	Symlink bool
}

// ListFiles lists the files of a revision in the order of the tree. Submodules are left out.
func (r *Repository) ListFiles(ctx context.Context, revision string) ([]Entry, error) {
	if err := plainRevisions(revision); err != nil {
		return nil, err
	}
	out, err := r.Run(ctx, "ls-tree", "-r", "-z", "-l", "--full-tree", revision)
	if err != nil {
		return nil, fmt.Errorf("list files of %s: %w", abbreviate(revision), err)
	}
	var entries []Entry
	for record := range strings.SplitSeq(string(out), "\x00") {
		if e, ok := parseEntry(record); ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// parseEntry reads "MODE TYPE ID SIZE<TAB>PATH".
func parseEntry(record string) (Entry, bool) {
	meta, path, ok := strings.Cut(record, "\t")
	fields := strings.Fields(meta)
	if !ok || len(fields) != 4 || fields[1] != "blob" {
		return Entry{}, false
	}
	size, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		size = 0 // "-" or "BAD": the object is not in a partial clone
	}
	return Entry{Path: path, Blob: fields[2], Size: size, Symlink: fields[0] == "120000"}, true
}

// File gives the content of a file at a revision; CodeNotFound when it is not
// there, CodeRefused when it is larger than 16 MiB.
func (r *Repository) File(ctx context.Context, revision, path string) ([]byte, error) {
	var (
		content []byte
		found   bool
	)
	err := r.ReadBlobs(ctx, []string{revision + ":" + path}, maxFile, func(_ int, data []byte, ok bool) error {
		content, found = append([]byte(nil), data...), ok
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s at %s: %w", path, abbreviate(revision), err)
	}
	if !found {
		return nil, selfheal.NotFoundf("", "%s is not a readable file of %s", path, abbreviate(revision))
	}
	return content, nil
}

// ReadBlobs reads many objects through one process and calls f for each in the
// order of names. A name is an object id or "REVISION:PATH". ok is false for
// what is missing, is no blob, or is larger than limit bytes. The bytes are
// valid only during the call. An error of f ends the reading and is returned.
func (r *Repository) ReadBlobs(ctx context.Context, names []string, limit int64, f func(index int, content []byte, ok bool) error) error {
	if len(names) == 0 {
		return nil
	}
	var request bytes.Buffer
	for _, name := range names {
		if strings.ContainsAny(name, "\n\x00") {
			name = "missing" // the protocol cannot name it
		}
		request.WriteString(name)
		request.WriteByte('\n')
	}
	return r.stream(ctx, Options{Stdin: &request}, func(stdout io.Reader) error {
		reader := bufio.NewReaderSize(stdout, 256<<10)
		var buffer []byte
		for i := range names {
			content, ok, err := readObject(reader, &buffer, limit)
			if err != nil {
				return fmt.Errorf("read objects: %w", err)
			}
			if err := f(i, content, ok); err != nil {
				return err
			}
		}
		return nil
	}, "cat-file", "--batch")
}

// readObject reads one answer of git cat-file --batch: "ID TYPE SIZE\n" and
// the content, or one line that ends with "missing" or "ambiguous".
func readObject(reader *bufio.Reader, buffer *[]byte, limit int64) (content []byte, ok bool, err error) {
	header, err := readLine(reader)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, false, err
	}
	fields := strings.Fields(string(header))
	if len(fields) != 3 || !fullID.MatchString(fields[0]) {
		return nil, false, nil
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, false, fmt.Errorf("malformed answer: %w", err)
	}
	if fields[1] != "blob" || size > limit {
		_, err := io.CopyN(io.Discard, reader, size+1)
		return nil, false, err
	}
	if int64(cap(*buffer)) < size+1 {
		*buffer = make([]byte, size+1)
	}
	content = (*buffer)[:size+1]
	if _, err := io.ReadFull(reader, content); err != nil {
		return nil, false, err
	}
	return content[:size], true, nil
}
