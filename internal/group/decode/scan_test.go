package decode

import (
	"testing"

	"pgregory.net/rapid"
)

// quotedSlowly is quoted byte by byte.
func quotedSlowly(b []byte, i int) (value []byte, escaped bool, next int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return nil, false, i, false
	}
	start := i + 1
	for i = start; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[start:i], escaped, i + 1, true
		case '\\':
			escaped = true
			i++
		}
	}
	return nil, false, i, false
}

func checkQuoted(t interface {
	Helper()
	Fatalf(string, ...any)
}, b []byte, i int) {
	t.Helper()
	value, escaped, next, ok := quoted(b, i)
	wantValue, wantEscaped, wantNext, wantOK := quotedSlowly(b, i)
	if string(value) != string(wantValue) || ok != wantOK || ok && (escaped != wantEscaped || next != wantNext) || !ok && next < len(b) && wantNext >= len(b) {
		t.Fatalf("%q at %d: got %q, %v, %d, %v, want %q, %v, %d, %v", b, i, value, escaped, next, ok, wantValue, wantEscaped, wantNext, wantOK)
	}
}

// skipNestedSlowly is skipNested by means of quotedSlowly.
func skipNestedSlowly(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			_, _, next, ok := quotedSlowly(b, i)
			if !ok {
				return 0
			}
			i = next
			continue
		}
		i++
	}
	return 0
}

// TestSkipNested: brackets in strings do not count.
func TestSkipNested(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte{'{'}, rapid.SliceOf(rapid.SampledFrom([]byte("{}[]\"\\a"))).Draw(t, "b")...)
		if got, want := skipNested(b, 0), skipNestedSlowly(b, 0); got != want {
			t.Fatalf("%q: got %d, want %d", b, got, want)
		}
	})
}

// TestQuoted: eight bytes at once end where one after the other do.
func TestQuoted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte{'"'}, rapid.SliceOf(rapid.SampledFrom([]byte("\"\\ab#]\x00\x80\xa2\xdc\xff"))).Draw(t, "b")...)
		checkQuoted(t, b, 0)
	})
}

func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{``, `"`, `"a`, `"a"`, `"\`, `"\"`, `"\\"`, `"0123456\"`, `"01234567"`, "\"\xa2\xdc#]!\x5b\""} {
		f.Add([]byte(seed), 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, i int) {
		if i >= 0 && i <= len(b) {
			checkQuoted(t, b, i)
		}
	})
}

// TestPair: two digits are what fixed makes of them.
func TestPair(t *testing.T) {
	t.Parallel()
	for first := range 256 {
		for second := range 256 {
			b := []byte{byte(first), byte(second)}
			got, ok := pair(b, 0)
			if want, wantOK := fixed(b, 0, 2); ok != wantOK || ok && got != want {
				t.Fatalf("%q: got %d, %v, want %d, %v", b, got, ok, want, wantOK)
			}
		}
	}
	if _, ok := pair([]byte("12"), 1); ok {
		t.Error("one digit is a pair")
	}
}

// TestEightDigits: eight digits at once are what fixed makes of them.
func TestEightDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789012345678901234567890123456789/:@p\x00\xb5")), 8, 8).Draw(t, "b")
		got, ok := eightDigits(b)
		if want, wantOK := fixed(b, 0, 8); ok != wantOK || ok && got != int64(want) {
			t.Fatalf("%q: got %d, %v, want %d, %v", b, got, ok, want, wantOK)
		}
	})
}

// TestFraction: digits beyond nanoseconds are passed over.
func TestFraction(t *testing.T) {
	t.Parallel()
	f := func(in string, nsec int64, end int) {
		t.Helper()
		var s stamp
		if got := s.fraction([]byte(in), 0); got != end || s.nsec != nsec {
			t.Errorf("%q: got %d and %d, want %d and %d", in, s.nsec, got, nsec, end)
		}
	}

	f(".1", 100_000_000, 2)
	f(",0123Z", 12_300_000, 5)
	f(":123456789", 123_456_789, 10)
	f(".1234567899999999999999999999", 123_456_789, 29)
	f(".Z", 0, 0)
	f("", 0, 0)
}
