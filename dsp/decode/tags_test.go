package decode

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

func TestTagsOfTheFixtures(t *testing.T) {
	t.Parallel()
	want := Tags{Title: "Prüfton", Artist: "earworm", Album: "Fixtures"}
	for _, name := range []string{"stereo.mp3", "stereo.ogg", "stereo.flac", "stereo.opus", "stereo.m4a", "index-last.m4a"} {
		got, err := ReadTags(filepath.Join("testdata", name))
		if err != nil || got != want {
			t.Errorf("%s: %+v, error %v; want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"untagged.mp3", "mono.aiff", "make.sh"} {
		if got, err := ReadTags(filepath.Join("testdata", name)); err != nil || got != (Tags{}) {
			t.Errorf("%s: %+v, error %v; want no tags", name, got, err)
		}
	}
	if _, err := ReadTags(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestID3(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ tag, title string }{
		"2.2, latin-1":      {"ID3\x02\x00\x00\x00\x00\x00\x0bTT2\x00\x00\x05\x00caf\xe9", "café"},
		"2.3, utf-16":       {"ID3\x03\x00\x00\x00\x00\x00\x11TIT2\x00\x00\x00\x07\x00\x00\x01\xff\xfeH\x00i\x00", "Hi"},
		"2.3, big endian":   {"ID3\x03\x00\x00\x00\x00\x00\x11TIT2\x00\x00\x00\x07\x00\x00\x01\xfe\xff\x00H\x00i", "Hi"},
		"2.3, unsynced":     {"ID3\x03\x00\x80\x00\x00\x00\x12TIT2\x00\x00\x00\x08\x00\x00\x01\xff\x00\xfeH\x00i\x00", "Hi"},
		"2.4, two values":   {"ID3\x04\x00\x00\x00\x00\x00\x10TIT2\x00\x00\x00\x06\x00\x00\x03Hi\x00Ho", "Hi"},
		"2.4, after others": {"ID3\x04\x00\x00\x00\x00\x00\x1cAPIC\x00\x00\x00\x02\x00\x00xyTIT2\x00\x00\x00\x03\x00\x00\x03Hi", "Hi"},
		"forged length":     {"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTIT2\x7f\x7f\x7f\x7f\x00\x00\x03Hi", "Hi"},
		"no frames":         {"ID3\x04\x00\x00\x00\x00\x00\x20" + string(make([]byte, 32)), ""},
	} {
		got, err := readTags(bytes.NewReader([]byte(c.tag)), int64(len(c.tag)))
		if err != nil || got.Title != c.title {
			t.Errorf("%s: title %q, error %v; want %q", name, got.Title, err, c.title)
		}
	}
}

func FuzzTags(f *testing.F) {
	seeds(f, "*.[amof]*", 6000)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readTags(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{got.Title, got.Artist, got.Album} {
			if len(s) > 3*maxTag {
				t.Fatalf("a tag of %d bytes", len(s))
			}
		}
	})
}
