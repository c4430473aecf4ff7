package triage

import (
	"testing"

	"selfheal"
)

func TestRaisedLimitsBringNoErrorAbout(t *testing.T) {
	t.Parallel()
	f := func(message, before, after string, want bool) {
		t.Helper()
		b := &bench{evidence: &evidence{edits: []edit{{op: selfheal.LineDeleted, text: before}, {op: selfheal.LineAdded, text: after}}}, symptom: symptom{message: message}}
		for i := range b.edits {
			if got := b.raised(i); got != want {
				t.Errorf("%s: %s: raised %v, want %v", message, b.edits[i].text, got, want)
			}
		}
	}
	f("context deadline exceeded", "timeout = 3 * time.Second", "timeout = 8 * time.Second", true)
	f("context deadline exceeded", "timeout = 8 * time.Second", "timeout = 3 * time.Second", false)
	f("no worker, all are busy", "POOL_SIZE = 10", "POOL_SIZE = 20", true)
	f("page of 500 rows exceeds what may be read", "PageSize = 50", "PageSize = 500", false) // it is what is too large
	f("index out of range", "maxRows = 50", "maxRows = 500", false)
}

func TestStatementsThatOnlyLog(t *testing.T) {
	t.Parallel()
	f := func(line string, want bool) {
		t.Helper()
		b := &bench{evidence: &evidence{edits: []edit{{op: selfheal.LineAdded, text: line}}}}
		if got := b.logsOnly(0); got != want {
			t.Errorf("%s: only logs %v, want %v", line, got, want)
		}
	}
	f(`	log.Printf("read %d rows", n)`, true)
	f(`        self.logger.info("read %s", row)`, true)
	f(`    console.log("read", row);`, true)
	f(`    tracing::debug!("append {}", line);`, true)
	f(`    log.info("total %s", sum(parse(row)))`, false) // may fail
	f(`    login.check(user)`, false)
	f(`    total = log.read()`, false)
}
