package decode

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jfreymuth/oggvorbis"
)

// vorbis decodes Ogg Vorbis by oggvorbis, link after link where streams are
// chained.
type vorbis struct {
	ogg      *oggReader
	decoder  *oggvorbis.Reader
	channels int
	rate     int
	buffer   []float32
}

func newVorbis(r io.Reader) (*vorbis, error) {
	v := &vorbis{ogg: &oggReader{r: bufio.NewReaderSize(r, 1<<16)}}
	return v, v.link()
}

// link begins the next stream of the chain.
func (v *vorbis) link() (err error) {
	defer recovered(&err)
	pages, err := newVorbisPages(v.ogg)
	if err != nil {
		return err
	}
	decoder, err := oggvorbis.NewReader(pages)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if v.rate != 0 && decoder.SampleRate() != v.rate {
		return fmt.Errorf("%w: ogg changes from %d to %d Hz", ErrUnsupported, v.rate, decoder.SampleRate())
	}
	v.decoder, v.rate, v.channels = decoder, decoder.SampleRate(), decoder.Channels()
	return nil
}

func (v *vorbis) read(dst []float32) (_ int, err error) {
	defer recovered(&err)
	if need := len(dst) * v.channels; len(v.buffer) < need {
		v.buffer = make([]float32, need)
	}
	for {
		got, err := v.decoder.Read(v.buffer[:len(dst)*v.channels])
		n := got / v.channels
		if n > 0 {
			for i := range n {
				var sum float32
				for _, x := range v.buffer[i*v.channels : (i+1)*v.channels] {
					sum += x
				}
				dst[i] = sum / float32(v.channels)
			}
			return n, nil // an error comes again
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if p, err := v.ogg.next(); err != nil || !p.is(oggBegin) {
			return 0, io.EOF // junk after the end is not the end's fault
		}
		v.ogg.held = true
		if err := v.link(); err != nil {
			return 0, err
		}
	}
}

// Bounds on packets. Comments are skipped, however long they are.
const (
	maxSetup  = 253 * 255 // fits into one page; usual ones have 4 kB
	maxPacket = 1 << 20
)

// vorbisPages is what oggvorbis reads: one Vorbis stream with its headers
// checked, its comments emptied and no other stream between. The library
// trusts all of that: what it is not shown cannot hurt it.
type vorbisPages struct {
	ogg    *oggReader
	serial uint32
	out    []byte // bytes to be read before the next page
	open   int    // length so far of a packet that goes on in the next page
	ended  bool
}

func newVorbisPages(ogg *oggReader) (*vorbisPages, error) {
	v := &vorbisPages{ogg: ogg}
	var head []byte
	for head == nil {
		p, err := ogg.next()
		if err != nil || !p.is(oggBegin) {
			return nil, fmt.Errorf("%w: ogg without a vorbis stream", ErrCorrupt)
		}
		if b := p.body(); len(b) >= 30 && string(b[:7]) == "\x01vorbis" {
			v.serial, head = p.serial(), append(head, b[:30]...)
		}
	}
	setup, err := v.setup()
	if err != nil {
		return nil, err
	}
	if err := checkVorbis(head, setup); err != nil {
		return nil, err
	}
	v.out = oggPack(v.out, oggBegin, v.serial, head)
	v.out = oggPack(v.out, 0, v.serial, []byte("\x03vorbis\x00\x00\x00\x00\x00\x00\x00\x00\x01"), setup)
	return v, nil
}

// setup skips the comments and returns the third header. The sound begins on
// a page of its own.
func (v *vorbisPages) setup() (setup []byte, err error) {
	comments := true
	for {
		p, err := v.ogg.next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: ogg ends within its headers", ErrCorrupt)
		}
		if err != nil {
			return nil, err
		}
		if p.serial() != v.serial {
			continue
		}
		body := p.body()
		for _, l := range p.lacing() {
			if !comments {
				setup = append(setup, body[:l]...)
			}
			body = body[l:]
			switch {
			case len(setup) > maxSetup:
				return nil, fmt.Errorf("%w: vorbis with a setup of more than %d bytes", ErrUnsupported, maxSetup)
			case l == 255:
			case comments:
				comments = false
			default:
				return setup, nil
			}
		}
	}
}

// Read gives the pages of the stream, to its end.
func (v *vorbisPages) Read(dst []byte) (int, error) {
	for len(v.out) == 0 {
		if v.ended {
			return 0, io.EOF
		}
		p, err := v.ogg.next()
		if err != nil {
			return 0, err
		}
		if p.is(oggBegin) { // the next link, and this one did not say its end
			v.ogg.held = true
			return 0, io.EOF
		}
		if p.serial() != v.serial || len(p.lacing()) == 0 {
			continue
		}
		for _, l := range p.lacing() {
			v.open += int(l)
			if v.open > maxPacket {
				return 0, fmt.Errorf("%w: a vorbis packet of more than %d bytes", ErrCorrupt, maxPacket)
			}
			if l < 255 {
				v.open = 0
			}
		}
		v.out, v.ended = p.raw, p.is(oggEnd)
	}
	n := copy(dst, v.out)
	v.out = v.out[n:]
	return n, nil
}

// oggPack appends a page that holds the packets whole.
func oggPack(dst []byte, flags byte, serial uint32, packets ...[]byte) []byte {
	p := make([]byte, oggHeader, oggMaxPage)
	copy(p, "OggS")
	p[5] = flags
	binary.LittleEndian.PutUint32(p[14:], serial)
	for _, packet := range packets {
		for range len(packet) / 255 {
			p = append(p, 255)
		}
		p = append(p, byte(len(packet)%255))
	}
	p[26] = byte(len(p) - oggHeader)
	for _, packet := range packets {
		p = append(p, packet...)
	}
	oggPage{raw: p}.seal()
	return append(dst, p...)
}
