package source

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"earworm/schema"
)

const (
	accessKey = "AKIAEARWORM"
	secretKey = "wJalrXUtnFEMI-hush"
)

// objects is an object store that knows one user, who may get objects of the
// bucket music and nothing else: s3:GetObject on music/*.
func objects(t *testing.T, stored map[string]string) string {
	t.Helper()
	refuse := func(w http.ResponseWriter, status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
		}{Code: code})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/music/")
		switch {
		case !signed(r.Context(), t, r):
			refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
		case r.Method != http.MethodGet || !ok || path == "" || r.URL.RawQuery != "":
			t.Errorf("%s %s asks for more than the right to get objects", r.Method, r.URL)
			refuse(w, http.StatusForbidden, "AccessDenied")
		case path == "busy.mp3":
			refuse(w, http.StatusServiceUnavailable, "SlowDown")
		case stored[path] == "":
			refuse(w, http.StatusNotFound, "NoSuchKey")
		default:
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			say(w, stored[path])
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// signed signs the request again with the secret, and compares.
func signed(ctx context.Context, t *testing.T, r *http.Request) bool {
	t.Helper()
	given := r.Header.Get("Authorization")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || !strings.Contains(given, accessKey+"/"+at.Format("20060102")+"/eu-north-1/s3/aws4_request") {
		return false
	}
	again, err := http.NewRequestWithContext(ctx, r.Method, "http://"+r.Host+r.URL.RequestURI(), http.NoBody)
	if err != nil {
		t.Error(err)
		return false
	}
	_, headers, _ := strings.Cut(given, "SignedHeaders=")
	headers, _, _ = strings.Cut(headers, ",")
	for name := range strings.SplitSeq(headers, ";") {
		if name != "host" {
			again.Header.Set(name, r.Header.Get(name))
		}
	}
	return signer.SignV4(*again, accessKey, secretKey, "", "eu-north-1").Header.Get("Authorization") == given
}

func TestObjects(t *testing.T) {
	t.Parallel()
	at := objects(t, map[string]string{"a b/c.mp3": "music", "../up.mp3": "odd"})
	good := S3{Endpoint: at, Region: "eu-north-1", AccessKey: accessKey, SecretKey: secretKey}
	with := func(change func(*S3)) S3 { s := good; change(&s); return s }
	cases := map[string]struct {
		config Config
		uri    string
		want   schema.Code // "none": it is read
	}{
		"read":                 {Config{S3: good}, "s3://music/a%20b/c.mp3", "none"},
		"bucket allowed":       {Config{S3: with(func(s *S3) { s.Buckets = []string{"music"} })}, "s3://music/a%20b/c.mp3", "none"},
		"missing":              {Config{S3: good}, "s3://music/b.mp3", schema.NotFound},
		"busy":                 {Config{S3: good}, "s3://music/busy.mp3", ""},
		"too large":            {Config{S3: good, MaxBytes: 4}, "s3://music/a%20b/c.mp3", schema.TooLarge},
		"wrong secret":         {Config{S3: with(func(s *S3) { s.SecretKey = "other" })}, "s3://music/a%20b/c.mp3", schema.AccessDenied},
		"bucket not allowed":   {Config{S3: with(func(s *S3) { s.Buckets = []string{"other"} })}, "s3://music/a%20b/c.mp3", schema.AccessDenied},
		"nothing configured":   {Config{}, "s3://music/a%20b/c.mp3", schema.AccessDenied},
		"scheme not allowed":   {Config{S3: good, Schemes: []string{"file"}}, "s3://music/a%20b/c.mp3", schema.AccessDenied},
		"private is no matter": {Config{S3: good, Admit: Public}, "s3://music/a%20b/c.mp3", "none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.config.TempDir = t.TempDir()
			f, err := opener(t, c.config).Fetch(t.Context(), uriOf(t, c.uri))
			if c.want == "none" {
				if err != nil || f.Size != 5 || f.SHA256 != sumOfMusic {
					t.Fatalf("got %+v, %v", f, err)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			} else if got := codeOf(t, err); got != c.want || strings.Contains(err.Error(), "hush") {
				t.Errorf("code %q (%v); want %q", got, err, c.want)
			}
			isEmpty(t, c.config.TempDir)
		})
	}
}
