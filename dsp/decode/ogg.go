package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Flags of an Ogg page (RFC 3533, 6).
const (
	oggContinued = 1
	oggBegin     = 2
	oggEnd       = 4
)

const (
	oggHeader  = 27
	oggMaxPage = oggHeader + 255 + 255*255
)

// oggPage is one page as it lies in the file.
type oggPage struct {
	raw   []byte
	lacks int // bytes that the header promises beyond raw
}

// maxGranule is as great as positions are taken for: sums of them do not overflow.
const maxGranule = 1 << 62

func (p oggPage) is(flag byte) bool { return p.raw[5]&flag != 0 }
func (p oggPage) granule() int64 {
	return min(maxGranule, int64(binary.LittleEndian.Uint64(p.raw[6:])))
}
func (p oggPage) serial() uint32 { return binary.LittleEndian.Uint32(p.raw[14:]) }
func (p oggPage) lacing() []byte { return p.raw[oggHeader : oggHeader+int(p.raw[26])] }
func (p oggPage) body() []byte   { return p.raw[oggHeader+int(p.raw[26]):] }

// parseOgg cuts the page at the beginning of b; ok is false where there is none.
func parseOgg(b []byte) (p oggPage, ok bool) {
	if len(b) < oggHeader || string(b[:5]) != "OggS\x00" {
		return p, false
	}
	length := oggHeader + int(b[26])
	if length > len(b) {
		return oggPage{raw: b, lacks: length - len(b)}, true
	}
	for _, l := range b[oggHeader:length] {
		length += int(l)
	}
	return oggPage{raw: b[:min(length, len(b))], lacks: max(0, length-len(b))}, true
}

// seal writes the checksum: CRC-32 with polynomial 0x04c11db7, most
// significant bit first, over the page with a checksum of 0.
func (p oggPage) seal() { binary.LittleEndian.PutUint32(p.raw[22:], p.sum()) }

func (p oggPage) sealed() bool { return binary.LittleEndian.Uint32(p.raw[22:]) == p.sum() }

func (p oggPage) sum() (crc uint32) {
	for i, b := range p.raw {
		if i >= 22 && i < 26 {
			b = 0
		}
		crc = crc<<8 ^ oggTable[byte(crc>>24)^b]
	}
	return crc
}

var oggTable = func() (table [256]uint32) {
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			r = r<<1 ^ r>>31*0x04c11db7
		}
		table[i] = r
	}
	return table
}()

// maxOggStreams is how many streams are asked what they are. A film has three.
const maxOggStreams = 64

// examineOgg asks the first page of each stream in the file what it is.
func examineOgg(t *track, f io.ReaderAt, start, size int64) error {
	t.vague = true // a granule position counts from wherever a recording began
	offset := start
	for range maxOggStreams {
		b, err := readUpTo(f, offset, oggMaxPage)
		if err != nil {
			return err
		}
		p, ok := parseOgg(b)
		if !ok || !p.is(oggBegin) {
			break
		}
		if p.lacks > 0 {
			return fmt.Errorf("%w: ogg ends within its first page", ErrCorrupt)
		}
		if body := p.body(); t.oggKind(body) {
			if err := t.oggEnd(f, p.serial(), size); err != nil || t.info.Format != "ogg vorbis" {
				return err
			}
			t.native = func() (source, string, error) {
				v, err := newVorbis(io.NewSectionReader(f, start, size-start))
				return v, "earworm/vorbis", err
			}
			return nil
		}
		offset += int64(len(p.raw))
	}
	return fmt.Errorf("%w: ogg without a kind of sound that is known", ErrUnsupported)
}

// oggKind reads the first packet of a stream.
func (t *track) oggKind(b []byte) bool {
	switch {
	case len(b) >= 30 && string(b[:7]) == "\x01vorbis":
		t.info.Format = "ogg vorbis"
		t.info.Channels, t.info.SampleRate = int(b[11]), int(min(binary.LittleEndian.Uint32(b[12:]), 1<<30))
	case len(b) >= 19 && string(b[:8]) == "OpusHead":
		t.info.Format = "ogg opus"
		t.info.Channels, t.info.SampleRate = int(b[9]), 48000
	case bytes.HasPrefix(b, []byte("\x7fFLAC")):
		t.info.Format = "ogg flac"
	case bytes.HasPrefix(b, []byte("Speex   ")):
		t.info.Format = "ogg speex"
	default:
		return false
	}
	return true
}

// oggEnd looks at the last page. A file that ends within a page, without the
// mark of an end before it, was cut off; one that ends between two pages may
// be the recording of a stream and is whole.
func (t *track) oggEnd(f io.ReaderAt, serial uint32, size int64) error {
	tail, err := readUpTo(f, max(0, size-2*oggMaxPage), 2*oggMaxPage)
	if err != nil {
		return err
	}
	ended := false
	for {
		i := bytes.Index(tail, []byte("OggS\x00"))
		if i < 0 {
			return nil
		}
		p, ok := parseOgg(tail[i:])
		switch {
		case !ok || p.lacks > 0 && !ended:
			return fmt.Errorf("%w: ogg ends within a page", ErrCorrupt)
		case p.lacks > 0:
			return nil
		case !p.sealed(): // no page: its mark was within another
			tail = tail[i+4:]
			continue
		case p.serial() == serial && p.granule() > 0:
			t.info.Samples = p.granule()
		}
		ended = ended || p.is(oggEnd)
		tail = tail[i+len(p.raw):]
	}
}

// oggReader reads page by page and refuses what the checksum does not fit.
type oggReader struct {
	r    io.Reader
	page [oggMaxPage]byte
	held bool // page is to be given again
	last oggPage
}

// next returns a page, valid until the next call, or io.EOF after the last one
// that is complete.
func (o *oggReader) next() (oggPage, error) {
	if o.held {
		o.held = false
		return o.last, nil
	}
	b := o.page[:oggHeader]
	if _, err := io.ReadFull(o.r, b); err != nil {
		return oggPage{}, ended(err)
	}
	if string(b[:5]) != "OggS\x00" {
		return oggPage{}, fmt.Errorf("%w: no ogg page where one should be", ErrCorrupt)
	}
	b = o.page[:oggHeader+int(b[26])]
	if _, err := io.ReadFull(o.r, b[oggHeader:]); err != nil {
		return oggPage{}, ended(err)
	}
	n := len(b)
	for _, l := range b[oggHeader:] {
		n += int(l)
	}
	if _, err := io.ReadFull(o.r, o.page[len(b):n]); err != nil {
		return oggPage{}, ended(err)
	}
	o.last = oggPage{raw: o.page[:n]}
	if !o.last.sealed() {
		return oggPage{}, fmt.Errorf("%w: an ogg page has a wrong checksum", ErrCorrupt)
	}
	return o.last, nil
}

// ended makes an end within a page an end: whether one may be missing is
// settled when the file is examined.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
