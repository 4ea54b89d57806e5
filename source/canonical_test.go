package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ in, want string }{
		"absolute path":                {"/music/a.flac", "file:///music/a.flac"},
		"relative path":                {"a.flac", "file://" + filepath.ToSlash(here) + "/a.flac"},
		"path with dots":               {"/music/../b//c.mp3", "file:///b/c.mp3"},
		"path that looks like a query": {"/music/what?.mp3", "file:///music/what%3F.mp3"},
		"path with a colon":            {"/music/no. 1: intro#2.mp3", "file:///music/no.%201:%20intro%232.mp3"},
		"path with a percent sign":     {"/music/100%25.mp3", "file:///music/100%2525.mp3"},
		"path that is not text":        {"/music/\xff.mp3", "file:///music/%FF.mp3"},
		"file address":                 {"file:///music/a%20b.mp3", "file:///music/a%20b.mp3"},
		"file address of this host":    {"FILE://localhost/music/./a.mp3", "file:///music/a.mp3"},
		"web address":                  {"HTTPS://Example.COM:443/A.mp3#t=10", "https://example.com/A.mp3"},
		"web address with a query":     {"http://h:80?id=7&x=%2F", "http://h/?id=7&x=%2F"},
		"web address with a port":      {"http://h:8080/a", "http://h:8080/a"},
		"object":                       {"S3://music/a%20b//c.mp3", "s3://music/a%20b//c.mp3"},
		"object with dots":             {"s3://my.music/../c", "s3://my.music/../c"},
		"web address by number":        {"http://[::1]:80/a", "http://[::1]/a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Canonical(c.in)
			if err != nil || got != c.want {
				t.Errorf("Canonical(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"nothing":             "",
		"zero byte":           "/a\x00b",
		"other scheme":        "ftp://h/a.mp3",
		"file on a host":      "file://server/a.mp3",
		"file without a path": "file://",
		"file with a query":   "file:///a?b",
		"web without a host":  "http:///a",
		"object without key":  "s3://music/",
		"bucket in capitals":  "s3://Music/a",
		"bucket with a port":  "s3://music:80/a",
		"object with a query": "s3://music/a?versionId=1",
		"password":            "https://me:hush@h/a",
		"broken, password":    "https://me:hush@h:port/a",
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Canonical(in)
			if err == nil {
				t.Fatalf("Canonical(%q) = %q; want an error", in, got)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestNameIsPathOrAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/music/what? 100%.mp3": "/music/what? 100%.mp3",
		"https://h/a%20b.mp3":   "https://h/a%20b.mp3",
		"https://h/a?sign=hush": "https://h/a?…",
		"s3://music/a":          "s3://music/a",
	} {
		uri, err := Canonical(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Name(uri); got != want {
			t.Errorf("Name(%q) = %q, want %q", uri, got, want)
		}
	}
}

// A canonical URI is its own canonical URI, and a path survives the way there
// and back.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"/a/b.mp3", "a b", "/x?y#z%41", "file:///a%2Fb", "http://H:80/%7e?q#f", "https://[::1]:1/", "http://h%41/", "\xff", "file:////a//b", "http://h/a//../b", "s3://music/%2e%2e/a%3f", "s3://music//",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, err := Canonical(in)
		if err != nil {
			return
		}
		twice, err := Canonical(once)
		if err != nil || twice != once {
			t.Fatalf("Canonical(%q) = %q, of which Canonical is %q, %v", in, once, twice, err)
		}
		if filepath.IsAbs(in) {
			if got, ok := LocalPath(once); !ok || got != filepath.Clean(in) {
				t.Fatalf("LocalPath(%q) = %q, %v; want %q", once, got, ok, filepath.Clean(in))
			}
		}
	})
}
