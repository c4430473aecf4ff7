package redact

import (
	"regexp"
	"strings"
)

// builtin gives the rules in the order they are applied: those that know the
// secret by its own form first, those that know it by what stands before it last.
func builtin() []Rule {
	return []Rule{
		{
			Name: "private-key", Keywords: []string{"private key-----"},
			Pattern: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[^-]*(?:-----END [A-Z0-9 ]*PRIVATE KEY-----)?)`),
		},
		{
			Name: "jwt", Keywords: []string{"eyj"},
			Pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?`),
		},
		{
			Name: "aws-key", Keywords: []string{"akia", "asia", "abia", "acca"},
			Pattern: regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b`),
		},
		{
			Name: "github-token", Keywords: []string{"gh", "github_pat_"},
			Pattern: regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})\b`),
		},
		{
			Name: "token", Keywords: []string{"glpat-", "xox", "sk-", "sk_", "rk_", "npm_", "pypi-", "aiza", "hf_"},
			Pattern: regexp.MustCompile(`\b(?:glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{32,}|AIza[A-Za-z0-9_-]{35}|hf_[A-Za-z0-9]{30,})`),
		},
		{
			Name: "url-password", Keywords: []string{"://"},
			Pattern: regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@"']*:(?P<secret>[^\s/@"']+)@`),
		},
		{
			Name: "token", Keywords: []string{"bearer", "basic", "token "},
			Pattern: regexp.MustCompile(`(?i)\b(?:bearer|basic|authorization: *token)[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})`), Check: looksRandom,
		},
		{
			Name: "secret", Keywords: secretWords,
			Pattern: regexp.MustCompile(`(?i)\b[\w.-]*(?:password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|[_-]token|authtoken|accesstoken|credentials?)["']?\s?[:=]\s?` + value),
			Check:   notPrinted,
		},
		{
			Name: "secret", Keywords: []string{"token", "authorization", "cookie", "session", "sid", "signature", "sig="},
			Pattern: regexp.MustCompile(`(?i)(?:\b(?:token|session_?id|session|sid|signature|sig)=|["'](?:token|authorization|cookie|set-cookie|session_?id)["']\s?:\s?|\b(?:authorization|cookie|set-cookie)\s?[:=]\s?)` + value),
			Check:   notScheme,
		},
		{
			Name: "email", Keywords: []string{"@"},
			Pattern: regexp.MustCompile(`\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}\b`),
		},
		{
			Name: "card", Find: findNumber, Check: isCard,
		},
	}
}

// value matches what is assigned: a quoted text, or everything up to a separator.
const value = `(?P<secret>"[^"\n]*"|'[^'\n]*'|[^\s"',;&)}\]<>\\]+)`

var secretWords = []string{"password", "passwd", "passphrase", "pwd", "secret", "key", "token", "credential"}

// notPrinted leaves alone what is no secret but says that there is one, or none.
func notPrinted(secret string) bool {
	switch strings.ToLower(strings.Trim(secret, `"'*`)) {
	case "", "true", "false", "null", "nil", "none", "undefined", "required", "missing", "invalid":
		return false
	}
	return true
}

// notScheme leaves alone the scheme of an Authorization header: what follows it has been scrubbed.
func notScheme(secret string) bool {
	switch strings.ToLower(secret) {
	case "bearer", "basic", "token", "digest", "negotiate":
		return false
	}
	return notPrinted(secret)
}

// looksRandom tells a credential from a word ("basic authentication").
func looksRandom(secret string) bool {
	return strings.ContainsAny(secret, "0123456789=") || strings.ToLower(secret) != secret && strings.ToUpper(secret) != secret && len(secret) > 12 || len(secret) >= 24
}

// findNumber finds 13 to 19 digits, in groups of at least three or in one, that
// begin with 3 to 6 as the numbers of payment cards do.
func findNumber(s string, start int) (from, to int, ok bool) {
	for i := start; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		digits, end := numberAt(s, i)
		word := i > 0 && (isWord(s[i-1]) || s[i-1] == '.') || end < len(s) && isWord(s[end])
		if digits >= 13 && digits <= 19 && s[i] >= '3' && s[i] <= '6' && !word {
			return i, end, true
		}
		i = end
	}
	return 0, 0, false
}

// numberAt counts the digits from i on and gives where they end. One space or
// hyphen may separate groups.
func numberAt(s string, i int) (digits, end int) {
	group := 0
	for end = i; end < len(s); end++ {
		switch {
		case isDigit(s[end]):
			digits++
			group++
		case (s[end] == ' ' || s[end] == '-') && group >= 3 && end+1 < len(s) && isDigit(s[end+1]):
			group = 0
		default:
			return digits, end
		}
	}
	return digits, end
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isCard checks length and the Luhn checksum (ISO/IEC 7812-1).
func isCard(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n >= 13 && n <= 19 && sum%10 == 0
}
