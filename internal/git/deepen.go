package git

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"selfheal"
)

// completedFile holds the borders of the shallow clone whose history a workspace
// has completed: as long as the clone has the same, they hold no longer here.
const completedFile = "selfheal-completed"

func completed(dir string, borders []byte) bool {
	done, err := os.ReadFile(filepath.Join(dir, completedFile))
	return err == nil && bytes.Equal(done, borders)
}

// Deepen fetches into the workspace the history that the shallow clone user, for
// which the workspace was opened, lacks, from where the clone came from; tags and
// the branches of the remote come with it. The clone itself stays as it is.
func (w *Workspace) Deepen(ctx context.Context, user *Repository) error {
	shallow, err := user.gitPath(ctx, "shallow")
	if err != nil {
		return wrap("deepen", err)
	}
	borders, err := os.ReadFile(shallow)
	if err != nil {
		return wrap("deepen", err)
	}
	if completed(w.dir, borders) {
		return nil
	}
	remote, err := user.remote(ctx)
	if err != nil {
		return err
	}
	options := Options{Env: user.credentials(ctx, remote)}
	// Not isolated: the helpers that know the user's credentials are in the user's configuration.
	_, err = w.Repository.RunWith(ctx, options, "fetch", "--quiet", "--unshallow", "--no-recurse-submodules", "--no-write-fetch-head",
		"--end-of-options", remote, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
	if err != nil {
		return &selfheal.Error{
			Code: selfheal.CodeUnavailable, Op: "deepen", Err: err,
			Message: "the history that the shallow clone lacks cannot be fetched", Hint: "deepen the clone with: git fetch --unshallow --tags",
		}
	}
	return wrap("deepen", replaceFile(filepath.Join(w.dir, completedFile), borders))
}

// Update fetches into the workspace what is new where the repository user, for which
// the workspace was opened, came from. The repository itself stays as it is.
func (w *Workspace) Update(ctx context.Context, user *Repository) error {
	remote, err := user.remote(ctx)
	if err != nil {
		return err
	}
	options := Options{Env: user.credentials(ctx, remote)}
	_, err = w.Repository.RunWith(ctx, options, "fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head",
		"--end-of-options", remote, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
	if err != nil {
		return &selfheal.Error{
			Code: selfheal.CodeUnavailable, Op: "fetch", Err: err,
			Message: "what is new in the repository cannot be fetched", Hint: "try: git -C " + user.Directory() + " fetch",
		}
	}
	return nil
}

// remote is the address that the repository was cloned from.
func (r *Repository) remote(ctx context.Context) (string, error) {
	out, err := r.Run(ctx, "config", "--get", "remote.origin.url")
	address := strings.TrimSpace(string(out))
	if err != nil || address == "" || strings.HasPrefix(address, "-") {
		return "", selfheal.NotFoundf("deepen the clone with: git fetch --unshallow --tags", "the shallow clone has no remote origin to get its history from")
	}
	return address, nil
}

// credentials hands on what the clone's own configuration says about the headers
// that its remote wants, as continuous integration leaves it there; in the
// environment, where other users of the machine cannot read it.
func (r *Repository) credentials(ctx context.Context, remote string) []string {
	out, err := r.Run(ctx, "config", "--local", "-z", "--get-regexp", `^http\..*\.extraheader$`)
	if err != nil {
		return nil
	}
	var env []string
	n := 0
	for _, entry := range splitNUL(out) {
		name, value, found := strings.Cut(entry, "\n")
		scope := strings.TrimSuffix(strings.TrimPrefix(name, "http."), ".extraheader")
		if !found || !strings.HasPrefix(remote, scope) {
			continue
		}
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, name), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, value))
		n++
	}
	return append(env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", n))
}
