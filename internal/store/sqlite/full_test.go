package sqlite

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
)

// A page limit stands in for the full disk where nothing can be mounted.
func TestAppendToFullDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	e := selfheal.Event{Type: selfheal.EventIncidentClosed, Payload: json.RawMessage(`"` + strings.Repeat("x", 20_000) + `"`)}
	written := 0
	for ; err == nil && written < 100; written++ {
		err = store.Append(t.Context(), "incident:a/b/c", written, e)
	}
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error %v", err)
	}
	events, err := store.Events(t.Context(), "incident:a/b/c")
	if err != nil || len(events) != written-1 || written < 2 {
		t.Fatalf("%d events can be read after %d were appended, error %v", len(events), written-1, err)
	}
}
