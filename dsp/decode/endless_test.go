package decode

import (
	"bytes"
	"errors"
	"testing"
)

// tiled is a file of a terabyte: a head, and after it the same over and over.
type tiled struct {
	head, tile []byte
	reads      int
}

const terabyte = 1 << 40

// ReadAt is io.ReaderAt's.
func (f *tiled) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	for i := range p {
		if at := off + int64(i); at < int64(len(f.head)) {
			p[i] = f.head[at]
		} else {
			p[i] = f.tile[(at-int64(len(f.head)))%int64(len(f.tile))]
		}
	}
	return len(p), nil
}

// Headers that never end are not read to their end, neither for their sound nor
// for their tags.
func TestHeadersWithoutEnd(t *testing.T) {
	t.Parallel()
	const most = 1 << 17 // reads
	page := func(flags byte, body string) []byte {
		b := append([]byte("OggS\x00"), flags)
		b = append(append(b, make([]byte, 20)...), 1, byte(len(body)))
		b = append(b, body...)
		oggPage{raw: b}.seal()
		return b
	}
	empty := bytes.Clone(page(0, ""))[:oggHeader]
	empty[26] = 0
	oggPage{raw: empty}.seal()
	for name, c := range map[string]struct {
		head, tile string
		want       error
	}{
		"tags of nothing":         {"", "ID3\x04\x00\x00\x00\x00\x00\x00", ErrCorrupt},
		"frames of tags":          {"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "TXXX\x00\x00\x00\x00\x00\x00", ErrUnsupported},
		"blocks of flac":          {string(withMetadata(forgedFLAC{rate: 8000, channels: 1}.bytes(), nil)), "\x01\x00\x00\x00", ErrCorrupt},
		"beginnings of ogg":       {"", string(page(oggBegin, "fishead")), ErrUnsupported},
		"pages of ogg":            {string(page(oggBegin, "fishead")), string(page(0, "more")), ErrUnsupported},
		"pages of ogg, all empty": {string(page(oggBegin, "fishead")), string(empty), ErrUnsupported},
		"boxes of mp4":            {"\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00", "\x00\x00\x00\x08free", ErrCorrupt},
		"boxes of mp4 in moov":    {"\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00\x00\x00\x00\x01moov\x00\x00\x00\x80\x00\x00\x00\x00", "\x00\x00\x00\x08free", nil}, // ffmpeg may try
		"chunks of wav":           {"RIFF\xff\xff\xff\xffWAVE", "junk\x00\x00\x00\x00", ErrCorrupt},
		"chunks of aiff":          {"FORM\xff\xff\xff\xffAIFF", "junk\x00\x00\x00\x00", ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &tiled{head: []byte(c.head), tile: []byte(c.tile)}
			track, err := examine(f, terabyte)
			if err == nil && track.native != nil {
				_, _, err = track.native()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error %v; want %v", err, c.want)
			}
			if _, err := readTags(f, terabyte); err != nil {
				t.Errorf("tags: %v", err)
			}
			if f.reads > most {
				t.Errorf("%d reads; want at most %d", f.reads, most)
			}
		})
	}
}
