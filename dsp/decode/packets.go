package decode

import (
	"errors"
	"fmt"
	"io"
)

// Bounds on packets. Comments are skipped, however long they are.
const (
	maxSetup  = 253 * 255 // usual ones have 4 kB
	maxPacket = 1 << 20
)

// vorbisPackets cuts one Vorbis stream into packets, whatever streams lie
// between.
type vorbisPackets struct {
	ogg    *oggReader
	serial uint32
	whole  [][]byte // packets of the page; they are valid until the next
	joined []byte   // the first of them, where it began on an earlier page
	open   []byte   // the beginning of one that goes on in the next page
	ended  bool
}

// newVorbisPackets reads the headers, the first and the third.
func newVorbisPackets(ogg *oggReader) (v vorbisPackets, head, setup []byte, err error) {
	v.ogg = ogg
	for head == nil {
		p, err := ogg.next()
		if err != nil || !p.is(oggBegin) {
			return v, nil, nil, fmt.Errorf("%w: ogg without a vorbis stream", ErrCorrupt)
		}
		if b := p.body(); len(b) >= 30 && string(b[:7]) == "\x01vorbis" {
			v.serial, head = p.serial(), append(head, b[:30]...)
		}
	}
	setup, err = v.setup()
	return v, head, setup, err
}

// setup skips the comments and returns the third header. The sound begins on
// a page of its own.
func (v *vorbisPackets) setup() (setup []byte, err error) {
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

// take gives the next packet of the page.
func (v *vorbisPackets) take() []byte {
	packet := v.whole[0]
	v.whole = v.whole[1:]
	return packet
}

// page reads the next page of the stream: the packets that end in it, its
// granule position, and whether it is the last. At the stream's end it is io.EOF.
func (v *vorbisPackets) page() (granule int64, last bool, err error) {
	if v.ended {
		return 0, false, io.EOF
	}
	p, err := v.ogg.next()
	if err != nil {
		return 0, false, err
	}
	if p.is(oggBegin) { // the next link, and this one did not say its end
		v.ogg.held = true
		return 0, false, io.EOF
	}
	v.whole = v.whole[:0]
	if p.serial() != v.serial {
		return 0, false, nil
	}
	lost := p.is(oggContinued) && len(v.open) == 0 // its beginning is not there
	if !p.is(oggContinued) {
		v.open = v.open[:0]
	}
	v.ended = p.is(oggEnd)
	rest, length := p.body(), 0
	for _, l := range p.lacing() {
		length += int(l)
		if l == 255 {
			continue
		}
		packet := rest[:length]
		rest, length = rest[length:], 0
		if len(v.open) > 0 {
			v.joined = append(append(v.joined[:0], v.open...), packet...)
			packet, v.open = v.joined, v.open[:0]
		}
		if !lost && len(packet) > 0 {
			v.whole = append(v.whole, packet)
		}
		lost = false
	}
	if !lost {
		v.open = append(v.open, rest[:length]...)
	}
	if len(v.open) > maxPacket {
		return 0, false, fmt.Errorf("%w: a vorbis packet of more than %d bytes", ErrCorrupt, maxPacket)
	}
	return p.granule(), v.ended, nil
}
