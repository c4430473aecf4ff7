package channeltest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Golden compares what is shown with a file; update rewrites it.
func Golden(t *testing.T, file, shown string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(shown), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), shown); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
