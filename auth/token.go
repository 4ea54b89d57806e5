// Package auth says who may ask the service for what: tokens with scopes, kept
// as hashes in a file, and the door that asks for them.
package auth

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Scope is a right that a token gives.
type Scope string

// The scopes. Admin holds all others.
const (
	Read   Scope = "read"   // tracks, features, similarity, the pages, metrics
	Ingest Scope = "ingest" // hand in tracks, and vectors of one's own
	Label  Scope = "label"  // correct what was heard
	Admin  Scope = "admin"  // batches, promotions, the queue's page
)

// Scopes lists them all.
func Scopes() []Scope { return []Scope{Read, Ingest, Label, Admin} }

// ParseScope reads a scope's name.
func ParseScope(s string) (Scope, error) {
	if !slices.Contains(Scopes(), Scope(s)) {
		return "", fmt.Errorf("scope is %q; want read, ingest, label or admin", s)
	}
	return Scope(s), nil
}

// Token is what is kept of a token: enough to know it again, too little to make it.
type Token struct {
	Name      string    `json:"name"` // whom it was given to
	Scopes    []Scope   `json:"scopes"`
	SHA256    string    `json:"sha256"` // hexadecimal, of the token's session
	CreatedAt time.Time `json:"created_at"`
}

// Mint makes a token at random. The secret is shown to its bearer and kept
// nowhere.
func Mint(name string, scopes []Scope, now time.Time) (secret string, t Token, err error) {
	t = Token{Name: name, Scopes: scopes, CreatedAt: now.UTC().Truncate(time.Second)}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // it never fails
	secret = "ew_" + base64.RawURLEncoding.EncodeToString(random)
	t.SHA256 = fingerprint(session(secret))
	return secret, t, t.validate()
}

// session is what a browser holds in place of a token. The token cannot be
// had from it, so that what a cookie gives away serves as a cookie only.
func session(secret string) string {
	sum := sha256.Sum256([]byte("earworm session\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// fingerprint is what is kept of a session. Tokens are 256 random bits, so
// that a slow hash would protect nothing.
func fingerprint(session string) string {
	sum := sha256.Sum256([]byte("earworm token\x00" + session))
	return hex.EncodeToString(sum[:])
}

func (t Token) validate() error {
	sum, err := hex.DecodeString(t.SHA256)
	switch {
	case t.Name == "" || len(t.Name) > 64 || strings.ContainsFunc(t.Name, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("name is %q; want 1 to 64 visible characters", t.Name)
	case len(t.Scopes) == 0:
		return fmt.Errorf("token %s has no scope; want read, ingest, label or admin", t.Name)
	case err != nil || len(sum) != sha256.Size:
		return fmt.Errorf("sha256 of token %s is %q; want 64 hexadecimal digits", t.Name, t.SHA256)
	}
	for _, s := range t.Scopes {
		if _, err := ParseScope(string(s)); err != nil {
			return fmt.Errorf("token %s: %w", t.Name, err)
		}
	}
	return nil
}

// Append adds a token to a file of them, which need not be there yet. A name
// is used once, so that it says who did what.
func Append(path string, t Token) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	defer f.Close()
	known, err := read(f)
	if err != nil {
		return fmt.Errorf("tokens in %q: %w", path, err)
	}
	if slices.ContainsFunc(known, func(k Token) bool { return k.Name == t.Name }) {
		return fmt.Errorf("tokens in %q: there is one named %s; want another name, or its line deleted", path, t.Name)
	}
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	return f.Close()
}

// read reads a file of tokens: a JSON object a line. Blank lines and those
// that begin with # are passed over.
func read(r io.Reader) (tokens []Token, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		var t Token
		if err := json.Unmarshal([]byte(line), &t); err != nil {
			return nil, fmt.Errorf("line %d: want a JSON object as earworm token writes it", n)
		}
		if err := t.validate(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		tokens = append(tokens, t)
	}
	return tokens, lines.Err()
}

// match finds the token of a session. It takes the same time whichever matches.
func match(tokens []Token, session string) (found Token, ok bool) {
	got := []byte(fingerprint(session))
	for _, t := range tokens {
		if subtle.ConstantTimeCompare(got, []byte(t.SHA256)) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}
