package main

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
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

// mutant changes a copy of a file in one to three ways, and names them. Half of the
// Ogg files get checksums that fit, so that what is changed is heard.
func mutant(rng *rand.Rand, file, other []byte) (ways string, b []byte) {
	b = bytes.Clone(file)
	var names []string
	for range 1 + rng.IntN(3) {
		m := mutations[rng.IntN(len(mutations))]
		names = append(names, m.name)
		b = m.do(rng, b, other)
	}
	if bytes.HasPrefix(b, []byte("OggS")) && rng.IntN(2) == 0 {
		names = append(names, "sealed")
		sealOgg(b)
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

// sealOgg writes the checksum of each page that is whole (RFC 3533, 6).
func sealOgg(b []byte) {
	const header = 27
	for {
		at := bytes.Index(b, []byte("OggS"))
		if at < 0 || len(b) < at+header || len(b) < at+header+int(b[at+26]) {
			return
		}
		b = b[at:]
		length := header + int(b[26])
		for _, l := range b[header:length] {
			length += int(l)
		}
		if length > len(b) {
			return
		}
		clear(b[22:26])
		var sum uint32
		for _, v := range b[:length] {
			sum ^= uint32(v) << 24
			for range 8 {
				sum = sum<<1 ^ sum>>31*0x04c11db7
			}
		}
		binary.LittleEndian.PutUint32(b[22:], sum)
		b = b[length:]
	}
}

// TestSealedOggIsItself: the checksums that sealOgg writes are those of the encoder.
func TestSealedOggIsItself(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("samples/04-ferry-waltz.ogg")
	if err != nil {
		t.Fatal(err)
	}
	sealed := bytes.Clone(file)
	if sealOgg(sealed); !bytes.Equal(sealed, file) {
		t.Error("they are not")
	}
}
