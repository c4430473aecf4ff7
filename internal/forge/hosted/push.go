package hosted

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/ref"
	"selfheal/internal/git"
)

const (
	pushTime     = 10 * time.Minute // of one attempt
	pushAttempts = 3
	pushPause    = 2 * time.Second // before the second; doubled
)

// Push publishes a commit of the repository at dir under a branch name. A branch
// moves forward only: one with commits that the new one lacks is CodeConflict.
func (f *Forge) Push(ctx context.Context, dir, commit, branch string) error {
	return f.push(ctx, dir, commit, branch, nil)
}

// ReplaceBranch moves a branch whose tip is one of ours.
func (f *Forge) ReplaceBranch(ctx context.Context, dir, commit, branch string, ours []string) error {
	if !strings.HasPrefix(branch, prefix) {
		return &selfheal.Error{Code: selfheal.CodeRefused, Op: "replace branch", Message: "not a branch of selfheal's own: " + ref.Quoted(branch)}
	}
	return f.push(ctx, dir, commit, branch, ours)
}

func (f *Forge) push(ctx context.Context, dir, commit, branch string, ours []string) error {
	if err := ref.CheckBranch(branch); err != nil {
		return err
	}
	if err := ref.CheckCommit(commit); err != nil {
		return err
	}
	repository, err := git.Open(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := repository.Run(ctx, "cat-file", "-e", commit+"^{commit}"); err != nil {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "push", Message: "no such commit: " + selfheal.ShortRevision(commit), Err: err}
	}
	p := &pushing{forge: f, repository: repository, commit: commit, branch: branch, ours: ours}
	return p.persist(ctx, p.try)
}

// pushing is one branch on its way.
type pushing struct {
	forge          *Forge
	repository     *git.Repository
	commit, branch string
	ours           []string // tips that may be replaced
}

// persist tries again what may succeed the next time.
func (p *pushing) persist(ctx context.Context, try func(context.Context) error) error {
	pause := pushPause
	for attempt := 1; ; attempt++ {
		err := try(ctx)
		var lost *lostError
		if err == nil || !errors.As(err, &lost) {
			return err
		}
		if attempt == pushAttempts || p.forge.config.Sleep(ctx, pause) != nil {
			return lost.error
		}
		pause *= 2
	}
}

// lostError is a failure that may pass by itself: the connection broke, or
// somebody moved the branch between looking and pushing.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// try looks where the branch is and moves it from there, and from nowhere else:
// however a push was cut off, the next look tells what came of it.
func (p *pushing) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pushTime)
	defer cancel()
	tip, err := p.tip(ctx)
	if err != nil || tip == p.commit {
		return err
	}
	if err := p.fits(ctx, tip); err != nil {
		return err
	}
	_, err = p.run(ctx, "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no",
		"--force-with-lease=refs/heads/"+p.branch+":"+tip, "--", p.forge.config.Remote, p.commit+":refs/heads/"+p.branch)
	return err
}

// tip is where the branch is on the forge; empty when it is not there.
func (p *pushing) tip(ctx context.Context) (string, error) {
	name := "refs/heads/" + p.branch
	out, err := p.run(ctx, "ls-remote", "--heads", "--", p.forge.config.Remote, name)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(out)) {
		id, found, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if found == name {
			return id, nil
		}
	}
	return "", nil
}

// fits refuses to overwrite what somebody else pushed.
func (p *pushing) fits(ctx context.Context, tip string) error {
	if tip == "" || slices.Contains(p.ours, tip) {
		return nil
	}
	if _, err := p.repository.Run(ctx, "cat-file", "-e", tip+"^{commit}"); err == nil {
		ahead, err := p.repository.IsAncestor(ctx, tip, p.commit)
		if err != nil || ahead {
			return err
		}
	}
	return &selfheal.Error{
		Code: selfheal.CodeConflict, Op: "push", Message: "branch " + p.branch + " has other commits",
		Hint: "somebody works on it; it is left alone",
	}
}

// run runs git with the credentials in its environment: they are in no argument,
// no address and no file. The header is bound to the address, so that no setting
// of the repository can lead it elsewhere, and redirects are not followed.
func (p *pushing) run(ctx context.Context, args ...string) ([]byte, error) {
	user, password, err := p.forge.config.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	settings := [][2]string{
		{"http." + p.forge.config.Remote + ".extraHeader", "Authorization: Basic " + basic},
		{"http.followRedirects", "false"},
		{"http.sslVerify", "true"},
		{"http.lowSpeedLimit", "1"}, {"http.lowSpeedTime", "60"},
		{"credential.helper", ""}, {"core.askPass", ""},
		{"fetch.fsckObjects", "true"}, {"gc.auto", "0"}, {"maintenance.auto", "false"},
	}
	env := []string{fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)), "GIT_ASKPASS=", "SSH_ASKPASS="}
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s[1]))
	}
	if bundle := os.Getenv("SSL_CERT_FILE"); bundle != "" {
		env = append(env, "GIT_SSL_CAINFO="+bundle) // what the API's connections trust, git trusts too
	}
	out, err := p.repository.RunWith(ctx, git.Options{Env: env, Limit: 1 << 20}, args...)
	if err == nil {
		return out, nil
	}
	return nil, p.explain(ctx, args[0], string(out), err, password, basic)
}

// explain tells what came of a git command that failed, without what is secret.
func (p *pushing) explain(ctx context.Context, verb, out string, err error, secrets ...string) error {
	said := out
	if failed, ok := errors.AsType[*git.CommandError](err); ok {
		said += "\n" + failed.Stderr
	}
	for _, secret := range secrets {
		if secret != "" {
			said = strings.ReplaceAll(said, secret, "[redacted:token]")
		}
	}
	said = p.forge.config.Scrub(said)
	op := "push "
	if verb == "fetch" {
		op = "fetch "
	}
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: op + p.branch}
	name := p.forge.config.Name
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) })
	}
	switch {
	case ctx.Err() != nil:
		e.Message, e.Err = "interrupted, or "+name+" is too slow", context.Cause(ctx)
		return e
	case has("returned error: 301", "returned error: 302", "returned error: 307", "returned error: 308", "redirect"):
		e.Code, e.Message = selfheal.CodeUsage, name+" has moved the repository"
		e.Hint = "write its new name into forge.repository and forge.url, or update the remote"
		return e
	case has("Authentication failed", "could not read Username", "returned error: 401", "HTTP Basic: Access denied"):
		e.Message, e.Hint = name+" does not accept the token", "the token is wrong, expired or revoked: make a new one"
		return e
	case has("[rejected]", "stale info", "fetch first", "cannot lock ref", "failed to update ref", "reference already exists"):
		e.Code, e.Message = selfheal.CodeConflict, "somebody else pushed to the branch at the same time"
		return &lostError{e}
	case has("[remote rejected]"):
		e.Message, e.Hint = name+" refuses the branch: "+reason(said), "a rule of the repository protects it: let the token's user push to selfheal/*"
		return e
	case has("returned error: 403", "Permission denied", "not allowed to push"):
		e.Message, e.Hint = name+" does not let this token push", "the token needs to write to the repository, see docs/forges.md"
		return e
	case has("couldn't find remote ref"):
		e.Code, e.Message = selfheal.CodeNotFound, name+" has no such branch any more"
		return e
	case has("returned error: 404", "not found"):
		e.Message, e.Hint = name+" has no such repository, or hides it", "check forge.repository, and that the token may see it"
		return e
	}
	e.Message = "git " + verb + " did not get through: " + reason(said)
	e.Hint = "run the same command again: nothing is lost"
	return &lostError{e}
}

// reason is the line of git's output that says why.
func reason(said string) string {
	var last string
	for line := range strings.Lines(said) {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case strings.Contains(line, "[remote rejected]"), strings.HasPrefix(line, "fatal:"), strings.HasPrefix(line, "error:"):
			return ref.Quoted(line)
		case line != "":
			last = line
		}
	}
	return ref.Quoted(last)
}
