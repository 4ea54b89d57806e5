package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// track is a file whose header has been understood.
type track struct {
	info    Info
	demuxer string                         // ffmpeg's name of the format
	native  func() (source, string, error) // begins to decode in Go; nil: ffmpeg only
	variety string                         // what is special about it, where native is nil
	vague   bool                           // info.Samples is no promise
}

// why names what keeps a track from being decoded in Go.
func (t *track) why() string {
	if t.variety != "" {
		return t.info.Format + " with " + t.variety
	}
	return t.info.Format
}

// format is a kind of file with sound in it.
type format struct {
	name    string
	demuxer string // ffmpeg's name, given to it so that it does not guess again
	is      func(head []byte) bool
	examine func(t *track, f io.ReaderAt, at, size int64) error // nil: nothing to check
}

// at matches a pattern at an offset. A question mark stands for any byte.
func at(offset int, pattern string) func([]byte) bool {
	return func(head []byte) bool {
		if len(head) < offset+len(pattern) {
			return false
		}
		for i, c := range []byte(pattern) {
			if c != '?' && head[offset+i] != c {
				return false
			}
		}
		return true
	}
}

// formats are asked in this order; the weakest marks come last. MPEG audio has
// no mark at its beginning and is looked for when none of these fits.
var formats = []format{
	{"wav", "wav", at(0, "RIFF????WAVE"), examineWAV},
	{"wav", "wav", at(0, "RF64????WAVE"), examineWAV},
	{"wav", "wav", at(0, "BW64????WAVE"), examineWAV},
	{"flac", "flac", at(0, "fLaC"), examineFLAC},
	{"ogg", "ogg", at(0, "OggS"), examineOgg},
	{"mp4", "mov", at(4, "ftyp"), examineMP4},
	{"mp4", "mov", at(4, "moov"), examineMP4},
	{"aiff", "aiff", at(0, "FORM????AIF"), examineAIFF},
	{"asf", "asf", at(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"), nil},
	{"matroska", "matroska", at(0, "\x1a\x45\xdf\xa3"), nil},
	{"w64", "w64", at(0, "riff\x2e\x91\xcf\x11"), nil},
	{"wav", "wav", at(0, "RIFX????WAVE"), nil},
	{"caf", "caf", at(0, "caff\x00\x01"), nil},
	{"au", "au", at(0, ".snd"), nil},
	{"amr", "amr", at(0, "#!AMR"), nil},
	{"monkey's audio", "ape", at(0, "MAC "), nil},
	{"wavpack", "wv", at(0, "wvpk"), nil},
	{"true audio", "tta", at(0, "TTA1"), nil},
	{"musepack", "mpc", at(0, "MP+"), nil},
	{"musepack", "mpc8", at(0, "MPCK"), nil},
	{"dsf", "dsf", at(0, "DSD \x1c"), nil},
	{"avi", "avi", at(0, "RIFF????AVI "), nil},
	{"flv", "flv", at(0, "FLV\x01"), nil},
	{"mpeg program stream", "mpeg", at(0, "\x00\x00\x01\xba"), nil},
	{"ac3", "ac3", at(0, "\x0b\x77"), nil},
}

// others are files that people mistake for music, by name.
var others = []struct {
	name string
	is   func([]byte) bool
}{
	{"a png image", at(0, "\x89PNG")},
	{"a jpeg image", at(0, "\xff\xd8\xff")},
	{"a gif image", at(0, "GIF8")},
	{"a bmp image", at(0, "BM????\x00\x00\x00\x00")},
	{"a webp image", at(0, "RIFF????WEBP")},
	{"a pdf document", at(0, "%PDF")},
	{"a zip archive", at(0, "PK\x03\x04")},
	{"a gzip archive", at(0, "\x1f\x8b\x08")},
	{"an xz archive", at(0, "\xfd7zXZ")},
	{"a 7z archive", at(0, "7z\xbc\xaf")},
	{"a program", at(0, "\x7fELF")},
	{"a program", at(0, "MZ?\x00")},
	{"a midi score without sound", at(0, "MThd")},
	{"an sqlite database", at(0, "SQLite format 3")},
	{"a playlist", at(0, "#EXTM3U")},
}

const sniffLength = 4096

// examine tells the format from the first bytes and reads its header. What is
// no audio that is known here is ErrUnsupported: no decoder is let loose on it.
func examine(f io.ReaderAt, size int64) (*track, error) {
	if size == 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrUnsupported)
	}
	start, err := skipID3(f, 0, size)
	if err != nil {
		return nil, err
	}
	head, err := readUpTo(f, start, sniffLength)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		if other.is(head) {
			return nil, fmt.Errorf("%w: it is %s", ErrUnsupported, other.name)
		}
	}
	for _, known := range formats {
		if !known.is(head) {
			continue
		}
		t := &track{info: Info{Format: known.name}, demuxer: known.demuxer}
		if known.examine != nil {
			if err := known.examine(t, f, start, size); err != nil {
				return nil, err
			}
		}
		return t.withinLimits()
	}
	if isText(head) {
		return nil, fmt.Errorf("%w: it is text", ErrUnsupported)
	}
	if isADTS(head) {
		return &track{info: Info{Format: "aac"}, demuxer: "aac"}, nil
	}
	t, err := examineMPEG(f, start, size)
	if err != nil {
		return nil, err
	}
	return t.withinLimits()
}

// withinLimits refuses by name what no music has.
func (t *track) withinLimits() (*track, error) {
	rate, channels := t.info.SampleRate, t.info.Channels
	switch {
	case rate == 0 && channels == 0: // only ffmpeg knows
		return t, nil
	case rate < minRate || rate > maxRate:
		return nil, fmt.Errorf("%w: its sample rate is %d Hz; want %d to %d", ErrUnsupported, rate, minRate, maxRate)
	case channels < 1 || channels > maxChannels:
		return nil, fmt.Errorf("%w: it has %d channels; want 1 to %d", ErrUnsupported, channels, maxChannels)
	}
	return t, nil
}

// maxID3 is how many tags may stand one after another. Careless programs leave two.
const maxID3 = 100

// skipID3 finds the end of the ID3v2 tags at an offset, which any format may
// be preceded by. Nothing of them is read: a forged size costs nothing.
func skipID3(f io.ReaderAt, start, size int64) (int64, error) {
	for range maxID3 {
		h, err := readUpTo(f, start, 10)
		if err != nil {
			return 0, err
		}
		if len(h) < 10 || string(h[:3]) != "ID3" || (h[6]|h[7]|h[8]|h[9])&0x80 != 0 {
			return start, nil
		}
		length := 10 + (int64(h[6])<<21 | int64(h[7])<<14 | int64(h[8])<<7 | int64(h[9]))
		if h[5]&0x10 != 0 { // a footer
			length += 10
		}
		if start+length >= size {
			return 0, fmt.Errorf("%w: it ends within its tags", ErrCorrupt)
		}
		start += length
	}
	return 0, fmt.Errorf("%w: it begins with %d tags and more", ErrCorrupt, maxID3)
}

// isText takes for text what is UTF-8 without control characters, or UTF-16
// with its mark.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) && len(head) > 3 && head[3] == 0 {
		return true
	}
	for i := 0; i < len(head); {
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 && len(head)-i >= utf8.UTFMax {
			return false
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b' {
			return false
		}
		i += n
	}
	return true
}

// isADTS tells raw AAC by three frames in a row, each giving its length.
func isADTS(head []byte) bool {
	for range 3 {
		if len(head) < 7 || head[0] != 0xff || head[1]&0xf6 != 0xf0 {
			return false
		}
		length := int(head[3]&3)<<11 | int(head[4])<<3 | int(head[5])>>5
		if length < 7 || length > len(head) {
			return false
		}
		head = head[length:]
	}
	return true
}

// readUpTo reads n bytes, or as many as there are.
func readUpTo(f io.ReaderAt, offset int64, n int) ([]byte, error) {
	p := make([]byte, n)
	got, err := f.ReadAt(p, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p[:got], err
}
