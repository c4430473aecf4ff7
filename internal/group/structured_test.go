package group_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/group"
)

// signed is what became of one entry.
type signed struct {
	record    selfheal.Record
	signature *selfheal.Signature
}

func signOne(t *testing.T, e selfheal.Entry) signed {
	t.Helper()
	g := group.New(group.Options{})
	s := g.Stream("s")
	var got []signed
	emit := func(r *selfheal.Record, i group.Index) { got = append(got, signed{*r, g.Signature(i)}) }
	s.Write(&e, emit)
	s.Close(emit)
	if len(got) != 1 {
		t.Fatalf("%d events, want 1", len(got))
	}
	return got[0]
}

func pairs(kv ...string) (all []selfheal.Attribute) {
	for i := 0; i < len(kv); i += 2 {
		all = append(all, selfheal.Attribute{Key: []byte(kv[i]), Value: []byte(kv[i+1])})
	}
	return all
}

const pythonStack = "Traceback (most recent call last):\n  File \"/app/shop/pay.py\", line 12, in charge\n    x()\nValueError: no amount"

// TestTransportedIsTheSame: an event has one signature, pushed as a record or written as a line.
func TestTransportedIsTheSame(t *testing.T) {
	t.Parallel()
	f := func(line string, r selfheal.Record) {
		t.Helper()
		r.Service = "shop"
		pushed, written := signOne(t, selfheal.Entry{Record: &r}), signOne(t, selfheal.Entry{Line: []byte(line)})
		if pushed.signature.ID != written.signature.ID {
			t.Errorf("pushed %q, written %q", pushed.signature.Template, written.signature.Template)
		}
		if pushed.signature.Severity != written.signature.Severity {
			t.Errorf("pushed %v, written %v", pushed.signature.Severity, written.signature.Severity)
		}
	}
	f(`{"level":"error","msg":"user 17 not found"}`, selfheal.Record{Severity: selfheal.SeverityError, Message: []byte("user 18 not found")})
	f(`{"level":"error","msg":"charge","exception.type":"ValueError","exception.message":"no amount","exception.stacktrace":"`+
		strings.NewReplacer("\n", `\n`, `"`, `\"`).Replace(pythonStack)+`"}`,
		selfheal.Record{Severity: selfheal.SeverityError, Message: []byte("charge"), Attributes: pairs("exception.type", "ValueError",
			"exception.message", "no amount", "exception.stacktrace", pythonStack)})
	f(`{"level":"error","msg":"charge failed","error":"EOF"}`, selfheal.Record{Severity: selfheal.SeverityError, Message: []byte("charge failed"),
		Attributes: pairs("exception.message", "EOF")})
	f(`{"level":"info","msg":"done","http.response.status_code":503}`, selfheal.Record{Severity: selfheal.SeverityInfo, Message: []byte("done"),
		Attributes: pairs("http.response.status_code", "503")})
	f(`2026-03-02 10:00:00 ERROR lost the queue`, selfheal.Record{Message: []byte("2026-03-02 10:00:01 ERROR lost the queue")})
	f(`{"level":"warn","msg":"slow"}`, selfheal.Record{Message: []byte(`{"level":"warn","msg":"slow"}`)})
}

func TestTransportedRecord(t *testing.T) {
	t.Parallel()
	got := signOne(t, selfheal.Entry{Record: &selfheal.Record{
		Time: time.Unix(100, 0), Zone: "Z", Severity: selfheal.SeverityError, Message: []byte("charge"), Service: "shop", Stream: "pod-1",
		Attributes: pairs("exception.stacktrace", pythonStack, "order.id", "17\nforged", "service.name", "other", "deployment.environment.name", "staging"),
	}})
	r := got.record
	if r.Service != "shop" || r.Environment != "staging" || r.Stream != "pod-1" || len(r.Exceptions) != 1 || r.Exceptions[0].Type != "ValueError" {
		t.Errorf("got %+v", r)
	}
	want := "charge\n" + pythonStack + "\n  order.id=17"
	if diff := cmp.Diff(want, got.signature.Sample.Text); diff != "" {
		t.Errorf("sample (-want +got):\n%s", diff)
	}
	again := signOne(t, selfheal.Entry{Record: &selfheal.Record{Message: []byte("charge"), Severity: selfheal.SeverityError,
		Exceptions: []selfheal.Exception{{Type: "ValueError", Message: "no amount", Frames: []selfheal.Frame{{Package: "pay", Function: "charge", File: "pay.py", Line: 3, InApp: true}}}}}})
	if diff := cmp.Diff("charge\nValueError: no amount\n    at pay.charge (pay.py:3)", again.signature.Sample.Text); diff != "" {
		t.Errorf("sample of an exception (-want +got):\n%s", diff)
	}
}

// TestUse: a stream that changes its grouper in the middle of an event loses nothing of it.
func TestUse(t *testing.T) {
	t.Parallel()
	old, next := group.New(group.Options{}), group.New(group.Options{})
	s := old.Stream("s")
	var ids []selfheal.SignatureID
	emit := func(*selfheal.Record, group.Index) {}
	s.Write(&selfheal.Entry{Line: []byte("2026-03-02 10:00:00 ERROR charge")}, emit)
	for i, line := range strings.Split(pythonStack, "\n") {
		if i == 2 {
			s.Use(next)
			emit = func(_ *selfheal.Record, i group.Index) { ids = append(ids, next.ID(i)) }
		}
		s.Write(&selfheal.Entry{Line: []byte(line)}, emit)
	}
	s.Close(emit)
	whole := signOne(t, selfheal.Entry{Record: &selfheal.Record{Service: "shop", Severity: selfheal.SeverityError, Message: []byte("charge"),
		Attributes: pairs("exception.stacktrace", pythonStack)}})
	if diff := cmp.Diff([]selfheal.SignatureID{whole.signature.ID}, ids); diff != "" || old.Len() != 0 {
		t.Errorf("%d in the old one (-want +got):\n%s", old.Len(), diff)
	}
}

// TestAllow: a raised cap lets new signatures in.
func TestAllow(t *testing.T) {
	t.Parallel()
	g := group.New(group.Options{MaxSignatures: 1})
	s := g.Stream("s")
	var overflowed int
	emit := func(_ *selfheal.Record, i group.Index) {
		if g.ID(i) == group.Overflow().ID {
			overflowed++
		}
	}
	for _, word := range []string{"one", "two", "three"} {
		if word == "three" {
			g.Allow(10, 1<<20)
		}
		s.Write(&selfheal.Entry{Record: &selfheal.Record{Message: []byte(word)}}, emit)
	}
	if n, _ := g.Size(); n != 3 || overflowed != 1 {
		t.Errorf("%d signatures, %d overflowed; want one, the overflow, three", n, overflowed)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	f := func(line, want string) {
		t.Helper()
		if got := signOne(t, selfheal.Entry{Line: []byte(line)}).record.Environment; got != want {
			t.Errorf("%s: environment %q, want %q", line, got, want)
		}
	}
	f(`{"msg":"x","env":"prod"}`, "prod")
	f(`{"msg":"x","environment":"prod","deployment.environment":"staging"}`, "staging")
	f(`{"msg":"x","deployment.environment":"staging","deployment.environment.name":"prod"}`, "prod")
	f(`{"msg":"x","dd.env":"prod"}`, "prod")
	f(`{"msg":"x","service":{"name":"shop","environment":"prod"}}`, "prod")
	f(`{"msg":"x","resource":{"attributes":[{"key":"deployment.environment.name","value":{"stringValue":"prod"}}]}}`, "prod")
	f(`level=info msg=x env=prod`, "prod")
	f(`{"msg":"x","environment":"a sentence about it"}`, "")
	f(`{"msg":"x","env":{"PATH":"/bin"}}`, "")
	f(`{"msg":"x"}`, "")
}
