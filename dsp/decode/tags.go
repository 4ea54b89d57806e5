package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Tags are what a file says of its music. Empty: it says nothing.
type Tags struct{ Title, Artist, Album string }

// Bounds on tags: what is longer is no name, what is more is no list of them.
const (
	maxTag      = 4 << 10
	maxComments = 1 << 20 // bytes of Vorbis comments that are looked at
	maxFrames   = 10_000  // of ID3, blocks of FLAC, pages of Ogg or boxes of MP4
)

// set keeps the first value for a name, which is that of Vorbis comments.
func (t *Tags) set(name, value string) {
	field := map[string]*string{"title": &t.Title, "artist": &t.Artist, "album": &t.Album}[strings.ToLower(name)]
	value, _, _ = strings.Cut(value, "\x00")
	value = strings.TrimSpace(strings.ToValidUTF8(value, "\ufffd"))
	if field != nil && *field == "" {
		*field = value
	}
}

// ReadTags reads ID3v2, Vorbis comments in FLAC and Ogg, and the tags of MP4.
// A file without tags, or with broken ones, gives what could be read; the
// errors are those of the file system.
func ReadTags(path string) (Tags, error) {
	f, size, err := openFile(path, math.MaxInt64)
	if err != nil {
		return Tags{}, fmt.Errorf("read tags of %q: %w", path, err)
	}
	defer f.Close()
	t, err := readTags(f, size)
	if err != nil {
		return t, fmt.Errorf("read tags of %q: %w", path, cause(err))
	}
	return t, nil
}

func readTags(f io.ReaderAt, size int64) (t Tags, err error) {
	if err := t.id3(f); err != nil {
		return t, err
	}
	start, err := skipID3(f, 0, size)
	if errors.Is(err, ErrCorrupt) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	head, err := readUpTo(f, start, 8)
	switch {
	case err != nil:
		return t, err
	case bytes.HasPrefix(head, []byte("fLaC")):
		err = t.flac(f, start+4)
	case bytes.HasPrefix(head, []byte("OggS")):
		err = t.ogg(io.NewSectionReader(f, start, size-start))
	case len(head) == 8 && string(head[4:]) == "ftyp":
		err = t.mp4(f, start, size)
	}
	return t, err
}

// id3 reads the frames of an ID3v2 tag, of all three versions.
func (t *Tags) id3(f io.ReaderAt) error {
	h, err := readUpTo(f, 0, 10)
	if err != nil || len(h) < 10 || string(h[:3]) != "ID3" || h[3] < 2 || h[3] > 4 {
		return err
	}
	version, unsynced := h[3], h[5]&0x80 != 0
	offset, end := int64(10), 10+synchsafe(h[6:])
	if h[5]&0x40 != 0 && version > 2 { // an extended header; one size counts itself
		b, err := readUpTo(f, offset, 4)
		if err != nil || len(b) < 4 {
			return err
		}
		if version == 3 {
			offset += 4 + int64(binary.BigEndian.Uint32(b))
		} else {
			offset += synchsafe(b)
		}
	}
	names := map[string]string{
		"TIT2": "title", "TPE1": "artist", "TALB": "album",
		"TT2": "title", "TP1": "artist", "TAL": "album",
	}
	for range maxFrames {
		b, err := readUpTo(f, offset, 10)
		if err != nil || len(b) < 10 || offset >= end || b[0] == 0 {
			return err
		}
		id, length, header := string(b[:4]), int64(binary.BigEndian.Uint32(b[4:])), int64(10)
		switch version {
		case 2:
			id, length, header = string(b[:3]), int64(b[3])<<16|int64(b[4])<<8|int64(b[5]), 6
		case 4:
			length = synchsafe(b[4:])
		}
		offset += header
		if name := names[id]; name != "" {
			text, err := readUpTo(f, offset, int(min(length, maxTag)))
			if err != nil {
				return err
			}
			if unsynced || version == 4 && b[9]&2 != 0 {
				text = bytes.ReplaceAll(text, []byte("\xff\x00"), []byte("\xff"))
			}
			if version == 4 && b[9]&1 != 0 && len(text) > 4 {
				text = text[4:] // its length, once more
			}
			t.set(name, id3Text(text))
		}
		offset += length
	}
	return nil
}

func synchsafe(b []byte) int64 {
	return int64(b[0]&0x7f)<<21 | int64(b[1]&0x7f)<<14 | int64(b[2]&0x7f)<<7 | int64(b[3]&0x7f)
}

// id3Text decodes text by its first byte.
func id3Text(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	kind, b := b[0], b[1:]
	switch kind {
	case 0: // latin-1; often UTF-8 in truth, which latin-1 never looks like by chance
		if utf8.Valid(b) {
			return string(b)
		}
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes)
	case 1, 2:
		var order binary.ByteOrder = binary.BigEndian
		if kind == 1 && bytes.HasPrefix(b, []byte("\xff\xfe")) {
			order = binary.LittleEndian
		}
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = order.Uint16(b[2*i:])
		}
		return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	}
	return string(b)
}

// flac looks through the metadata blocks for the comments.
func (t *Tags) flac(f io.ReaderAt, offset int64) error {
	const comments = 4
	for range maxFrames {
		h, err := readUpTo(f, offset, 4)
		if err != nil || len(h) < 4 {
			return err
		}
		length := int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
		if h[0]&0x7f == comments {
			b, err := readUpTo(f, offset+4, int(min(length, maxComments)))
			t.comments(b)
			return err
		}
		if h[0]&0x80 != 0 { // the last
			return nil
		}
		offset += 4 + length
	}
	return nil
}

// ogg reads the second packet of the first stream, if it is of comments.
func (t *Tags) ogg(r io.Reader) error {
	o := &oggReader{r: r}
	var packet []byte
	for number := range maxFrames {
		p, err := o.next()
		if errors.Is(err, io.EOF) || errors.Is(err, ErrCorrupt) {
			return nil
		}
		if err != nil {
			return err
		}
		if number == 0 || p.is(oggBegin) {
			continue
		}
		ends, body := false, p.body()
		for _, l := range p.lacing() {
			packet = append(packet, body[:l]...)
			body = body[l:]
			if ends = l < 255; ends {
				break
			}
		}
		if ends || len(packet) > maxComments {
			break
		}
	}
	for _, mark := range []string{"\x03vorbis", "OpusTags"} {
		if b, ok := bytes.CutPrefix(packet, []byte(mark)); ok {
			t.comments(b)
		}
	}
	return nil
}

// comments parses Vorbis comments (Vorbis I specification, 5.2.1).
func (t *Tags) comments(b []byte) {
	field := func() []byte {
		if len(b) < 4 {
			b = nil
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(b))
		b = b[4:]
		value := b[:min(n, int64(len(b)))]
		b = b[len(value):]
		return value
	}
	field() // the encoder
	b = b[min(4, len(b)):]
	for len(b) > 0 {
		value := field()
		if name, text, ok := strings.Cut(string(value[:min(len(value), maxTag)]), "="); ok {
			t.set(name, text)
		}
	}
}

// mp4 descends moov/udta/meta/ilst to the items that iTunes began.
func (t *Tags) mp4(f io.ReaderAt, start, end int64) error {
	var err error
	for _, name := range []string{"moov", "udta", "meta", "ilst"} {
		if start, end, err = box(f, start, end, name); err != nil || start == end {
			return err
		}
		if name == "meta" {
			start += 4 // version and flags
		}
	}
	for name, item := range map[string]string{"title": "\xa9nam", "artist": "\xa9ART", "album": "\xa9alb"} {
		from, to, err := box(f, start, end, item)
		if err != nil {
			return err
		}
		if from, to, err = box(f, from, to, "data"); err != nil {
			return err
		}
		if to-from > 8 { // type and country
			b, err := readUpTo(f, from+8, int(min(to-from-8, maxTag)))
			if err != nil {
				return err
			}
			t.set(name, string(b))
		}
	}
	return nil
}

// box finds the inside of a box among others; without it start is end.
func box(f io.ReaderAt, start, end int64, name string) (from, to int64, err error) {
	for range maxFrames {
		b, err := readUpTo(f, start, 8)
		if err != nil || len(b) < 8 || start+8 > end {
			return end, end, err
		}
		length, header := int64(binary.BigEndian.Uint32(b)), int64(8)
		if length == 1 { // 64 bits follow
			header = 16
			if b, err = readUpTo(f, start, 16); err != nil || len(b) < 16 {
				return end, end, err
			}
			length = int64(binary.BigEndian.Uint64(b[8:]) & (1<<62 - 1))
		}
		if length < header || length > end-start {
			return end, end, nil
		}
		if string(b[4:8]) == name {
			return start + header, start + length, nil
		}
		start += length
	}
	return end, end, nil
}
