package layer3

import "encoding/binary"

// slack is how many bytes there are after the data, so that a whole word can be
// read at any of its bits.
const slack = 8

// bitReader reads main data, most significant bit first. Beyond the end it
// reads what slack there is; whoever reads looks whether it went too far.
type bitReader struct {
	data []byte // with slack
	at   int    // bits
}

// word is the bits to come: 57 of them at least.
func (b *bitReader) word() uint64 {
	i := min(b.at>>3, len(b.data)-slack)
	return binary.BigEndian.Uint64(b.data[i:]) << (b.at & 7)
}

// bits takes n bits, 0 to 32.
func (b *bitReader) bits(n int) int {
	v := b.word() >> (64 - n)
	b.at += n
	return int(v)
}

// flag takes one bit.
func (b *bitReader) flag() bool { return b.bits(1) == 1 }
