package source

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"earworm/schema"
)

func say(w io.Writer, s string) {
	_, _ = io.WriteString(w, s) // who hung up does not hear it
}

// serve answers at /status/N with N, at /hops/N with N redirects, and with
// music in other ways.
func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/music", func(w http.ResponseWriter, _ *http.Request) { say(w, "music") })
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/hops/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		to := "/music"
		if n > 1 {
			to = "/hops/" + strconv.Itoa(n-1)
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	mux.HandleFunc("/to-file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "file:///etc/hostname")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/unsaid", func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			say(w, strings.Repeat("x", 100))
			w.(http.Flusher).Flush() // chunked: the length is not said beforehand
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		say(w, "music")
	})
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			say(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			say(w, strings.Repeat("x", 1<<16))
		}
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 200 {
			w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 1000))
		}
		say(w, "music")
	})
	mux.HandleFunc("/to-localhost", func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := strings.Cut(r.Host, ":")
		http.Redirect(w, r, "http://localhost:"+port+"/music", http.StatusFound)
	})
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/stalled", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestDownloadIsRemovedWhenClosed(t *testing.T) {
	t.Parallel()
	at, dir := serve(t), t.TempDir()
	f, err := opener(t, Config{TempDir: dir}).Fetch(t.Context(), at+"/hops/5")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(f.Path)
	if err != nil || string(content) != "music" || f.Size != 5 || f.SHA256 != sumOfMusic {
		t.Errorf("got %q, %v, %+v", content, err, f)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Errorf("closing, twice: %v", err)
	}
	isEmpty(t, dir)
}

func isEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDownloadRefusals(t *testing.T) {
	t.Parallel()
	at := serve(t)
	const transient = ""
	refuse := func(netip.AddrPort) error { return errors.New("it is private") }
	cases := map[string]struct {
		config Config
		path   string
		want   schema.Code
	}{
		"404":                      {Config{}, "/status/404", schema.NotFound},
		"410":                      {Config{}, "/status/410", schema.NotFound},
		"204":                      {Config{}, "/status/204", schema.NotFound},
		"401":                      {Config{}, "/status/401", schema.AccessDenied},
		"403":                      {Config{}, "/status/403", schema.AccessDenied},
		"413":                      {Config{}, "/status/413", schema.TooLarge},
		"429":                      {Config{}, "/status/429", transient},
		"500":                      {Config{}, "/status/500", transient},
		"503":                      {Config{}, "/status/503", transient},
		"too many redirects":       {Config{}, "/hops/6", schema.NotFound},
		"redirect to a file":       {Config{}, "/to-file", schema.AccessDenied},
		"longer than allowed":      {Config{MaxBytes: 4}, "/music", schema.TooLarge},
		"longer than it said":      {Config{MaxBytes: 5000}, "/unsaid", schema.TooLarge},
		"broken off":               {Config{}, "/cut", transient},
		"server says nothing":      {Config{HeaderTimeout: 50 * time.Millisecond}, "/silent", transient},
		"server stops half-way":    {Config{Timeout: 50 * time.Millisecond}, "/stalled", transient},
		"endless":                  {Config{MaxBytes: 10 << 20}, "/endless", schema.TooLarge},
		"redirects in a loop":      {Config{}, "/loop", schema.NotFound},
		"drop by drop":             {Config{MinRate: 1000, Window: 200 * time.Millisecond}, "/drip", transient},
		"too much before the body": {Config{}, "/headers", transient},
		"address is on this host":  {Config{Admit: Public}, "/music", schema.AccessDenied},
		"host is not allowed":      {Config{Hosts: []string{"example.org"}}, "/music", schema.AccessDenied},
		"redirect to another host": {Config{Hosts: []string{"127.0.0.1"}}, "/to-localhost", schema.AccessDenied},
		"address is not admitted":  {Config{Admit: refuse}, "/music", schema.AccessDenied},
		"scheme is not admitted":   {Config{Schemes: []string{"https", "file"}}, "/music", schema.AccessDenied},
		"longest that is admitted": {Config{MaxBytes: 10000}, "/unsaid", "none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.config.TempDir = t.TempDir()
			f, err := opener(t, c.config).Fetch(t.Context(), at+c.path)
			if c.want == "none" {
				if err != nil || f.Size != 10000 {
					t.Errorf("got %+v, %v", f, err)
				}
				return
			}
			if got := codeOf(t, err); got != c.want || got == transient && !errors.Is(err, ErrUnavailable) {
				t.Errorf("code %q (%v), want %q", got, err, c.want)
			}
			if !strings.HasPrefix(err.Error(), `fetch "http://`) {
				t.Errorf("error does not name the source: %v", err)
			}
			isEmpty(t, c.config.TempDir)
		})
	}
}

func TestConnectionRefusedIsTransient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	at := server.URL
	server.Close()
	_, err := opener(t, Config{}).Fetch(t.Context(), at+"/a.mp3")
	if got := codeOf(t, err); got != "" {
		t.Errorf("code %q (%v), want a transient error", got, err)
	}
}

// A server that may be reached does not lead to one that may not.
func TestRedirectToAnAddressThatIsNotAdmitted(t *testing.T) {
	t.Parallel()
	inner, asked := "", false
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer private.Close()
	inner = private.URL
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner, http.StatusFound)
	}))
	defer public.Close()
	admit := func(to netip.AddrPort) error {
		if "http://"+to.String() == public.URL {
			return nil
		}
		return Public(to)
	}
	_, err := opener(t, Config{Admit: admit}).Fetch(t.Context(), public.URL+"/a.mp3")
	if got := codeOf(t, err); got != schema.AccessDenied || asked {
		t.Errorf("code %q (%v), the inner server asked: %v; want access_denied, false", got, err, asked)
	}
}

// A proxy would connect to what Admit never sees.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	asked := false
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	_, err := opener(t, Config{HeaderTimeout: 50 * time.Millisecond}).Fetch(t.Context(), "http://host.invalid/a.mp3")
	if err == nil || asked {
		t.Errorf("error %v, the proxy asked: %v; want an error, false", err, asked)
	}
}

func TestSignedAddressIsNotRepeated(t *testing.T) {
	t.Parallel()
	at := serve(t)
	for _, path := range []string{"/status/404", "/status/500", "/cut", "/to-file"} {
		_, err := opener(t, Config{}).Fetch(t.Context(), at+path+"?X-Amz-Signature=hush")
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error shows the signature: %v", path, err)
		}
	}
}
