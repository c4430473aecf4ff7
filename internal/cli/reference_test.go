package cli_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"selfheal/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the committed reference")

// TestReference keeps docs/reference/cli.md equal to what --help says.
func TestReference(t *testing.T) {
	t.Parallel()
	const path = "../../docs/reference/cli.md"
	var b bytes.Buffer
	if err := cli.Reference(&b); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, b.Bytes()) {
		t.Error("docs/reference/cli.md is not what the commands say; run: make generate")
	}
}
