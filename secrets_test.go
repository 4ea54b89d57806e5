package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// sharedLog is a log that is read while others write it.
type sharedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *sharedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the log has a match, and returns it.
func (l *sharedLog) await(t *testing.T, pattern string) []string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if m := wanted.FindStringSubmatch(l.String()); m != nil {
			return m
		}
	}
	t.Fatalf("within a minute the log has no %s:\n%s", pattern, l)
	return nil
}

// TestSecretsAreNotLogged: with everything that is secret in use, and most of
// it failing, the log at its most talkative and the metrics hold none of it.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	const signature, hook, s3, signing = "hush-signature", "hush-hook", "hush-object-key", "aHVzaCBhIHNlY3JldCBvZiB0aGlydHktdHdvIGJ5dGVz"
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound // the track's source
		if r.Method == http.MethodPost {
			status = http.StatusInternalServerError // the webhook
		}
		w.WriteHeader(status)
	}))
	defer failing.Close()
	folder := t.TempDir()
	tokens := filepath.Join(folder, "tokens")
	token := newToken(t, tokens, "admin")
	env := func(name string) (string, bool) {
		v, ok := map[string]string{
			"EARWORM_S3_SECRET_KEY": s3, "EARWORM_WEBHOOK_SECRET": signing, "EARWORM_S3_ACCESS_KEY": "key",
		}[name]
		return v, ok
	}
	ctx, stop := context.WithCancel(t.Context())
	var log sharedLog
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, console{strings.NewReader(""), io.Discard, &log}, []string{
			"serve", "--addr", "127.0.0.1:0", "--store", folder, "--tokens", tokens, "--log-level", "debug", "--allow-private",
			"--s3-endpoint", failing.URL, "--webhook-hosts", "127.0.0.1", "--webhook-private",
		}, env)
	}()
	at := log.await(t, `addr=(http://\S+)`)[1]

	send := func(method, path, contentType, bearer, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, at+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for source, want := range map[string]int{
		failing.URL + "/a.wav?X-Amz-Signature=" + signature: http.StatusAccepted,
		"s3://music/a.wav": http.StatusAccepted,
		"https://me:" + signature + "@example.org/a.wav": http.StatusBadRequest,
	} {
		body := fmt.Sprintf(`{"source": %q, "webhook": %q}`, source, failing.URL+"/?key="+hook)
		if got := send(http.MethodPost, "/v1/tracks", "application/json", token, body); got != want {
			t.Fatalf("handing in %s: %d; want %d", source, got, want)
		}
	}
	const form = "application/x-www-form-urlencoded"
	for bearer, want := range map[string]int{token + "x": http.StatusUnauthorized, token: http.StatusOK} {
		if got := send(http.MethodGet, "/v1/features", form, bearer, ""); got != want {
			t.Fatalf("a token: %d; want %d", got, want)
		}
	}
	for given, want := range map[string]int{token + "x": http.StatusUnauthorized, token: http.StatusSeeOther} {
		if got := send(http.MethodPost, "/login", form, "", url.Values{"token": {given}}.Encode()); got != want {
			t.Fatalf("a login: %d; want %d", got, want)
		}
	}
	log.await(t, `(?s)(webhook not delivered.*){2}`)
	log.await(t, `login refused`)
	_, metrics := get(t, at+"/metrics", "Authorization", "Bearer "+token)
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("serve ended with exit code %d", code)
	}
	for _, secret := range []string{signature, hook, s3, signing, token} {
		for what, text := range map[string]string{"log": log.String(), "metrics": metrics} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s has the secret %.8s…:\n%s", what, secret, text)
			}
		}
	}
}
