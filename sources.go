package main

import (
	"fmt"
	"path/filepath"

	"earworm/source"
)

// sourceSettings say where tracks may be read from.
type sourceSettings struct {
	roots   []string
	hosts   []string
	private bool // set before flags is called, it is the default
	s3      source.S3
}

func (c *sourceSettings) flags(s *settings) {
	s.list(&c.roots, "roots", "`folders` that files may be read from, with commas between (default: any)")
	s.list(&c.hosts, "hosts", "`hosts` that web addresses may be on, with commas between; *.example.org for those below it (default: any)")
	s.BoolVar(&c.private, "allow-private", c.private, "read from private, loopback and link-local addresses too")
	s.setting("allow-private")
	s.text(&c.s3.Endpoint, "s3-endpoint", "", "`URL` of the object store that s3:// sources are in (default: s3:// is refused)")
	s.text(&c.s3.Region, "s3-region", "us-east-1", "`region` of its buckets")
	s.list(&c.s3.Buckets, "s3-buckets", "`buckets` that may be read, with commas between (default: all that the keys open)")
	s.text(&c.s3.AccessKey, "s3-access-key", "", "`key` to sign in with (default: what AWS_… variables, files and services say)")
	s.secret(&c.s3.SecretKey, "s3-secret-key", "`secret` of that key; rather in EARWORM_S3_SECRET_KEY")
}

// opener reads tracks of at most that many bytes.
func (c *sourceSettings) opener(maxBytes int64) (*source.Opener, error) {
	config := source.Config{MaxBytes: maxBytes, Hosts: c.hosts, S3: c.s3, Admit: source.Public}
	if c.private {
		config.Admit = source.Anywhere
	}
	for _, root := range c.roots {
		abs, err := filepath.Abs(root)
		if err != nil {
			return nil, fmt.Errorf("roots holds %q: %w", root, err)
		}
		config.Roots = append(config.Roots, abs)
	}
	opener, err := source.New(config)
	if err != nil {
		return nil, usageError{err}
	}
	return opener, nil
}
