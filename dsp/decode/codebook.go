package decode

import "fmt"

// Bounds on the codebooks of a Vorbis stream, all books together. The largest
// that encoders write have a tenth of these.
const (
	maxEntries = 1 << 17
	maxValues  = 1 << 21
)

// checkVorbis goes through the headers of a Vorbis stream (Vorbis I
// specification, 4.2) before the library does, which allocates whatever a
// codebook asks for, and with some of them never returns.
func checkVorbis(head, setup []byte) error {
	small, large := head[28]&15, head[28]>>4
	if small < 6 || large > 13 || small > large {
		return fmt.Errorf("%w: vorbis blocks of 2^%d and 2^%d samples", ErrCorrupt, small, large)
	}
	if channels := int(head[11]); channels < 1 || channels > maxChannels {
		return fmt.Errorf("%w: it has %d channels; want 1 to %d", ErrUnsupported, channels, maxChannels)
	}
	if len(setup) < 8 || string(setup[:7]) != "\x05vorbis" {
		return fmt.Errorf("%w: vorbis without its setup", ErrCorrupt)
	}
	b := vorbisBits{data: setup[7:]}
	entries, values := 0, 0
	for i := range b.read(8) + 1 {
		book, ok := b.codebook()
		entries += book.entries
		values += book.entries * book.dimensions
		if !ok || b.short || entries > maxEntries || values > maxValues {
			return fmt.Errorf("%w: vorbis codebook %d", ErrCorrupt, i)
		}
	}
	return nil
}

// vorbisBits reads bits from the least significant on.
type vorbisBits struct {
	data  []byte
	at    int  // in bits
	short bool // more was read than there is
}

func (b *vorbisBits) read(n int) (v int) {
	for i := range n {
		if b.at >= 8*len(b.data) {
			b.short = true
			return 0
		}
		v |= int(b.data[b.at/8]>>(b.at%8)&1) << i
		b.at++
	}
	return v
}

type codebook struct{ entries, dimensions int }

// codebook reads one (3.2.1). It is not ok where a code could not be decoded:
// with no entry in use, or with more than there are words of their lengths.
func (b *vorbisBits) codebook() (c codebook, ok bool) {
	if b.read(24) != 0x564342 {
		return c, false
	}
	c.dimensions, c.entries = b.read(16), b.read(24)
	if c.dimensions == 0 || c.entries == 0 || c.entries > maxEntries || c.entries*c.dimensions > maxValues {
		return c, false
	}
	const whole = 1 << 32 // the space of all words of 32 bits
	space := 0
	if b.read(1) == 1 { // ordered by length
		length := b.read(5) + 1
		for left := c.entries; left > 0; length++ {
			n := b.read(bitLength(left))
			if n > left || length > 32 || b.short {
				return c, false
			}
			space += n * (whole >> length)
			left -= n
		}
	} else {
		sparse := b.read(1) == 1
		for range c.entries {
			if b.short {
				return c, false
			}
			if !sparse || b.read(1) == 1 {
				space += whole >> (b.read(5) + 1)
			}
		}
	}
	if space == 0 || space > whole {
		return c, false
	}
	return c, b.lookup(c)
}

// lookup skips the values of a codebook (3.2.1, steps 4 and on).
func (b *vorbisBits) lookup(c codebook) bool {
	kind := b.read(4)
	if kind == 0 {
		return true
	}
	b.read(32)
	b.read(32)
	bits := b.read(4) + 1
	b.read(1)
	n := c.entries * c.dimensions
	if kind == 1 {
		n = root(c.entries, c.dimensions)
	}
	if kind > 2 || b.at+n*bits > 8*len(b.data) {
		return false
	}
	b.at += n * bits
	return true
}

// root is the greatest n with n^power <= x.
func root(x, power int) int {
	for n := 1; ; n++ {
		product := 1
		for range power {
			if product *= n + 1; product > x {
				return n
			}
		}
	}
}

// bitLength is how many bits a number takes.
func bitLength(x int) (n int) {
	for ; x > 0; x >>= 1 {
		n++
	}
	return n
}
