// Package source opens the bytes of a track, wherever they are: a local file
// is used in place, a web address is downloaded to a file for as long as it is
// needed. It guards the worker against what a source may be: too large, too
// slow, not a file, not where it may be read from.
package source

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// scheme is how an address is told from a path: "track 1: intro.wav" is a path.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// Canonical is the one URI of a track at a path or an address: file:// with an
// absolute path, http://, https:// or s3://bucket/key. Equal URIs are equal tracks, and a
// canonical URI is its own canonical URI. Links are not followed, so that a
// track keeps its name when its file is moved behind a link.
func Canonical(pathOrURL string) (string, error) {
	switch {
	case pathOrURL == "":
		return "", errors.New("source is empty; want a path or an address")
	case strings.ContainsRune(pathOrURL, 0):
		return "", fmt.Errorf("source is %q; a zero byte names nothing", pathOrURL)
	case !scheme.MatchString(pathOrURL):
		abs, err := filepath.Abs(pathOrURL)
		if err != nil {
			return "", fmt.Errorf("source %q: %w", pathOrURL, err)
		}
		return fileURI(abs), nil
	}
	u, err := url.Parse(pathOrURL)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err // without the address, which may hold a password
		}
		return "", fmt.Errorf("source is not an address: %w", err)
	}
	switch u.Scheme {
	case "file":
		return canonicalFile(u)
	case "http", "https":
		return canonicalWeb(u)
	case "s3":
		return canonicalObject(u)
	}
	return "", fmt.Errorf("source is %q; want a path, file://, http://, https:// or s3://", u.Redacted())
}

// bucketName is what AWS lets a bucket be called.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// canonicalObject leaves the key as it is: a//b and a/b are two objects.
func canonicalObject(u *url.URL) (string, error) {
	switch {
	case !bucketName.MatchString(u.Host) || u.User != nil:
		return "", fmt.Errorf("source is %q; want s3://bucket/key, the bucket in small letters", u.Redacted())
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("source is %q; in an s3:// address, ? and # are written %%3F and %%23", u.Redacted())
	case strings.Trim(u.Path, "/") == "" || strings.ContainsRune(u.Path, 0):
		return "", fmt.Errorf("source is %q; want a key after s3://bucket/", u.Redacted())
	}
	return (&url.URL{Scheme: "s3", Host: u.Host, Path: u.Path}).String(), nil
}

func canonicalFile(u *url.URL) (string, error) {
	switch {
	case u.Host != "" && u.Host != "localhost":
		return "", fmt.Errorf("source is %q; a file:// address has no host: want three slashes", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("source is %q; in a file:// address, ?, # and @ are written %%3F, %%23 and %%40", u.Redacted())
	case u.Path == "" || strings.ContainsRune(u.Path, 0):
		return "", fmt.Errorf("source is %q; want a path after file://", u.Redacted())
	}
	return fileURI(path.Clean(u.Path)), nil
}

func fileURI(abs string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String()
}

func canonicalWeb(u *url.URL) (string, error) {
	port := u.Port()
	switch {
	case u.User != nil:
		// The URI is stored and shown; a password must not be.
		return "", fmt.Errorf("source is %q; an address may not hold a user or password", u.Redacted())
	case u.Hostname() == "":
		return "", fmt.Errorf("source is %q; want a host", u.Redacted())
	case !utf8.ValidString(u.Host):
		return "", fmt.Errorf("source is %q; the host is not text", u.Redacted())
	case port == "80" && u.Scheme == "http", port == "443" && u.Scheme == "https":
		port = ""
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	u.Host, u.Fragment, u.RawFragment, u.ForceQuery = host, "", "", false
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// LocalPath is the path of a canonical file:// URI; of any other, ok is false.
func LocalPath(uri string) (name string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", false
	}
	return filepath.FromSlash(u.Path), true
}

// Name is how a person knows a source, in messages and logs: its path where it
// is a local file, else the URI, without its query, which may be a secret: a
// signed address opens the file for whoever reads it.
func Name(uri string) string {
	if name, ok := LocalPath(uri); ok {
		return name
	}
	if address, _, signed := strings.Cut(uri, "?"); signed {
		return address + "?…"
	}
	return uri
}
