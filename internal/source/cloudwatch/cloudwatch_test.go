package cloudwatch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// TestSignature holds the signer against the vectors that AWS published with the
// signature (aws-sig-v4-test-suite: get-vanilla, post-vanilla).
func TestSignature(t *testing.T) {
	t.Parallel()
	s := signer{
		credentials: Credentials{AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
		region:      "us-east-1", service: "service",
		clock: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) },
	}
	f := func(method, signature string) {
		t.Helper()
		r := httptest.NewRequest(method, "https://example.amazonaws.com/", nil)
		s.sign(r, nil)
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + signature
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", method, got, want)
		}
	}
	f(http.MethodGet, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	f(http.MethodPost, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
}

// fake answers as CloudWatch does: with empty pages between full ones.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Group != "/ecs/shop" || r.Header.Get("X-Amz-Target") != "Logs_20140328.FilterLogEvents" ||
		!strings.Contains(r.Header.Get("Authorization"), "SignedHeaders=content-type;host;x-amz-date;x-amz-target,") {
		http.Error(w, `{"__type":"InvalidParameterException"}`, http.StatusBadRequest)
		return
	}
	skip, _ := strconv.Atoi(strings.TrimPrefix(q.Token, "empty-"))
	var found []event
	for i, line := range f {
		if ms := line.Time.UnixMilli(); ms >= q.From && ms <= q.To {
			found = append(found, event{ID: fmt.Sprint(i), Stream: "task/1", Message: &line.Text, Time: ms, Ingested: ms + 2500})
		}
	}
	found = found[min(skip, len(found)):]
	p := page{Events: &[]event{}}
	if next, ok := strings.CutPrefix(q.Token, "empty-"); ok {
		p.Next = next
	} else {
		part := append([]event{}, found[:min(len(found), q.Limit)]...)
		p.Events = &part
		if len(found) > q.Limit {
			p.Next = "empty-" + strconv.Itoa(skip+q.Limit)
		}
	}
	_ = json.NewEncoder(w).Encode(p)
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	c.Region, c.Credentials = "eu-central-1", Credentials{AccessKey: "AKID", SecretKey: "secret"}
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store: func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		New: func(t *testing.T, c backend.Connection) selfheal.Source {
			return open(t, Config{Connection: c, Group: "/ecs/shop", Limit: 3})
		},
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := func(kind string, asked int, hint string) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			n := 0
			s := open(t, Config{Group: "g", Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) {
				n++
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, kind)
			})})
			err := s.Probe(t.Context())
			if selfheal.CodeOf(err) != selfheal.CodeUnavailable || n != asked || !strings.Contains(selfheal.HintOf(err), hint) {
				t.Errorf("asked %d times, want %d: %v (hint %q)", n, asked, err, selfheal.HintOf(err))
			}
		})
	}
	f("ThrottlingException", 4, "later")
	f("AccessDeniedException", 1, "may not read")
	f("UnrecognizedClientException", 1, "credentials")
	f("ResourceNotFoundException", 1, "names")
	f("InvalidParameterException", 1, "query")
}

func TestLagIsMeasured(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	s := open(t, Config{Connection: sourcetest.Answering(t, fake{{Time: at, Text: "a"}}.ServeHTTP), Group: "/ecs/{service}"})
	q := selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: at, To: at.Add(time.Millisecond)}}
	n := 0
	err := s.Read(t.Context(), q, func(e *selfheal.Entry) error { n++; return nil })
	if err != nil || n != 1 || s.Lag() != 2500*time.Millisecond {
		t.Errorf("%d entries, %v, lag %s", n, err, s.Lag())
	}
}
