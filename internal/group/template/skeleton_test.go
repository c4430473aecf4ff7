package template

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// checkSkeleton: a message whose digits do not matter has the template of its
// skeleton, and of the message with any other digits. It tells whether they matter.
func checkSkeleton(t *testing.T, r *rand.Rand, one, other *Scanner, message []byte) bool {
	t.Helper()
	want := one.Scan(message)
	if one.DigitsMatter() {
		return true
	}
	skeleton := AppendSkeleton(nil, message)
	if got := other.Scan(skeleton); !bytes.Equal(got, want) {
		t.Fatalf("%.300q:\n scanned %.300q\n its skeleton %.300q", message, want, got)
	}
	for range 3 {
		changed := bytes.Clone(message)
		for i, c := range changed {
			if c >= '0' && c <= '9' {
				changed[i] = '0' + byte(r.IntN(10))
			}
		}
		if !bytes.Equal(AppendSkeleton(nil, changed), skeleton) {
			t.Fatalf("%.300q and %.300q have two skeletons", message, changed)
		}
		if got := other.Scan(changed); !bytes.Equal(got, want) {
			t.Fatalf("%.300q: %.300q\n%.300q: %.300q", message, want, changed, got)
		}
	}
	return false
}

// TestDigitsThatDoNotMatter: in real lines and in random changes of them.
func TestDigitsThatDoNotMatter(t *testing.T) {
	t.Parallel()
	lines := corpus(t)
	for w := range technicalWords {
		lines = append(lines, []byte("codec "+w+" of x"+w), []byte(w))
	}
	lines = append(lines, []byte("from a.mp3 to b.bz2 at 20261123T101112"), []byte("0x1f 1x12 TLS1.2 TLSv1.3 -12 0x80070005"), []byte("got 503 Service Unavailable, got 603 Service"), []byte("HTTP status 700, got 404"))
	r := rand.New(rand.NewPCG(2, 2))
	var one, other Scanner
	matter, not := 0, 0
	for range 6 {
		for _, line := range lines {
			if len(line) > MaxTemplate {
				continue
			}
			if checkSkeleton(t, r, &one, &other, line) {
				matter++
			} else {
				not++
			}
		}
		for i, line := range lines {
			if len(line) < 2000 {
				lines[i] = mutate(r, line, lines)
			}
		}
	}
	if matter < 1000 || not < 4*matter {
		t.Errorf("digits matter in %d lines and do not in %d", matter, not)
	}
}

func FuzzSkeleton(f *testing.F) {
	for _, seed := range []string{"", "order 17", "utf8 v4 x64", "0x1f", "status 404", "GET /x 700", "20261123-101112", "a.mp3", "TLS1.2", "http2: x 200 OK", "\"GET /a1 HTTP/1.1\" 404 12", "exit code 3"} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, message []byte, seed uint64) {
		if len(message) <= MaxTemplate {
			var one, other Scanner
			checkSkeleton(t, rand.New(rand.NewPCG(seed, 0)), &one, &other, message)
		}
	})
}

func TestAppendSkeleton(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := string(AppendSkeleton([]byte("9 "), []byte(in))); got != "9 "+want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}

	f("", "")
	f("a1", "a0")
	f("0123456789:;/.", "0000000000:;/.")
	f("\xb1\xb9 is no digit, 5 is é7", "\xb1\xb9 is no digit, 0 is é0")
}
