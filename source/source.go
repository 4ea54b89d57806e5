package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"earworm/schema"
)

// Config says what an Opener may open. The zero Config opens local files and
// web addresses of up to 2 GiB.
type Config struct {
	Schemes       []string      // allowed, of "file", "http", "https"; empty: all three
	Roots         []string      // folders that local files must lie in, links followed; empty: anywhere
	MaxBytes      int64         // of one track; 0: 2 GiB
	TempDir       string        // where downloads go; "": the system's
	Timeout       time.Duration // of one whole download; 0: 10 min
	HeaderTimeout time.Duration // until a server begins to answer, connecting included; 0: 30 s
	MaxRedirects  int           // followed for one download; 0: 5

	// Admit decides whether an address may be connected to, after its name was
	// looked up and for each redirect anew. nil admits every address.
	Admit func(netip.AddrPort) error
}

// WithDefaults returns a copy with every zero field filled in.
func (c Config) WithDefaults() Config {
	if len(c.Schemes) == 0 {
		c.Schemes = []string{"file", "http", "https"}
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 2 << 30
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Minute
	}
	if c.HeaderTimeout == 0 {
		c.HeaderTimeout = 30 * time.Second
	}
	if c.MaxRedirects == 0 {
		c.MaxRedirects = 5
	}
	if c.Admit == nil {
		c.Admit = func(netip.AddrPort) error { return nil }
	}
	return c
}

// Validate names the first field that cannot be.
func (c Config) Validate() error {
	for _, s := range c.Schemes {
		if s != "file" && s != "http" && s != "https" {
			return fmt.Errorf("schemes holds %q; want file, http or https", s)
		}
	}
	for _, r := range c.Roots {
		if !filepath.IsAbs(r) {
			return fmt.Errorf("roots holds %q; want absolute paths", r)
		}
	}
	switch {
	case c.MaxBytes < 1:
		return fmt.Errorf("max_bytes is %d; want 1 or more", c.MaxBytes)
	case c.Timeout < time.Millisecond:
		return fmt.Errorf("timeout is %v; want 1ms or more", c.Timeout)
	case c.HeaderTimeout < time.Millisecond:
		return fmt.Errorf("header_timeout is %v; want 1ms or more", c.HeaderTimeout)
	case c.MaxRedirects < 1:
		return fmt.Errorf("max_redirects is %d; want 1 or more", c.MaxRedirects)
	}
	return nil
}

// Opener fetches tracks. It is safe for concurrent use.
type Opener struct {
	config Config
	client *http.Client
}

// New makes an Opener. Its error names the setting that cannot be.
func New(c Config) (*Opener, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Opener{config: c, client: webClient(c)}, nil
}

// File is a track's content, as a local file until it is closed.
type File struct {
	Path   string
	SHA256 string // of the content, hexadecimal
	Size   int64  // bytes

	remove func() error // nil where the file is used in place
}

// Close removes what was downloaded. A file used in place stays.
func (f *File) Close() error {
	if f.remove == nil {
		return nil
	}
	remove := f.remove
	f.remove = nil
	return remove()
}

// Fetch makes the content at a canonical URI a local file. Where trying again
// is of no use the error is a *schema.Failure: not_found, access_denied,
// too_large, or unsupported_format for what is no file (a folder, a device).
func (o *Opener) Fetch(ctx context.Context, uri string) (*File, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, schema.Fail(schema.NotFound, "fetch %q: not an address", uri)
	}
	if !slices.Contains(o.config.Schemes, u.Scheme) {
		return nil, schema.Fail(schema.AccessDenied, "fetch %q: %s:// is not among the allowed schemes", uri, u.Scheme)
	}
	if u.Scheme == "file" {
		return o.local(ctx, filepath.FromSlash(u.Path))
	}
	return o.download(ctx, uri)
}

func (o *Opener) tooLarge(name string) *schema.Failure {
	return schema.Fail(schema.TooLarge, "fetch %q: more than %d bytes", name, o.config.MaxBytes)
}

// fileError gives the file system's lasting errors their codes.
func fileError(name string, err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // the name is said already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), notAFolder(err):
		return schema.Fail(schema.NotFound, "fetch %q: no such file", name)
	case errors.Is(err, fs.ErrPermission):
		return schema.Fail(schema.AccessDenied, "fetch %q: permission denied", name)
	}
	return fmt.Errorf("fetch %q: %w", name, err)
}
