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

	"github.com/minio/minio-go/v7"

	"earworm/schema"
)

// Config says what an Opener may open. The zero Config opens local files and
// addresses on the Internet, of up to 2 GiB.
type Config struct {
	Schemes       []string      // allowed, of "file", "http", "https", "s3"; empty: all
	Roots         []string      // folders that local files must lie in, links followed; empty: anywhere
	Hosts         []string      // that web addresses must be on, *.example.org for those below it; empty: any
	S3            S3            // where s3:// sources are
	MaxBytes      int64         // of one track; 0: 2 GiB
	TempDir       string        // where downloads go; "": the system's
	Timeout       time.Duration // of one whole download; 0: 10 min
	HeaderTimeout time.Duration // until a server begins to answer, connecting included; 0: 30 s
	MinRate       int64         // bytes a second that a server must send over each Window; 0: 8 KiB
	Window        time.Duration // 0: 30 s
	MaxRedirects  int           // followed for one download; 0: 5

	// Admit decides whether an address may be connected to, after its name was
	// looked up and for each redirect anew. nil: Public.
	Admit func(netip.AddrPort) error
}

// WithDefaults returns a copy with every zero field filled in.
func (c Config) WithDefaults() Config {
	if len(c.Schemes) == 0 {
		c.Schemes = []string{"file", "http", "https", "s3"}
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
	if c.MinRate == 0 {
		c.MinRate = 8 << 10
	}
	if c.Window == 0 {
		c.Window = 30 * time.Second
	}
	if c.Admit == nil {
		c.Admit = Public
	}
	return c
}

// Validate names the first field that cannot be.
func (c Config) Validate() error {
	for _, s := range c.Schemes {
		if s != "file" && s != "http" && s != "https" && s != "s3" {
			return fmt.Errorf("schemes holds %q; want file, http, https or s3", s)
		}
	}
	for _, r := range c.Roots {
		if !filepath.IsAbs(r) {
			return fmt.Errorf("roots holds %q; want absolute paths", r)
		}
	}
	for _, h := range c.Hosts {
		if !validHost(h) {
			return fmt.Errorf("hosts holds %q; want a host in small letters, without a port, or *.example.org", h)
		}
	}
	if c.S3.Endpoint != "" {
		if err := c.S3.validate(); err != nil {
			return err
		}
	}
	switch {
	case c.MinRate < 1:
		return fmt.Errorf("min_rate is %d; want 1 or more", c.MinRate)
	case c.Window < time.Millisecond:
		return fmt.Errorf("window is %v; want 1ms or more", c.Window)
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
	bucket *minio.Core // nil: s3:// is refused
}

// New makes an Opener. Its error names the setting that cannot be.
func New(c Config) (*Opener, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	o := &Opener{config: c, client: webClient(c)}
	if c.S3.Endpoint != "" {
		var err error
		if o.bucket, err = bucketClient(c.S3, c.HeaderTimeout); err != nil {
			return nil, fmt.Errorf("s3: %w", err)
		}
	}
	return o, nil
}

// File is a track's content, as a local file until it is closed.
type File struct {
	Path   string
	SHA256 string // of the content, hexadecimal
	Size   int64  // bytes

	remove func() error // of what was downloaded or held open; nil where a file is used in place
}

// Close removes what was downloaded. A file that was there stays.
func (f *File) Close() error {
	if f.remove == nil {
		return nil
	}
	remove := f.remove
	f.remove = nil
	return remove()
}

// Fetch makes the content at a canonical URI a local file. An error that wraps
// ErrUnavailable is of the source's server. Where trying again is of no use it is a *schema.Failure: not_found, access_denied,
// too_large, or unsupported_format for what is no file (a folder, a device).
func (o *Opener) Fetch(ctx context.Context, uri string) (*File, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, schema.Fail(schema.NotFound, "fetch %q: not an address", Name(uri))
	}
	if !slices.Contains(o.config.Schemes, u.Scheme) {
		return nil, schema.Fail(schema.AccessDenied, "fetch %q: %s:// is not among the allowed schemes", Name(uri), u.Scheme)
	}
	switch u.Scheme {
	case "file":
		return o.local(ctx, filepath.FromSlash(u.Path))
	case "s3":
		return o.object(ctx, u)
	}
	return o.download(ctx, u)
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
