package demo

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// call is one request to the service.
type call struct {
	method, path, body string
	tenant             string
	trace              string // 32 hexadecimal digits, random
}

// shoppers invent the requests of all customers, the same ones for the same seed.
type shoppers struct {
	rng     *rand.Rand
	tenants []string
	skus    []string
	placed  []call // recent checkouts, to look the orders up
}

// The streams of randomness: the week, the hour after the deploy, and the hour after the fix.
const (
	streamWeek uint64 = iota + 1
	streamWindow
	streamFix
)

// newShoppers reads who and what there is from a checkout of the service.
func newShoppers(tree string, seed, stream uint64) (*shoppers, error) {
	var tenants []struct{ ID string }
	var prices map[string]struct{ Prices map[string]int64 }
	if err := readJSON(filepath.Join(tree, "internal", "tenant", "tenants.json"), &tenants); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(tree, "internal", "pricing", "prices.json"), &prices); err != nil {
		return nil, err
	}
	s := seededShoppers(seed, stream)
	for _, t := range tenants {
		s.tenants = append(s.tenants, t.ID)
	}
	for sku := range prices["eu_retail"].Prices {
		s.skus = append(s.skus, sku)
	}
	slices.Sort(s.skus)
	return s, nil
}

func seededShoppers(seed, stream uint64) *shoppers {
	return &shoppers{rng: newRandom(seed, stream)}
}

// newRandom gives a stream of numbers that is the same for the same seed.
func newRandom(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // traffic must repeat, and nothing secret hangs on it
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// arrivals gives the requests of a stretch of time in which that many are
// expected: their number follows the Poisson distribution.
func (s *shoppers) arrivals(expected float64) []call {
	calls := make([]call, 0, int(expected)+8)
	// Knuth, The Art of Computer Programming, vol. 2, 3.4.1: count uniform factors
	// until their product falls below exp(-expected). Slices expect below 100.
	for p, limit := s.rng.Float64(), math.Exp(-expected); p > limit; p *= s.rng.Float64() {
		calls = append(calls, s.next())
	}
	return calls
}

// mix is what customers, and those who are none, do: of 10,000 requests, so many.
var mix = []struct {
	share int
	make  func(s *shoppers, c call) call
}{
	{3700, func(s *shoppers, c call) call { return c.get("/products/" + s.sku()) }},
	{1400, func(s *shoppers, c call) call { return c.get(fmt.Sprintf("/products?page=%d", s.rng.IntN(3))) }},
	{1800, func(s *shoppers, c call) call { return c.post("/cart", s.cart()) }},
	{1800, (*shoppers).buy},
	{700, (*shoppers).lookUp},
	{380, func(_ *shoppers, c call) call { c.tenant = ""; return c.get("/healthz") }},
	{50, func(_ *shoppers, c call) call { return c.get("/export?format=csv") }},
	{60, func(_ *shoppers, c call) call { return c.get("/products/discontinued") }},
	{30, func(_ *shoppers, c call) call { return c.post("/cart", `{"items":[{"sku":`) }},
	{30, func(_ *shoppers, c call) call { return c.post("/cart", `{"items":[]}`) }},
	{20, func(_ *shoppers, c call) call { c.tenant = "www"; return c.get("/products") }},
	{24, func(_ *shoppers, c call) call { return c.get("/wp-login.php") }},
	{4, func(_ *shoppers, c call) call { return c.get("/orders/1") }},          // too short for an order's id: panics
	{2, func(_ *shoppers, c call) call { return c.get("/export?format=xml") }}, // no such encoder: panics
}

func (s *shoppers) next() call {
	c := call{
		tenant: s.tenants[s.rng.IntN(len(s.tenants))],
		trace:  fmt.Sprintf("%016x%016x", s.rng.Uint64(), s.rng.Uint64()),
	}
	roll := s.rng.IntN(10_000)
	for _, m := range mix {
		if roll -= m.share; roll < 0 {
			return m.make(s, c)
		}
	}
	return c.get("/healthz")
}

func (c call) get(path string) call { c.method, c.path = "GET", path; return c }

func (c call) post(path, body string) call { c.method, c.path, c.body = "POST", path, body; return c }

func (s *shoppers) sku() string { return s.skus[s.rng.IntN(len(s.skus))] }

func (s *shoppers) cart() string {
	items := []string{fmt.Sprintf(`{"sku":%q,"quantity":1}`, s.sku())}
	for range s.rng.IntN(3) {
		items = append(items, fmt.Sprintf(`{"sku":%q,"quantity":%d}`, s.sku(), 1+s.rng.IntN(6)))
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

// buy checks a cart out; one in twenty with a gift note.
func (s *shoppers) buy(c call) call {
	body := s.cart()
	if s.rng.IntN(20) == 0 {
		body = body[:len(body)-1] + `,"gift_note":"Happy birthday!"}`
	}
	c = c.post("/checkout", body)
	if s.placed = append(s.placed, c); len(s.placed) > 200 {
		s.placed = s.placed[100:]
	}
	return c
}

// lookUp asks for an order of a while ago.
func (s *shoppers) lookUp(c call) call {
	if len(s.placed) == 0 {
		return c.get("/products")
	}
	bought := s.placed[s.rng.IntN(len(s.placed))]
	c.tenant = bought.tenant
	return c.get("/orders/ord-" + bought.trace)
}
