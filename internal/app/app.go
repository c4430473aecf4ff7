// Package app is the running process: it opens the store and the forge, puts the
// pipeline together from the configuration, and offers what commands do as
// methods. In: settings. Out: reports.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/git"
	"selfheal/internal/group"
	"selfheal/internal/pgconnect"
	"selfheal/internal/pipeline"
	"selfheal/internal/redact"
	"selfheal/internal/store/postgres"
	"selfheal/internal/store/sqlite"
	"selfheal/internal/triage"
)

// Settings is what a command decides before anything is opened.
type Settings struct {
	Repository string // folder of the service's repository; not needed with ReadOnly
	ConfigPath string // configuration file; empty: selfheal.yaml of the repository, if there is one
	StorePath  string // SQLite file of the journal, or a postgres:// address; empty: from the configuration, else the state directory
	ReadOnly   bool   // only look at the store; it is an error when there is none
	Server     bool   // the repository may be missing, where the configuration names those of the services
	Getenv     func(string) string
	Clock      selfheal.Clock
	Forge      string // kind of the forge; empty: from the configuration
	LogFormat  string // what logs are read as; empty: from the configuration
	Version    string
	Agent      bool                             // let a model have a second look at verdicts; else the configuration decides
	Progress   func(format string, args ...any) // shows what is being done; may be nil
}

// App holds what is open. Close it.
type App struct {
	settings   Settings
	config     config.Config
	repository *git.Repository // of the user
	// history is the same, or where its history is complete; a running process may fetch what is new at any time.
	history   atomic.Pointer[git.Repository]
	store     store
	storePath string
	stateDir  string // beside the store: working copies, the local forge, source indexes
	redactor  *redact.Redactor
}

// Open opens repository, configuration and store, in this order: nothing is
// written before everything that was given is known to be right.
func Open(ctx context.Context, s Settings) (*App, error) {
	if s.Progress == nil {
		s.Progress = func(string, ...any) {}
	}
	a := &App{settings: s, config: config.Default(), redactor: redact.New()}
	if s.Server {
		var err error
		if a.config, err = a.configuration(); err != nil {
			return nil, err
		}
	} else if !s.ReadOnly {
		if err := a.openRepository(ctx); err != nil {
			return nil, err
		}
	}
	return a, a.openStore(ctx)
}

func (a *App) openRepository(ctx context.Context) error {
	repository, err := git.Open(ctx, a.settings.Repository)
	if err != nil {
		return err
	}
	a.repository = repository
	a.history.Store(repository)
	a.settings.Repository = repository.Directory()
	a.config, err = a.configuration()
	return err
}

// configuration reads the file that is named, else that of the repository.
func (a *App) configuration() (config.Config, error) {
	if a.settings.ConfigPath != "" {
		return config.Load(a.settings.ConfigPath)
	}
	return config.Find(a.settings.Repository)
}

func (a *App) openStore(ctx context.Context) error {
	address := cmp.Or(a.settings.StorePath, a.config.Store)
	if pgconnect.Is(address) {
		dir, err := StateDir(a.settings.Getenv)
		if err != nil {
			return err
		}
		a.storePath, a.stateDir = withoutPassword(address), dir
		opened, err := postgres.Open(ctx, address)
		if err == nil {
			a.store = opened
		}
		return err
	}
	path, err := a.storeFile(address)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); a.settings.ReadOnly && errors.Is(err, os.ErrNotExist) {
		return selfheal.NotFoundf("run selfheal check first, or give --store FILE", "there is no store at %s yet", path)
	}
	a.storePath, a.stateDir = path, filepath.Dir(path)
	opened, err := sqlite.Open(ctx, path)
	if err == nil {
		a.store = opened
	}
	return err
}

// withoutPassword is an address as it may be shown.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres"
	}
	return u.Redacted()
}

// storeFile is the absolute path of the SQLite file.
func (a *App) storeFile(path string) (string, error) {
	if path == "" {
		dir, err := StateDir(a.settings.Getenv)
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, storeFile)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("store path: %w", err)
	}
	return path, nil
}

// Close gives everything back.
func (a *App) Close() error {
	if a.store == nil {
		return nil
	}
	return a.store.Close()
}

// StorePath is the file that holds the journal.
func (a *App) StorePath() string { return a.storePath }

// Pipeline puts the rooms together.
func (a *App) Pipeline(ctx context.Context, command string) (*pipeline.Pipeline, error) {
	classifier, err := triage.NewClassifier(overrides(a.config.Triage.Classes))
	if err != nil {
		return nil, err
	}
	format, err := ParseLogFormat(cmp.Or(a.settings.LogFormat, a.config.Group.Format))
	if err != nil {
		return nil, err
	}
	clusters, err := a.clusters()
	if err != nil {
		return nil, err
	}
	own, err := a.modules(ctx)
	if err != nil {
		return nil, err
	}
	model, err := a.model()
	if err != nil {
		return nil, err
	}
	// Without it a strategy that needs it says so; who asks for that strategy is told at once.
	agent, _ := a.agent()
	fixer, _ := a.fixer()
	return &pipeline.Pipeline{
		Clusters: clusters, Model: model, Agent: agent, Fixer: fixer, Guards: a.guards(), Limits: a.limits(), Delegates: a.delegates(ctx),
		Store: a.store, Counts: a.store, Forge: a.forge(ctx), Clock: a.settings.Clock,
		Version:     a.settings.Version,
		Actor:       "selfheal " + command,
		Holder:      holder(a.settings.Clock()),
		Group:       group.Options{Modules: own, Format: format, Redactor: a.redactor, Now: a.settings.Clock},
		Detect:      a.config.Detect,
		Policy:      a.config.Decide,
		Classifier:  classifier,
		SourceIndex: a.sourceIndex,
		Work:        a.workRepositories(),
		Scrub:       a.redactor.String,
		Progress:    a.settings.Progress,
	}, nil
}

// holder names this process among all that share the store.
func holder(now time.Time) string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s:%d:%d", host, os.Getpid(), now.UnixNano())
}

func overrides(rules []config.ClassRule) []triage.Override {
	var all []triage.Override
	for _, rule := range rules {
		all = append(all, triage.Override{Pattern: rule.Path, Class: rule.Class})
	}
	return all
}

func (a *App) workRepositories() workRepositories {
	return workRepositories{filepath.Join(a.stateDir, "work")}
}

// workRepositories keeps one working copy per repository under a folder of selfheal's own.
type workRepositories struct{ dir string }

func (w workRepositories) Workspace(ctx context.Context, dir string) (*git.Workspace, error) {
	return git.OpenWorkspace(ctx, dir, filepath.Join(w.dir, repositoryName(dir)+".git"))
}
