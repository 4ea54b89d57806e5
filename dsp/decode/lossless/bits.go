package lossless

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// sureBits are the bits that a word holds at least.
const sureBits = 57

// bitReader reads bits, most significant first, and remembers the bytes of the
// frame for its checksums. Beyond the end it reads zeros and has an error.
type bitReader struct {
	r    io.Reader
	data []byte // from the frame's begin on, with slack
	end  int    // of what was read
	at   int    // bits from the frame's begin
	err  error  // sticky, of reading
	over bool   // r has no more
}

const slack = 8

// begin lets go of the frame before. It is io.EOF where no frame follows.
func (b *bitReader) begin() error {
	past := min(b.at>>3, b.end)
	b.end = copy(b.data, b.data[past:b.end])
	b.at = 0
	b.need(1)
	if b.end == 0 && b.over {
		if b.err != nil && !errors.Is(b.err, io.ErrUnexpectedEOF) {
			return b.err
		}
		return io.EOF
	}
	return b.err
}

// need reads on until so many bytes of the frame are there, or r has no more.
func (b *bitReader) need(n int) {
	const chunk = 1 << 16
	for b.end < n && !b.over {
		if len(b.data) < b.end+chunk+slack {
			b.data = append(b.data, make([]byte, b.end+chunk+slack-len(b.data)+len(b.data)/2)...)
		}
		got, err := b.r.Read(b.data[b.end : b.end+chunk])
		b.end += got
		if err != nil {
			b.over = true
			if !errors.Is(err, io.EOF) {
				b.err = err
			}
		}
	}
	if b.over && len(b.data) >= b.end+slack {
		clear(b.data[b.end : b.end+slack])
	}
}

// word is the bits to come, sureBits of them at least.
func (b *bitReader) word() uint64 {
	i := b.at >> 3
	if i+slack > b.end {
		b.need(i + slack)
		if i >= b.end {
			if b.err == nil {
				b.err = io.ErrUnexpectedEOF
			}
			return 1 << 63 // ends any run of zeros
		}
	}
	return binary.BigEndian.Uint64(b.data[i:]) << (b.at & 7)
}

// take reads n bits, 0 to 32.
func (b *bitReader) take(n uint) uint64 {
	v := b.word() >> (64 - n)
	b.at += int(n)
	return v
}

// signed reads a number of n bits in two's complement, n from 1 to 32.
func (b *bitReader) signed(n uint) int32 {
	return int32(int64(b.take(n)<<(64-n)) >> (64 - n))
}

// mostUnary is the longest run of zeros that any code has.
const mostUnary = 1 << 26

// unary counts the zeros before the next one.
func (b *bitReader) unary() int {
	for count := 0; ; count += sureBits {
		word := b.word()
		if n := bits.LeadingZeros64(word); n < sureBits {
			b.at += n + 1
			return count + n
		}
		if b.at += sureBits; count > mostUnary || b.err != nil {
			return 0
		}
	}
}

// skipNumber passes the frame's or sample's number, coded as UTF-8 is.
func (b *bitReader) skipNumber() error {
	first := uint8(b.take(8))
	more := bits.LeadingZeros8(^first)
	if more == 1 || more == 8 {
		return errReserved
	}
	for range more - 1 {
		if b.take(8)>>6 != 2 {
			return errReserved
		}
	}
	return nil
}

func (b *bitReader) align() { b.at = (b.at + 7) &^ 7 }

// cause is what ended reading, where that was the end of the data.
func (b *bitReader) cause(err error) error {
	if b.err != nil {
		return b.err
	}
	if b.at>>3 > b.end {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Checksums by table: polynomials x⁸+x²+x+1 and x¹⁶+x¹⁵+x²+1 (RFC 9639, 9.1.8
// and 9.3).
var (
	table8 = func() (t [256]uint8) {
		for i := range t {
			c := uint8(i)
			for range 8 {
				c = c<<1 ^ c>>7*0x07
			}
			t[i] = c
		}
		return t
	}()
	table16 = func() (t [2][256]uint16) {
		for i := range t[0] {
			c := uint16(i) << 8
			for range 8 {
				c = c<<1 ^ c>>15*0x8005
			}
			t[0][i] = c
		}
		for i, c := range t[0] {
			t[1][i] = c<<8 ^ t[0][c>>8]
		}
		return t
	}()
)

// frame is the bytes of the frame so far.
func (b *bitReader) frame() []byte { return b.data[:min(b.at>>3, b.end)] }

func (b *bitReader) checksum8() (c uint8) {
	for _, v := range b.frame() {
		c = table8[c^v]
	}
	return c
}

func (b *bitReader) checksum16() (c uint16) {
	data := b.frame()
	for ; len(data) >= 2; data = data[2:] {
		c = table16[1][uint8(c>>8)^data[0]] ^ table16[0][uint8(c)^data[1]]
	}
	for _, v := range data {
		c = c<<8 ^ table16[0][uint8(c>>8)^v]
	}
	return c
}
