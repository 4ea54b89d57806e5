package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"earworm/schema"
)

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	if c.TempDir == "" {
		c.TempDir = t.TempDir()
	}
	if c.Admit == nil {
		c.Admit = Anywhere // servers of tests are on this machine
	}
	o, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func uriOf(t *testing.T, pathOrURL string) string {
	t.Helper()
	uri, err := Canonical(pathOrURL)
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var sumOfMusic = func() string {
	sum := sha256.Sum256([]byte("music"))
	return hex.EncodeToString(sum[:])
}()

// codeOf is the failure's code, "" for a transient error.
func codeOf(t *testing.T, err error) schema.Code {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.ContainsAny(err.Error(), "\n") {
		t.Errorf("error is not one line: %q", err)
	}
	if f, ok := errors.AsType[*schema.Failure](err); ok {
		return f.Code
	}
	return ""
}

func TestLocalFileIsUsedInPlace(t *testing.T) {
	t.Parallel()
	name := write(t, filepath.Join(t.TempDir(), "what? 100%.mp3"), "music")
	f, err := opener(t, Config{}).Fetch(t.Context(), uriOf(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if f.Path != name || f.Size != 5 || f.SHA256 != sumOfMusic {
		t.Errorf("got %+v", f)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Errorf("closing removed a file that was used in place: %v", err)
	}
}

func TestLocalRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "a.mp3"), "0123456789")
	pipe := filepath.Join(dir, "pipe.mp3")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	sibling := root + "2"
	if err := os.Mkdir(sibling, 0o700); err != nil {
		t.Fatal(err)
	}
	beside := write(t, filepath.Join(sibling, "a.mp3"), "music")
	way := filepath.Join(root, "way-out.mp3")
	if err := os.Symlink(file, way); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		config Config
		path   string
		want   schema.Code
	}{
		"missing":                {Config{}, filepath.Join(dir, "b.mp3"), schema.NotFound},
		"below a file":           {Config{}, filepath.Join(file, "b.mp3"), schema.NotFound},
		"name beyond all limits": {Config{}, filepath.Join(dir, strings.Repeat("x", 5000)), schema.NotFound},
		"folder":                 {Config{}, dir, schema.UnsupportedFormat},
		"pipe":                   {Config{}, pipe, schema.UnsupportedFormat},
		"device":                 {Config{}, "/dev/zero", schema.UnsupportedFormat},
		"too large":              {Config{MaxBytes: 9}, file, schema.TooLarge},
		"outside the roots":      {Config{Roots: []string{root}}, file, schema.AccessDenied},
		"sibling of a root":      {Config{Roots: []string{root}}, beside, schema.AccessDenied},
		"link out of the roots":  {Config{Roots: []string{root}}, way, schema.AccessDenied},
		"no files allowed":       {Config{Schemes: []string{"https"}}, file, schema.AccessDenied},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := opener(t, c.config).Fetch(t.Context(), uriOf(t, c.path))
			if got := codeOf(t, err); got != c.want {
				t.Errorf("code %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestRootsAdmitWhatLiesInThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	name := write(t, filepath.Join(dir, "..a.mp3"), "music")
	for _, root := range []string{dir, link} {
		if _, err := opener(t, Config{Roots: []string{root}}).Fetch(t.Context(), uriOf(t, name)); err != nil {
			t.Errorf("root %q: %v", root, err)
		}
	}
}

// What is decoded is what was admitted, whatever its name stands for by then.
func TestFileInARootStaysWhatItWas(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), write(t, filepath.Join(t.TempDir(), "secret"), "secret")
	name := write(t, filepath.Join(root, "a.mp3"), "music")
	f, err := opener(t, Config{Roots: []string{root}}).Fetch(t.Context(), uriOf(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(name), os.Symlink(outside, name)); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(f.Path); err != nil || string(content) != "music" {
		t.Errorf("the file now reads %q, %v; want what was there", content, err)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Errorf("closing, twice: %v", err)
	}
}

// While one link is turned in and out of the root again and again, nothing from
// outside is ever read.
func TestLinkThatTurnsWhileItIsOpened(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	inside := filepath.Join(root, "album")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(inside, "a.mp3"), "music")
	write(t, filepath.Join(outside, "a.mp3"), "secret")
	link, spare := filepath.Join(root, "link"), filepath.Join(root, "spare")
	ctx, stop := context.WithCancel(t.Context())
	turned := make(chan struct{})
	go func() {
		defer close(turned)
		for target := inside; ctx.Err() == nil; {
			_ = os.Remove(spare)
			_ = os.Symlink(target, spare)
			_ = os.Rename(spare, link)
			if target == inside {
				target = outside
			} else {
				target = inside
			}
		}
	}()
	o, read := opener(t, Config{Roots: []string{root}}), 0
	for range 2000 {
		f, err := o.Fetch(t.Context(), uriOf(t, filepath.Join(link, "a.mp3")))
		if err != nil {
			continue
		}
		read++
		if f.SHA256 != sumOfMusic {
			t.Error("read what is outside of the root")
		}
		f.Close()
	}
	stop()
	<-turned
	if read == 0 {
		t.Error("nothing was read at all")
	}
}

func TestCancelledFetchIsTransient(t *testing.T) {
	t.Parallel()
	name := write(t, filepath.Join(t.TempDir(), "a.mp3"), "music")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := opener(t, Config{}).Fetch(ctx, uriOf(t, name))
	if codeOf(t, err) != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestConfigNamesTheField(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		`schemes holds "ftp"; want file, http, https or s3`:                                  {Schemes: []string{"ftp"}},
		`hosts holds "h:80"; want a host in small letters, without a port, or *.example.org`: {Hosts: []string{"h:80"}},
		`hosts holds "*"; want a host in small letters, without a port, or *.example.org`:    {Hosts: []string{"*"}},
		`s3_endpoint is not a URL of a host; want https://host or https://host:port`:         {S3: S3{Endpoint: "s3.example.org"}},
		`s3 has one of access key and secret key; want both or none`:                         {S3: S3{Endpoint: "https://h", AccessKey: "a"}},
		`min_rate is -1; want 1 or more`:                                                     {MinRate: -1},
		`window is -1s; want 1ms or more`:                                                    {Window: -1e9},
		`roots holds "music"; want absolute paths`:                                           {Roots: []string{"music"}},
		`max_bytes is -1; want 1 or more`:                                                    {MaxBytes: -1},
		`timeout is -1s; want 1ms or more`:                                                   {Timeout: -1e9},
		`header_timeout is -1s; want 1ms or more`:                                            {HeaderTimeout: -1e9},
		`max_redirects is -1; want 1 or more`:                                                {MaxRedirects: -1},
	} {
		if _, err := New(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
