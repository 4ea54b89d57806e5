// Package upload keeps the files that are sent to the service, and makes tracks
// of them.
package upload

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"earworm/dsp/decode"
	"earworm/schema"
	"earworm/source"
)

// What is wrong with a file, for its sender to mend. Nothing of it is kept.
var (
	ErrTooLarge = errors.New("the file is too large")
	ErrEmpty    = errors.New("the file is empty")
)

// Folder is where files are kept, each under its hash: no name becomes a path.
type Folder struct {
	Path      string // made when the first file comes
	MostBytes int64  // of one file
}

// mostNameBytes is how long the name of a file is kept.
const mostNameBytes = 200

// Keep reads one file to its end and returns it as a track that is in no store
// yet: with its identifier, its source and its tags, or its name for a title.
// The same bytes are the same track. Other errors than ErrTooLarge and ErrEmpty
// are those of the body or the file system.
func (f Folder) Keep(body io.Reader, name string) (schema.Track, error) {
	path, err := f.receive(body)
	if err != nil {
		return schema.Track{}, fmt.Errorf("keep upload: %w", err)
	}
	uri, err := source.Canonical(path)
	if err != nil {
		return schema.Track{}, fmt.Errorf("keep upload: %w", err)
	}
	t := schema.Track{ID: schema.TrackIDOf(uri), Source: uri}
	if tags, err := decode.ReadTags(path); err == nil {
		t.Title, t.Artist, t.Album = tags.Title, tags.Artist, tags.Album
	}
	if t.Title == "" {
		name = strings.TrimSuffix(name, filepath.Ext(name))
		t.Title = strings.ToValidUTF8(name[:min(len(name), mostNameBytes)], "\uFFFD")
	}
	return t, nil
}

// receive writes a body into the folder, under its hash.
func (f Folder) receive(body io.Reader) (path string, err error) {
	if err := os.MkdirAll(f.Path, 0o750); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(f.Path, ".part-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, sum), io.LimitReader(body, f.MostBytes+1))
	switch err = errors.Join(err, file.Close()); {
	case err != nil:
		return "", err
	case size > f.MostBytes:
		return "", ErrTooLarge
	case size == 0:
		return "", ErrEmpty
	}
	path = filepath.Join(f.Path, hex.EncodeToString(sum.Sum(nil)))
	return path, os.Rename(file.Name(), path)
}
