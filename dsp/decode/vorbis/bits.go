package vorbis

import "encoding/binary"

// slack is how many bytes there are after the data, so that a whole word can be
// read at any of its bits.
const slack = 8

// bitReader reads bits, least significant first (Vorbis I, 2.1). Beyond the end
// there are zeros; whoever reads asks over in time.
type bitReader struct {
	data []byte // with slack
	at   int    // bits
}

func newBitReader(data []byte) bitReader {
	return bitReader{data: append(append(make([]byte, 0, len(data)+slack), data...), make([]byte, slack)...)}
}

// word is the bits to come: 57 of them at least.
func (b *bitReader) word() uint64 {
	i := min(b.at>>3, len(b.data)-slack)
	return binary.LittleEndian.Uint64(b.data[i:]) >> (b.at & 7)
}

// bits takes n bits, 0 to 32.
func (b *bitReader) bits(n int) int {
	v := b.word() & (1<<n - 1)
	b.at += n
	return int(v)
}

// flag takes one bit.
func (b *bitReader) flag() bool { return b.bits(1) == 1 }

// over says whether more was read than there is.
func (b *bitReader) over() bool { return b.at > 8*(len(b.data)-slack) }
