package config_test

import (
	"strings"
	"testing"

	"selfheal/internal/config"
)

func TestRepairSettings(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		_, err := config.Parse("selfheal.yaml", []byte("repair:\n  "+text+"\n"))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	f("strategies: [revert]", "")
	f("{strategies: [command, revert], command: {preset: aider, network: true, env: [OPENAI_API_KEY]}}", "")
	f("command: {run: ./fix.sh, timeout: 1h}", "")
	f("guards: {max_lines: 10, max_files: 1}", "")
	f("strategies: [agent]", "")
	f("limits: {pull_requests_per_day: 3, dollars_per_day: 2.5, pause: 1h}", "")
	f("limits: {failures: -1}", "positive, or 0")
	f("guards: {allow_paths: [go.sum, .github/workflows/]}", "")
	f("guards: {allow_paths: ['[']}", "not a pattern")
	f("strategies: [rollback]", "use revert, command, agent, open-swe or github-copilot")
	f("strategies: [revert, revert]", "is there already")
	f("strategies: [command]", "neither preset nor run")
	f("command: {preset: other}", "no such preset")
	f("command: {preset: codex, run: x}", "either preset or run")
	f("command: {run: x, timeout: -1s}", "must be positive")
	f("command: {run: x, env: [A=b]}", "names only")
	for _, name := range []string{"GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN", "GIT_ASKPASS", "SSH_AUTH_SOCK", "LD_PRELOAD", "HOME", "SELFHEAL_DOSSIER"} {
		f("command: {run: x, env: ["+name+"]}", "is not given to commands")
	}
	f("guards: {max_lines: 0}", "must be positive")
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{"claude", "codex", "opencode", "aider"} {
		line := config.RepairCommand{Preset: preset}.Line()
		if !strings.HasPrefix(line, preset+" ") {
			t.Errorf("%s: %q", preset, line)
		}
	}
	if got := (config.RepairCommand{Run: "x"}).Line(); got != "x" {
		t.Errorf("got %q", got)
	}
}
