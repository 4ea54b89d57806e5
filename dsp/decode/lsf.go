package decode

import "errors"

// lsfFrame remakes frames of MPEG-2 layer III (low sampling frequencies) for
// go-mp3. That library halves the size of such a frame before it adds the
// padding byte, so at some bit rates it takes a frame for one byte shorter
// than it is. Every frame is therefore given the header of the highest bit
// rate, which has room for its own bytes together with those it would borrow
// from the frames before it.
type lsfFrame struct {
	past  [255]byte // main data of the frames before, the newest last
	known int       // how many bytes of past there are
	out   [1024]byte
}

// lsfHighest is the index of 160 kbit/s.
const lsfHighest = 14

var errNoRoom = errors.New("more bits than a frame has room for")

// remake returns the frame for the library, valid until the next call.
func (l *lsfFrame) remake(b []byte, h mpegHeader) ([]byte, error) {
	side, main := b[4+h.crc:][:h.side], b[4+h.crc+h.side:]
	defer l.keep(main)

	out := l.out[:(144*160000/h.rate)>>1]
	clear(out)
	copy(out, b[:4])
	out[1] |= 1                            // no checksum
	out[2] = lsfHighest<<4 | out[2]&0b1100 // nor padding
	room := out[4+h.side:]
	begin := int(side[0])
	if begin > l.known {
		return out, nil // what it begins with was cut off: silence
	}
	copy(out[4:], side)
	out[4] = 0 // it borrows nothing now

	bits, at, channels := 0, 8+2, 2
	if h.mono {
		at, channels = 8+1, 1
	}
	for range channels { // each has 63 bits, of which 12 are the length of its data
		bits += bitsAt(side, at, 12)
		at += 63
	}
	need := (bits + 7) / 8
	if need > len(room) || need > begin+len(main) {
		return nil, errNoRoom
	}
	n := copy(room[:need], l.past[len(l.past)-begin:])
	copy(room[n:need], main)
	return out, nil
}

// keep remembers main data for the frames to come.
func (l *lsfFrame) keep(main []byte) {
	main = main[max(0, len(main)-len(l.past)):]
	copy(l.past[:], l.past[len(main):])
	copy(l.past[len(l.past)-len(main):], main)
	l.known = min(l.known+len(main), len(l.past))
}

// bitsAt reads n bits from the most significant on.
func bitsAt(b []byte, at, n int) (v int) {
	for i := at; i < at+n; i++ {
		v = v<<1 | int(b[i/8]>>(7-i%8)&1)
	}
	return v
}
