package main

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutations are what bad disks, bad lines, bad programs and bad people do to a
// file, as zzuf and radamsa imitate them. Each changes b, or returns another, and
// may be given a file of no bytes; other is a second file.
var mutations = []struct {
	name string
	do   func(rng *rand.Rand, b, other []byte) []byte
}{
	{"flip", func(rng *rand.Rand, b, _ []byte) []byte { return flip(rng, b) }},
	{"flip-head", func(rng *rand.Rand, b, _ []byte) []byte { flip(rng, head(b)); return b }},
	{"extremes", func(rng *rand.Rand, b, _ []byte) []byte { extremes(rng, head(b)); return b }},
	{"delete", func(rng *rand.Rand, b, _ []byte) []byte {
		from, to := chunk(rng, b)
		return append(b[:from], b[to:]...)
	}},
	{"double", func(rng *rand.Rand, b, _ []byte) []byte {
		from, to := chunk(rng, b)
		return bytes.Join([][]byte{b[:to], b[from:to], b[to:]}, nil)
	}},
	{"swap", func(rng *rand.Rand, b, _ []byte) []byte {
		from, middle := chunk(rng, b)
		_, length := chunk(rng, b[middle:])
		to := middle + length
		return bytes.Join([][]byte{b[:from], b[middle:to], b[from:middle], b[to:]}, nil)
	}},
	{"zero", func(rng *rand.Rand, b, _ []byte) []byte {
		from, to := chunk(rng, b)
		clear(b[from:to])
		return b
	}},
	{"cut", func(rng *rand.Rand, b, _ []byte) []byte { return b[:rng.IntN(len(b)+1)] }},
	{"splice", func(rng *rand.Rand, b, other []byte) []byte {
		return append(b[:rng.IntN(len(b)+1)], other[rng.IntN(len(other)+1):]...)
	}},
}

// mutant changes a copy of a file in one to three ways, and names them.
func mutant(rng *rand.Rand, file, other []byte) (ways string, b []byte) {
	b = bytes.Clone(file)
	var names []string
	for range 1 + rng.IntN(3) {
		m := mutations[rng.IntN(len(mutations))]
		names = append(names, m.name)
		b = m.do(rng, b, other)
	}
	return strings.Join(names, "+"), b
}

// head is where the headers are.
func head(b []byte) []byte { return b[:min(len(b), 256)] }

// chunk chooses a piece, a few bytes as often as most of the file.
func chunk(rng *rand.Rand, b []byte) (from, to int) {
	from = rng.IntN(len(b) + 1)
	return from, from + rng.IntN(1+(len(b)-from)>>rng.IntN(16))
}

// flip turns one bit in so many: from one in 32 to one or two in all.
func flip(rng *rand.Rand, b []byte) []byte {
	all := 8 * len(b)
	every := 1 << (5 + rng.IntN(max(1, bits.Len(uint(all))-5)))
	for bit := rng.IntN(every); bit < all; bit += 1 + rng.IntN(2*every) {
		b[bit/8] ^= 1 << (bit % 8)
	}
	return b
}

// extremes writes into some fields of 1, 2, 4 or 8 bytes the numbers that
// programs get wrong, in either order of bytes.
func extremes(rng *rand.Rand, b []byte) {
	for range 1 + rng.IntN(4) {
		width := 1 << rng.IntN(4)
		most := ^uint64(0) >> (64 - 8*width)
		numbers := []uint64{0, 1, most >> 1, most>>1 + 1, most - 1, most}
		field := binary.LittleEndian.AppendUint64(nil, numbers[rng.IntN(len(numbers))])[:width]
		if rng.IntN(2) == 0 {
			slices.Reverse(field)
		}
		copy(b[rng.IntN(len(b)+1):], field)
	}
}
