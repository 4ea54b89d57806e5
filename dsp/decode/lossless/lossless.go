// Package lossless decodes the frames of FLAC (RFC 9639) to the sum of their
// channels.
package lossless

import (
	"errors"
	"fmt"
	"io"
)

// Frame is a decoded frame.
type Frame struct {
	Channels int
	Rate     int     // Hz; 0: the stream's
	Bits     int     // a sample of one channel, 4 to 24
	Sums     []int32 // of all channels; valid until the next frame
}

// Decoder reads the frames of a stream one after another.
type Decoder struct {
	bits     bitReader
	wide     int // bits a sample where a frame does not say
	frame    Frame
	channels [2][]int32
	sums     []int32
}

// New makes a decoder of frames from r; bits is what the stream declares.
func New(r io.Reader, bits int) *Decoder {
	return &Decoder{bits: bitReader{r: r}, wide: bits}
}

var (
	errSync     = errors.New("no frame where one should begin")
	errReserved = errors.New("a value that is reserved")
	errChecksum = errors.New("checksum does not match")
)

// Next returns the next frame. Its errors are io.EOF between frames,
// io.ErrUnexpectedEOF within one, those of the reader, and others for what is
// no FLAC.
func (d *Decoder) Next() (*Frame, error) {
	b := &d.bits
	if err := b.begin(); err != nil {
		return nil, err
	}
	size, assignment, err := d.header()
	if err != nil {
		return nil, b.cause(err)
	}
	if err := d.subframes(size, assignment); err != nil {
		return nil, b.cause(err)
	}
	b.align()
	want := b.checksum16()
	if got := b.take(16); b.err != nil || uint16(got) != want {
		return nil, b.cause(errChecksum)
	}
	d.frame.Sums = d.sums[:size]
	return &d.frame, nil
}

// How two channels are kept (RFC 9639, 9.1.3); below, each by itself.
const (
	leftSide  = 8
	sideRight = 9
	midSide   = 10
)

var rates = [12]int{0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}

// header reads a frame's header (RFC 9639, 9.1).
func (d *Decoder) header() (size, assignment int, err error) {
	b := &d.bits
	if b.take(15) != 0x7ffc {
		return 0, 0, errSync
	}
	b.take(1) // blocks of one size or of several: nothing hangs on it
	sizeCode, rateCode := int(b.take(4)), int(b.take(4))
	assignment = int(b.take(4))
	bitsCode := int(b.take(3))
	if b.take(1) != 0 || assignment > midSide || rateCode == 15 || bitsCode == 3 || sizeCode == 0 {
		return 0, 0, errReserved
	}
	if err := b.skipNumber(); err != nil {
		return 0, 0, err
	}
	switch {
	case sizeCode == 1:
		size = 192
	case sizeCode <= 5:
		size = 144 << sizeCode
	case sizeCode <= 7:
		size = int(b.take(8*(uint(sizeCode)-5))) + 1
	default:
		size = 1 << sizeCode
	}
	switch {
	case rateCode < len(rates):
		d.frame.Rate = rates[rateCode]
	case rateCode == 12:
		d.frame.Rate = 1000 * int(b.take(8))
	case rateCode == 13:
		d.frame.Rate = int(b.take(16))
	default:
		d.frame.Rate = 10 * int(b.take(16))
	}
	d.frame.Bits = [8]int{d.wide, 8, 12, 0, 16, 20, 24, 32}[bitsCode]
	if d.frame.Bits < 4 || d.frame.Bits > 24 {
		return 0, 0, fmt.Errorf("%d bits a sample", d.frame.Bits)
	}
	d.frame.Channels = assignment + 1
	if assignment >= leftSide {
		d.frame.Channels = 2
	}
	want := b.checksum8()
	if uint8(b.take(8)) != want {
		return 0, 0, errChecksum
	}
	return size, assignment, b.err
}

// subframes reads all channels and adds them up.
func (d *Decoder) subframes(size, assignment int) error {
	if cap(d.sums) < size {
		d.sums = make([]int32, size)
		d.channels = [2][]int32{make([]int32, size), make([]int32, size)}
	}
	sums := d.sums[:size]
	if assignment < leftSide {
		clear(sums)
		for range d.frame.Channels {
			channel := d.channels[0][:size]
			if err := d.subframe(channel, d.frame.Bits); err != nil {
				return err
			}
			for i, v := range channel {
				sums[i] += v
			}
		}
		return nil
	}
	first, second := d.channels[0][:size], d.channels[1][:size]
	wide := [2]int{d.frame.Bits, d.frame.Bits}
	if assignment == sideRight {
		wide[0]++
	} else {
		wide[1]++
	}
	if err := d.subframe(first, wide[0]); err != nil {
		return err
	}
	if err := d.subframe(second, wide[1]); err != nil {
		return err
	}
	for i, v := range first {
		w := second[i]
		switch assignment {
		case leftSide: // the side is left less right
			sums[i] = 2*v - w
		case sideRight:
			sums[i] = 2*w + v
		case midSide: // the middle has lost half a bit, which the side has
			sums[i] = 2*v + w&1
		}
	}
	return nil
}
