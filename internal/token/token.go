// Package token holds what is known of the tokens with which others may ask the
// server for something: names, scopes and hashes, never the tokens themselves.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"selfheal"
)

// Scope is what a token may be used for.
type Scope string

// The scopes. None includes another.
const (
	Ingest  Scope = "ingest"  // send logs and deploys in
	Read    Scope = "read"    // see what is known
	Operate Scope = "operate" // decide about incidents
)

// Scopes are all scopes.
var Scopes = []Scope{Ingest, Read, Operate}

// Token is what is known of a token: never the token itself.
type Token struct {
	Name   string  // who uses it; the journal's actor
	Hash   string  // SHA-256 of the token, in hexadecimal
	Scopes []Scope // what it may be used for
}

// Tokens are all that are known.
type Tokens []Token

// prefix makes tokens recognisable for people and for scanners of leaked secrets.
const prefix = "selfheal_"

// New makes a token of 256 random bits, and its hash.
func New() (token, hash string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	token = prefix + base64.RawURLEncoding.EncodeToString(secret)
	return token, Hash(token)
}

// Hash gives the hash under which a token is known. Tokens are random, so that
// it needs neither salt nor stretching.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Validate says what is wrong with a token's description.
func (t Token) Validate() error {
	if sum, err := hex.DecodeString(t.Hash); err != nil || len(sum) != sha256.Size {
		return selfheal.Usagef("make one with selfheal token", "the hash of token %q is not a SHA-256 in hexadecimal", t.Name)
	}
	if t.Name == "" || len(t.Scopes) == 0 {
		return selfheal.Usagef("e.g. name: ci, scopes: [ingest]", "a token needs a name and scopes")
	}
	for _, scope := range t.Scopes {
		if !slices.Contains(Scopes, scope) {
			return selfheal.Usagef("use ingest, read or operate", "token %q has an unknown scope %q", t.Name, scope)
		}
	}
	return nil
}

// find gives the token of an Authorization header. All are compared, in constant
// time, so that how long it takes tells nothing.
func (all Tokens) find(authorization string) (found Token, known bool) {
	scheme, given, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || given == "" {
		return Token{}, false
	}
	hash := []byte(Hash(strings.TrimSpace(given)))
	for _, t := range all {
		if subtle.ConstantTimeCompare(hash, []byte(strings.ToLower(t.Hash))) == 1 {
			found, known = t, true
		}
	}
	return found, known
}

// Allowed tells whose token an Authorization header holds, and by a status of HTTP
// whether it may be used for a scope: 200, 401 or 403.
func (all Tokens) Allowed(authorization string, scope Scope) (by string, status int) {
	token, known := all.find(authorization)
	switch {
	case !known:
		return "", http.StatusUnauthorized
	case !slices.Contains(token.Scopes, scope):
		return "", http.StatusForbidden
	}
	return token.Name, http.StatusOK
}
