package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"earworm/auth"
)

// minted makes a token in a file, and returns its secret.
func minted(t *testing.T, file, name string, scopes ...auth.Scope) string {
	t.Helper()
	secret, token, err := auth.Mint(name, scopes, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := auth.Append(file, token); err != nil {
		t.Fatal(err)
	}
	return secret
}

func locked(t *testing.T, file string) *auth.Door {
	t.Helper()
	d, err := auth.Locked(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// greet answers with the name of its visitor.
var greet = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "hello "+auth.Who(r.Context()).Name)
})

func TestAdmission(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	reader, admin := minted(t, file, "reader", auth.Read), minted(t, file, "boss", auth.Admin)
	shut, open := locked(t, file), auth.Unlocked()
	for _, c := range []struct {
		name   string
		door   *auth.Door
		scope  auth.Scope
		method string
		host   string
		header []string
		status int
		says   string
	}{
		{"no token", shut, auth.Read, "GET", "fleet", nil, 401, "Authorization: Bearer"},
		{"unknown token", shut, auth.Read, "GET", "fleet", []string{"Authorization", "Bearer ew_guessed"}, 401, "known here"},
		{"another scheme", shut, auth.Read, "GET", "fleet", []string{"Authorization", "Basic " + reader}, 401, "Bearer"},
		{"token", shut, auth.Read, "GET", "fleet", []string{"Authorization", "Bearer " + reader}, 200, "hello reader"},
		{"scheme in other letters", shut, auth.Read, "GET", "fleet", []string{"Authorization", "bearer " + reader}, 200, "hello reader"},
		{"token without the scope", shut, auth.Label, "POST", "fleet", []string{"Authorization", "Bearer " + reader}, 403, "scope label"},
		{"admin has every scope", shut, auth.Label, "POST", "fleet", []string{"Authorization", "Bearer " + admin}, 200, "hello boss"},
		{"token as cookie", shut, auth.Read, "GET", "fleet", []string{"Cookie", "earworm_session=" + reader}, 401, "known here"},
		{"browser without token", shut, auth.Read, "GET", "fleet", []string{"Accept", "text/html,*/*"}, 303, ""},
		{"this machine", open, auth.Admin, "POST", "127.0.0.1:8080", nil, 200, "hello"},
		{"this machine by name", open, auth.Admin, "POST", "localhost:8080", nil, 200, "hello"},
		{"this machine, IPv6", open, auth.Admin, "POST", "[::1]:8080", nil, 200, "hello"},
		{"name that another site gave this machine", open, auth.Read, "GET", "evil.example:8080", nil, 421, "evil.example"},
		{"page of another site", open, auth.Admin, "POST", "localhost:8080", []string{"Sec-Fetch-Site", "cross-site"}, 403, "another site"},
		{"page of another site, with an odd header", open, auth.Admin, "POST", "localhost", []string{"Sec-Fetch-Site", "cross-site", "Authorization", "Bearer x"}, 403, "another site"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), c.method, "http://"+c.host+"/page?a=b", http.NoBody)
			for i := 0; i < len(c.header); i += 2 {
				r.Header.Set(c.header[i], c.header[i+1])
			}
			w := httptest.NewRecorder()
			c.door.Guard(c.scope, greet).ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %s; want %d and %q", w.Code, w.Body, c.status, c.says)
			}
			if c.status >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("a refusal is %s", w.Header().Get("Content-Type"))
			}
			if c.status == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
			if c.status == 303 && w.Header().Get("Location") != "/login?next=%2Fpage%3Fa%3Db" {
				t.Errorf("led to %s", w.Header().Get("Location"))
			}
		})
	}
}

func TestLoginGivesACookieAndLogoutTakesIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	secret := minted(t, file, "ann", auth.Read)
	door := locked(t, file)
	mux := http.NewServeMux()
	mux.Handle("/login", door.Login())
	mux.Handle("/logout", door.Login())
	mux.Handle("/", door.Guard(auth.Read, greet))
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	browser := server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	post := func(path string, form url.Values) (status int, last *http.Request, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
		res, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Request, string(raw)
	}
	if status, _, _ := post("/login", url.Values{"token": {"ew_wrong"}, "next": {"/tracks"}}); status != http.StatusUnauthorized {
		t.Errorf("a wrong token is answered with %d", status)
	}
	_, last, body := post("/login", url.Values{"token": {" " + secret + "\n"}, "next": {"/tracks?page=2"}})
	if last.URL.RequestURI() != "/tracks?page=2" || body != "hello ann" {
		t.Fatalf("after the login: %s %q", last.URL, body)
	}
	cookie := last.Response.Cookies()[0]
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || strings.Contains(secret, cookie.Value) {
		t.Errorf("cookie is %+v", cookie)
	}
	if status, last, _ := post("/logout", nil); last.URL.Path != "/login" || status != http.StatusOK {
		t.Errorf("after the logout: %s %d", last.URL, status)
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/login", strings.NewReader(url.Values{"next": {next}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		auth.Unlocked().Login().ServeHTTP(w, r)
		if to := w.Header().Get("Location"); to != "/" {
			t.Errorf("next=%q leads to %q", next, to)
		}
	}
}

// TestLoginPageShowsItsStyle: the policy names the very style that is served.
func TestLoginPageShowsItsStyle(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	auth.Unlocked().Login().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, `/login?next=/a"b`, http.NoBody))
	style := regexp.MustCompile(`<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
	sum := sha256.Sum256([]byte(style[1]))
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, base64.StdEncoding.EncodeToString(sum[:])) {
		t.Errorf("policy is %s", policy)
	}
	if !strings.Contains(w.Body.String(), `value="/a&#34;b"`) {
		t.Errorf("page is %s", w.Body)
	}
}

func TestTriesAreSlowedDown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	minted(t, file, "ann", auth.Read)
	synctest.Test(t, func(t *testing.T) {
		login := locked(t, file).Login()
		try := func(remote string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", strings.NewReader("token=x"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = remote
			w := httptest.NewRecorder()
			login.ServeHTTP(w, r)
			return w.Code
		}
		for range 10 {
			if got := try("192.0.2.1:1"); got != http.StatusUnauthorized {
				t.Fatalf("status %d", got)
			}
		}
		if got := try("192.0.2.1:2"); got != http.StatusTooManyRequests {
			t.Errorf("the eleventh try: %d; want 429", got)
		}
		if got := try("192.0.2.2:1"); got != http.StatusUnauthorized {
			t.Errorf("another address: %d; want 401", got)
		}
		time.Sleep(10 * time.Second)
		if got := try("192.0.2.1:3"); got != http.StatusUnauthorized {
			t.Errorf("ten seconds later: %d; want 401", got)
		}
	})
}

// ask asks at a door with a token from an address.
func ask(t *testing.T, d *auth.Door, token, remote string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/tracks", http.NoBody)
	r.RemoteAddr = remote
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	d.Guard(auth.Read, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w
}

func wantTooMany(t *testing.T, w *httptest.ResponseRecorder, code, wait string) {
	t.Helper()
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != wait || !strings.Contains(w.Body.String(), `"code":"`+code+`"`) {
		t.Errorf("status %d, Retry-After %q, %s; want 429, %q and %s", w.Code, w.Header().Get("Retry-After"), w.Body, wait, code)
	}
}

func TestUnknownTokensAreSlowedDown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	secret := minted(t, file, "ann", auth.Read)
	synctest.Test(t, func(t *testing.T) {
		door := locked(t, file)
		const here, there = "192.0.2.1:1", "192.0.2.2:1"
		for range 20 {
			if w := ask(t, door, "", here); w.Code != http.StatusUnauthorized {
				t.Fatalf("without a token: %d", w.Code)
			}
		}
		for range 10 {
			if w := ask(t, door, "guess", here); w.Code != http.StatusUnauthorized {
				t.Fatalf("an unknown token: %d", w.Code)
			}
		}
		wantTooMany(t, ask(t, door, "guess", here), "too_many_tries", "6")
		if w := ask(t, door, secret, here); w.Code != http.StatusOK {
			t.Errorf("a known token from the same address: %d; want 200", w.Code)
		}
		if w := ask(t, door, "guess", there); w.Code != http.StatusUnauthorized {
			t.Errorf("an unknown token from another address: %d; want 401", w.Code)
		}
		time.Sleep(6 * time.Second)
		if w := ask(t, door, "guess", here); w.Code != http.StatusUnauthorized {
			t.Errorf("six seconds later: %d; want 401", w.Code)
		}
		wantTooMany(t, ask(t, door, "guess", here), "too_many_tries", "6")
	})
}

func TestATokenAsksAtItsPace(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	ann, bob := minted(t, file, "ann", auth.Read), minted(t, file, "bob", auth.Read)
	synctest.Test(t, func(t *testing.T) {
		door := locked(t, file)
		door.Limit(5)
		const here, there = "192.0.2.1:1", "192.0.2.2:1"
		for i := range 10 {
			if w := ask(t, door, ann, here); w.Code != http.StatusOK {
				t.Fatalf("request %d of a burst: %d", i, w.Code)
			}
		}
		wantTooMany(t, ask(t, door, ann, there), "too_many_requests", "1")
		if w := ask(t, door, bob, here); w.Code != http.StatusOK {
			t.Errorf("another token: %d; want 200", w.Code)
		}
		time.Sleep(time.Second)
		for i := range 5 {
			if w := ask(t, door, ann, here); w.Code != http.StatusOK {
				t.Fatalf("request %d, a second later: %d", i, w.Code)
			}
		}
		wantTooMany(t, ask(t, door, ann, here), "too_many_requests", "1")
	})
}

func TestTokensThatComeAndGo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	first := minted(t, file, "first", auth.Read)
	synctest.Test(t, func(t *testing.T) {
		door := locked(t, file)
		status := func(secret string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Header.Set("Authorization", "Bearer "+secret)
			w := httptest.NewRecorder()
			door.Guard(auth.Read, greet).ServeHTTP(w, r)
			return w.Code
		}
		if got := status(first); got != 200 {
			t.Fatalf("first: %d", got)
		}
		second := minted(t, file, "second", auth.Read)
		raw, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(raw), first) || strings.Contains(string(raw), second) {
			t.Fatalf("the file holds a secret (%v)", err)
		}
		_, last, _ := strings.Cut(string(raw), "\n")
		if err := os.WriteFile(file, []byte(last), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if was, is := status(first), status(second); was != 401 || is != 200 {
			t.Errorf("after the change: the one taken out %d, the one added %d; want 401 and 200", was, is)
		}
		if err := os.WriteFile(file, []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if got := status(second); got != 200 {
			t.Errorf("while the file is broken: %d; want those that counted to count on", got)
		}
	})
}

func TestBadTokenFiles(t *testing.T) {
	t.Parallel()
	_, good, err := auth.Mint("ann", []auth.Scope{auth.Read}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*auth.Token)) string {
		bad := good
		change(&bad)
		raw, err := json.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for name, c := range map[string]struct{ content, says string }{
		"empty":         {"# nothing yet\n\n", "there is none"},
		"no JSON":       {"ew_secret", "line 1: want a JSON object"},
		"unknown scope": {with(func(t *auth.Token) { t.Scopes = []auth.Scope{"write"} }), `scope is "write"; want read, ingest, label or admin`},
		"no scope":      {with(func(t *auth.Token) { t.Scopes = nil }), "has no scope"},
		"no name":       {with(func(t *auth.Token) { t.Name = "" }), "name is"},
		"no hash":       {with(func(t *auth.Token) { t.SHA256 = "ew_secret" }), "64 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "tokens")
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := auth.Locked(file, nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v; want %q", err, c.says)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "tokens")
	minted(t, file, "ann", auth.Read)
	if err := auth.Append(file, good); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a name used twice: %v", err)
	}
}
