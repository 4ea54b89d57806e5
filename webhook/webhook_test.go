package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earworm/schema"
	"earworm/webhook"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes ok!"))

func sender(t *testing.T, private bool, hosts ...string) *webhook.Sender {
	t.Helper()
	s, err := webhook.New(webhook.Config{Hosts: hosts, Private: private, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func event() webhook.Event {
	return webhook.EventOf(schema.Track{ID: "a", Status: schema.Failed, ModelVersion: "m1", Failure: schema.Fail(schema.Silent, "no sound")}, nil, time.Now())
}

// TestTheSpecificationsOwnLibraryAccepts what is sent, and not what was changed.
func TestTheSpecificationsOwnLibraryAccepts(t *testing.T) {
	t.Parallel()
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var got webhook.Event
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := check.Verify(body, r.Header); err != nil {
			t.Errorf("the signature is refused: %v", err)
		}
		if err := check.Verify(append(body, ' '), r.Header); err == nil {
			t.Error("a changed body is accepted")
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
	}))
	defer receiver.Close()
	if err := sender(t, true, "127.0.0.1").Send(t.Context(), "msg_1", receiver.URL+"/done", event(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if got.Type != "track.failed" || got.Data.TrackID != "a" || got.Data.Error.Code != schema.Silent {
		t.Errorf("the receiver got %+v", got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/elsewhere":
			http.Redirect(w, r, "/fine", http.StatusTemporaryRedirect)
		}
	}))
	defer receiver.Close()
	for path, want := range map[string]struct {
		ok, final bool
	}{"/fine": {ok: true}, "/broken": {}, "/gone": {final: true}, "/elsewhere": {}} {
		err := sender(t, true, "127.0.0.1").Send(t.Context(), "msg_1", receiver.URL+path, event(), time.Now())
		_, final := errors.AsType[*schema.Failure](err)
		if (err == nil) != want.ok || final != want.final {
			t.Errorf("%s: %v; want ok %v, final %v", path, err, want.ok, want.final)
		}
	}
}

// TestPrivateAddresses: a name that is allowed may still lead nowhere private.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a private address was told")
	}))
	defer receiver.Close()
	for _, address := range []string{receiver.URL, strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1), strings.Replace(receiver.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		err := sender(t, false, "127.0.0.1", "localhost", "::ffff:127.0.0.1").Send(t.Context(), "msg_1", address, event(), time.Now())
		if _, final := errors.AsType[*schema.Failure](err); !final {
			t.Errorf("%s: %v; want it refused for good", address, err)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	s := sender(t, false, "api.example.org", "*.example.com")
	for address, want := range map[string]bool{
		"https://api.example.org/done":    true,
		"http://API.example.org:8080/x":   true,
		"https://deep.down.example.com":   true,
		"https://example.com":             false,
		"https://evil-example.com":        false,
		"https://example.org":             false,
		"https://u:p@api.example.org":     false,
		"ftp://api.example.org":           false,
		"https://api.example.org.evil.io": false,
		"api.example.org":                 false,
		"":                                false,
	} {
		if err := s.Check(address); (err == nil) != want {
			t.Errorf("%q: %v; want allowed %v", address, err, want)
		}
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config webhook.Config
		says   string
	}{
		"no host":       {webhook.Config{Secret: secret}, "hosts are missing"},
		"address":       {webhook.Config{Hosts: []string{"https://a"}, Secret: secret}, "want a name such as"},
		"star inside":   {webhook.Config{Hosts: []string{"a.*.b"}, Secret: secret}, "want a name such as"},
		"no secret":     {webhook.Config{Hosts: []string{"a"}}, "openssl rand"},
		"short secret":  {webhook.Config{Hosts: []string{"a"}, Secret: "whsec_YWJj"}, "openssl rand"},
		"broken secret": {webhook.Config{Hosts: []string{"a"}, Secret: "not base64"}, "openssl rand"},
	} {
		if _, err := webhook.New(c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q", name, err, c.says)
		}
	}
}
