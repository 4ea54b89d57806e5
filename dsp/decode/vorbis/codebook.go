package vorbis

import (
	"errors"
	"math"
	"math/bits"
	"slices"
)

// Bounds on the codebooks of a stream, all books together. The largest that
// encoders write have a tenth of these.
const (
	maxEntries = 1 << 17
	maxValues  = 1 << 21
)

// firstBits is how many bits of a code are looked up at once.
const firstBits = 10

// codebook is a code of entries, and the vector that each stands for (3.2.1).
type codebook struct {
	entries, dimensions int
	first               []uint32 // entry<<8 | length by the first bits; 0: a longer code, or none
	long                []code   // longer ones, in their order
	values              []float32
}

// code is one of more than firstBits bits.
type code struct {
	word   uint32 // the first bit is the most significant
	length uint8
	entry  uint32
}

var errCodebook = errors.New("a codebook that cannot be")

// codebook reads one. At most so many entries and values are left for it.
func (b *bitReader) codebook(entries, values int) (c codebook, err error) {
	if b.bits(24) != 0x564342 {
		return c, errCodebook
	}
	c.dimensions, c.entries = b.bits(16), b.bits(24)
	if c.dimensions == 0 || c.entries == 0 || c.entries > entries || c.entries*c.dimensions > values {
		return c, errCodebook
	}
	lengths, err := b.lengths(c.entries)
	if err != nil {
		return c, err
	}
	if err := c.assign(lengths); err != nil {
		return c, err
	}
	return c, b.values(&c)
}

// lengths reads how long the code of each entry is; 0: it has none.
func (b *bitReader) lengths(entries int) ([]uint8, error) {
	if b.flag() { // ordered by length
		lengths := make([]uint8, 0, entries)
		for length := b.bits(5) + 1; len(lengths) < entries; length++ {
			n := b.bits(bits.Len(uint(entries - len(lengths))))
			if length > 32 || n > entries-len(lengths) || b.over() {
				return nil, errCodebook
			}
			lengths = append(lengths, slices.Repeat([]uint8{uint8(length)}, n)...)
		}
		return lengths, nil
	}
	sparse := b.flag()
	if b.at+entries > 8*len(b.data) { // each takes a bit at least
		return nil, errCodebook
	}
	lengths := make([]uint8, entries)
	for i := range lengths {
		if !sparse || b.flag() {
			lengths[i] = uint8(b.bits(5) + 1)
		}
	}
	if b.over() {
		return nil, errCodebook
	}
	return lengths, nil
}

// assign gives each entry the lowest code of its length that is free. Of the
// free nodes of the tree at most one is at each depth, the deeper the lower.
func (c *codebook) assign(lengths []uint8) error {
	c.first = make([]uint32, 1<<firstBits)
	var free [33]uint32 // by depth
	have := uint64(1)   // the root is free
	used, last := 0, code{}
	for entry, length := range lengths {
		if length == 0 {
			continue
		}
		depth := bits.Len64(have&(1<<(length+1)-1)) - 1
		if depth < 0 {
			return errCodebook // more codes than there are words
		}
		word := free[depth]
		have &^= 1 << depth
		for d := depth + 1; d <= int(length); d++ {
			free[d] = word | 1<<(32-d)
			have |= 1 << d
		}
		used, last = used+1, code{word, length, uint32(entry)}
		c.add(last)
	}
	// A book of one entry may be said by any bits. One of none is in real files,
	// too, and stands where nothing is read from it.
	if used == 1 && last.length <= firstBits {
		for i := range c.first {
			c.first[i] = last.entry<<8 | uint32(last.length)
		}
	}
	slices.SortFunc(c.long, func(a, b code) int {
		if a.word < b.word {
			return -1
		}
		return 1
	})
	return nil
}

func (c *codebook) add(k code) {
	if k.length > firstBits {
		c.long = append(c.long, k)
		return
	}
	for i := bits.Reverse32(k.word); i < 1<<firstBits; i += 1 << k.length {
		c.first[i] = k.entry<<8 | uint32(k.length)
	}
}

// values reads the vectors (3.2.1, step 4 and on; 3.3).
func (b *bitReader) values(c *codebook) error {
	kind := b.bits(4)
	if kind == 0 {
		return nil
	}
	least, step := unpack(uint32(b.bits(32))), unpack(uint32(b.bits(32)))
	width := b.bits(4) + 1
	running := b.flag()
	n := c.entries * c.dimensions
	if kind == 1 {
		n = root(c.entries, c.dimensions)
	}
	if kind > 2 || b.at+n*width > 8*(len(b.data)-slack) || math.Abs(least) > loudest || math.Abs(step) > loudest {
		return errCodebook
	}
	levels := make([]float32, n)
	for i := range levels {
		levels[i] = float32(float64(b.bits(width))*step + least)
	}
	c.values = make([]float32, c.entries*c.dimensions)
	for entry := range c.entries {
		last, rest := float32(0), entry
		vector := c.values[entry*c.dimensions:][:c.dimensions]
		for d := range vector {
			if kind == 1 {
				vector[d] = levels[rest%n] + last
				rest /= n
			} else {
				vector[d] = levels[entry*c.dimensions+d] + last
			}
			if running {
				last = vector[d]
			}
		}
	}
	return nil
}

// loudest bounds what a codebook's values are made of, so that sums of them
// stay numbers.
const loudest = 1 << 40

// unpack is a number of 21 bits, a sign and an exponent (9.2.2).
func unpack(x uint32) float64 {
	mantissa := float64(x & 0x1fffff)
	if x>>31 == 1 {
		mantissa = -mantissa
	}
	return math.Ldexp(mantissa, int(x>>21&0x3ff)-788)
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

// entry reads a code. It is -1 where no code begins like that.
func (b *bitReader) entry(c *codebook) int {
	word := b.word()
	if e := c.first[word&(1<<firstBits-1)]; e != 0 {
		b.at += int(e & 0xff)
		return int(e >> 8)
	}
	found := bits.Reverse32(uint32(word))
	low, high := 0, len(c.long)
	for low < high { // the last that is not greater
		if middle := (low + high) / 2; c.long[middle].word <= found {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 || (found^c.long[low-1].word)>>(32-c.long[low-1].length) != 0 {
		return -1
	}
	b.at += int(c.long[low-1].length)
	return int(c.long[low-1].entry)
}
