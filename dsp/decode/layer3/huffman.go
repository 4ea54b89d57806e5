package layer3

import (
	"errors"
	"fmt"
	"strconv"
)

// book is a code table as two lookups: by the first firstBits bits, and for
// longer codes by those that follow.
type book struct {
	first  [1 << firstBits]uint16 // length<<8 | symbol; or long | where its rest begins
	rest   []uint16
	deeper uint // bits that rest is looked up by
}

const (
	firstBits = 9
	long      = 0x8000
)

// books by table number: 0 to 31 hold pairs, 32 and 33 quadruples. Tables 0, 4
// and 14 are nil.
var books = func() (all [34]*book) {
	for _, c := range codebooks {
		b := newBook(c.lengths, c.symbols)
		for _, t := range c.tables {
			all[t] = b
		}
	}
	return all
}()

// newBook reads lengths and symbols in the order of their codes.
func newBook(lengths, symbols string) *book {
	digits := len(symbols) / len(lengths)
	b := &book{}
	for i := range lengths {
		length, _ := strconv.ParseUint(lengths[i:i+1], 20, 8) // our own tables are right
		if uint(length) > firstBits {
			b.deeper = max(b.deeper, uint(length)-firstBits)
		}
	}
	code := uint32(0) // aligned to 32 bits
	for i := range lengths {
		length, _ := strconv.ParseUint(lengths[i:i+1], 20, 8)
		symbol, _ := strconv.ParseUint(symbols[i*digits:(i+1)*digits], 16, 8)
		b.add(code, uint(length), uint16(symbol))
		code += 1 << (32 - length)
	}
	return b
}

func (b *book) add(code uint32, length uint, symbol uint16) {
	entry := uint16(length)<<8 | symbol
	first := code >> (32 - firstBits)
	if length <= firstBits {
		for i := range uint32(1) << (firstBits - length) {
			b.first[first+i] = entry
		}
		return
	}
	if b.first[first]&long == 0 {
		b.first[first] = long | uint16(len(b.rest)>>b.deeper)
		b.rest = append(b.rest, make([]uint16, 1<<b.deeper)...)
	}
	at := uint32(b.first[first]&^long) << b.deeper
	at += code << firstBits >> (32 - b.deeper)
	for i := range uint32(1) << (firstBits + b.deeper - length) {
		b.rest[at+i] = entry
	}
}

// find is the entry of the code that a word begins with.
func (b *book) find(word uint64) uint16 {
	e := b.first[word>>(64-firstBits)]
	if e&long != 0 {
		e = b.rest[uint64(e&^long)<<b.deeper+word<<firstBits>>(64-b.deeper)]
	}
	return e
}

var errOverrun = errors.New("codes run over the end of their granule")

// lines reads the quantised spectrum of a granule up to the bit end, and says
// how many lines may be other than 0.
func (b *bitReader) lines(dst *[lines]int32, g *granule, layout *layout, end int) (int, error) {
	edges := g.regions(layout)
	at := 0
	for r, edge := range edges {
		table := g.tables[r]
		if table == 0 {
			for ; at < edge; at++ {
				dst[at] = 0
			}
			continue
		}
		code := books[table]
		if code == nil {
			return 0, fmt.Errorf("code table %d does not exist", table)
		}
		b.pairs(dst[at:edge], code, linbits[table])
		at = edge
		if b.at > end {
			return 0, errOverrun
		}
	}
	quads := books[32+g.quadTable]
	for at+4 <= lines && b.at < end {
		word := b.word()
		e := quads.find(word)
		word <<= e >> 8
		used := int(e >> 8)
		for i := range 4 {
			v := int32(e>>(3-i)) & 1
			if v != 0 {
				v -= 2 * int32(word>>63)
				word <<= 1
				used++
			}
			dst[at+i] = v
		}
		b.at += used
		if b.at > end { // the last was padding
			break
		}
		at += 4
	}
	clear(dst[at:])
	b.at = end
	return at, nil
}

// pairs reads as many lines as dst holds.
func (b *bitReader) pairs(dst []int32, code *book, linbits uint) {
	for i := 0; i+1 < len(dst); i += 2 {
		word := b.word()
		e := code.find(word)
		word <<= e >> 8
		used := int(e >> 8)
		x, y := int32(e>>4)&15, int32(e)&15
		if x != 0 {
			if x == 15 && linbits > 0 {
				x += int32(word >> (64 - linbits))
				word <<= linbits
				used += int(linbits)
			}
			if word>>63 != 0 {
				x = -x
			}
			word <<= 1
			used++
		}
		if y != 0 {
			if y == 15 && linbits > 0 {
				y += int32(word >> (64 - linbits))
				word <<= linbits
				used += int(linbits)
			}
			if word>>63 != 0 {
				y = -y
			}
			used++
		}
		dst[i], dst[i+1] = x, y
		b.at += used
	}
}
