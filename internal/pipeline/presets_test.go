package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
)

// TestPresetsGetTheDossier: a program of the agent's name, found by PATH, gets the dossier as the
// preset says, and what it writes becomes the branch. The agents themselves are not run.
func TestPresetsGetTheDossier(t *testing.T) {
	t.Parallel()
	f := func(name, line string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			bin := t.TempDir()
			fake := "#!/bin/sh\n{ echo \"$# arguments: $*\"; cat; } > SEEN\n" + writesFix + "\n"
			if err := os.WriteFile(filepath.Join(bin, name), []byte(fake), 0o700); err != nil {
				t.Fatal(err)
			}
			p, request := withAgent(t, w, "PATH="+bin+":$PATH; "+line, "command")
			request.Intent.Unsafe = true // the stand-in lies in a folder that the sandbox hides
			i := repaired(t, w, p, request)
			if i.Stage != selfheal.StageProposed {
				t.Fatalf("stage %s, closed %q", i.Stage, i.Closed)
			}
			words := strings.Fields(line)
			for _, want := range append([]string{"Repair the code in the current directory"}, words[1:2]...) {
				if !strings.Contains(i.Repair.Patch, want) {
					t.Errorf("%q was not seen:\n%s", want, i.Repair.Patch)
				}
			}
		})
	}
	f("claude", "claude -p --permission-mode acceptEdits")
	f("codex", "codex exec --sandbox danger-full-access -")
	f("opencode", `opencode run "$(cat "$SELFHEAL_DOSSIER")"`)
	f("aider", `aider --yes-always --no-auto-commits --message-file "$SELFHEAL_DOSSIER"`)
}
