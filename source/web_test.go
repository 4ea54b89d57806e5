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
	if err != nil || string(content) != "music" || f.Size != 5 || f.SHA256 != hexSHA256("music") {
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
			if got := codeOf(t, err); got != c.want {
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
