package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func client(t testing.TB, url string) *Client {
	t.Helper()
	c, err := Open(Connection{URL: url, Sleep: func(context.Context, time.Duration) error { return nil }}, "Store", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// item is an entry at so many seconds.
func item(second int, text string) Item {
	at := time.Unix(int64(second), 0)
	return Item{Time: at, Key: KeyOf(text), Entry: &selfheal.Entry{Time: at, Line: []byte(text)}}
}

func interval(from, to int) selfheal.Interval {
	return selfheal.Interval{From: time.Unix(int64(from), 0), To: time.Unix(int64(to), 0)}
}

// TestByTime: whatever the entries, equal ones among them, and however small the
// pages, every entry comes once, ascending by time, and equal times in the store's order.
func TestByTime(t *testing.T) {
	t.Parallel()
	c := client(t, "http://localhost")
	rapid.Check(t, func(t *rapid.T) {
		var store []Item
		for i, second := range rapid.SliceOf(rapid.IntRange(0, 12)).Draw(t, "seconds") {
			text := strconv.Itoa(i)
			if rapid.Bool().Draw(t, "equal") {
				text = "equal"
			}
			store = append(store, item(second, text))
		}
		slices.SortStableFunc(store, func(a, b Item) int { return a.Time.Compare(b.Time) })
		limit, i := rapid.IntRange(1, 4).Draw(t, "limit"), interval(2, 10)
		less := rapid.IntRange(0, 2).Draw(t, "less") // a store may give less than it was asked for
		var want, got []string
		for _, each := range store {
			if !each.Time.Before(i.From) && each.Time.Before(i.To) {
				want = append(want, fmt.Sprint(each.Time.Unix(), " ", string(each.Entry.Line)))
			}
		}
		pages := ByTime{Client: c, Limit: limit, Most: 1000, Fetch: func(_ context.Context, from, to time.Time, limit int) (page []Item, err error) {
			for _, each := range store {
				if !each.Time.Before(from) && each.Time.Before(to) && len(page) < limit {
					page = append(page, each)
				}
			}
			if shorter := len(page) - less; shorter > 0 && page[shorter-1].Time.After(from) {
				page = page[:shorter]
			}
			return page, nil
		}}
		err := pages.Read(context.Background(), i, func(e *selfheal.Entry) error {
			got = append(got, fmt.Sprint(e.Time.Unix(), " ", string(e.Line)))
			return nil
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// TestByTimeEnds: no store makes a reading go on for ever.
func TestByTimeEnds(t *testing.T) {
	t.Parallel()
	c := client(t, "http://localhost")
	f := func(name string, want string, fetch func(from time.Time, limit int) []Item) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			err := ByTime{Client: c, Limit: 2, Most: 8, Fetch: func(_ context.Context, from, _ time.Time, limit int) ([]Item, error) {
				if asked++; asked > 100 {
					t.Fatal("it does not end")
				}
				return fetch(from, limit), nil
			}}.Read(t.Context(), interval(0, 10), func(*selfheal.Entry) error { return nil })
			if want == "" && err != nil || want != "" && (selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), want)) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
	f("nothing", "", func(time.Time, int) []Item { return nil })
	f("always the same", "again and again", func(time.Time, int) []Item { return []Item{item(1, "a"), item(2, "b")} })
	f("always what is outside", "again and again", func(time.Time, int) []Item { return []Item{item(50, "a")} })
	f("an instant with too many", "more than 8 entries", func(_ time.Time, limit int) []Item { return slices.Repeat([]Item{item(1, "a")}, limit) })
}

func TestByToken(t *testing.T) {
	t.Parallel()
	c := client(t, "http://localhost")
	type page struct {
		items []Item
		next  string
	}
	f := func(name string, pages map[string]page, want []string, failure string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			err := ByToken{Client: c, Fetch: func(_ context.Context, token string) ([]Item, string, error) {
				p, ok := pages[token]
				if !ok {
					return nil, "", errors.New("no such page")
				}
				return p.items, p.next, nil
			}}.Read(t.Context(), interval(0, 10), func(e *selfheal.Entry) error { got = append(got, string(e.Line)); return nil })
			if failure == "" && err != nil || failure != "" && (err == nil || !strings.Contains(err.Error(), failure)) {
				t.Errorf("error %v, want %q", err, failure)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
	a, b, late := item(1, "a"), item(2, "b"), item(10, "late")
	f("nothing", map[string]page{"": {}}, nil, "")
	f("two pages that overlap", map[string]page{"": {[]Item{a}, "2"}, "2": {[]Item{a, b, late}, ""}}, []string{"a", "b"}, "")
	f("an empty page between", map[string]page{"": {[]Item{a}, "2"}, "2": {nil, "3"}, "3": {[]Item{b}, ""}}, []string{"a", "b"}, "")
	f("a circle", map[string]page{"": {[]Item{a}, "2"}, "2": {[]Item{b}, "3"}, "3": {[]Item{a}, "2"}}, []string{"a", "b"}, "again and again")
	f("a circle of empty pages", map[string]page{"": {nil, "2"}, "2": {nil, "3"}, "3": {nil, "2"}}, nil, "again and again")
	f("a page that fails", map[string]page{"": {[]Item{a}, "2"}}, []string{"a"}, "no such page")
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	var r recent
	for i := range 3*recentKept + 1 {
		if !r.add(strconv.Itoa(i)) || r.add(strconv.Itoa(i)) {
			t.Fatalf("%d is not told from the others", i)
		}
	}
	if n := len(r.young) + len(r.old); n > 2*recentKept {
		t.Errorf("%d keys are held", n)
	}
}

func TestTooLargePagesBecomeSmaller(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for n := 0; limit > 8 && n <= maxBody>>20; n++ {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		fmt.Fprint(w, "[1]")
	}))
	t.Cleanup(server.Close)
	c := client(t, server.URL)
	var asked []int
	err := ByTime{Client: c, Limit: 32, Most: 64, Fetch: func(ctx context.Context, _, _ time.Time, limit int) ([]Item, error) {
		asked = append(asked, limit)
		var numbers []int
		if err := c.Get(ctx, "/", map[string][]string{"limit": {strconv.Itoa(limit)}}, &numbers); err != nil {
			return nil, err
		}
		return []Item{item(1, "a")}, nil
	}}.Read(t.Context(), interval(0, 10), func(*selfheal.Entry) error { return nil })
	if err != nil || len(asked) < 2 || asked[0] != 32 || asked[1] != 8 {
		t.Errorf("asked for %v: %v", asked, err)
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	f := func(c Connection, wrong string) {
		t.Helper()
		_, err := Open(c, "Store", nil)
		if wrong == "" && err != nil || wrong != "" && (selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), wrong) || selfheal.HintOf(err) == "") {
			t.Errorf("%+v: %v, want %q", c, err, wrong)
		}
	}
	f(Connection{URL: "http://loki:3100/prefix"}, "")
	f(Connection{URL: "https://loki", Token: "t"}, "")
	f(Connection{URL: "http://127.0.0.1:3100", User: "u", Password: "p"}, "")
	f(Connection{}, "not the address")
	f(Connection{URL: "loki:3100"}, "not the address")
	f(Connection{URL: "http://loki:3100", Token: "t"}, "in clear")
	f(Connection{URL: "https://u:p@loki"}, "more than host and path")
	f(Connection{URL: "https://loki", Token: "t", User: "u", Password: "p"}, "both a token and a user")
	f(Connection{URL: "https://loki", User: "u"}, "belong together")
}

func TestCredentialsAreSentAndNotShown(t *testing.T) {
	t.Parallel()
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		http.Error(w, "parse error in s3cr3t query", http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	f := func(c Connection, want string) {
		t.Helper()
		c.URL, c.Scrub = server.URL, func(s string) string { return strings.ReplaceAll(s, "s3cr3t", "***") }
		opened, err := Open(c, "Store", nil)
		if err != nil {
			t.Fatal(err)
		}
		err = opened.Get(t.Context(), "/", nil, nil)
		if sent != want || err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "parse error in *** query") {
			t.Errorf("sent %q, want %q: %v", sent, want, err)
		}
	}
	f(Connection{Token: "s3cr3t"}, "Bearer s3cr3t")
	f(Connection{User: "u", Password: "s3cr3t"}, "Basic dTpzM2NyM3Q=")
	f(Connection{}, "")
}
