package vorbis

import (
	"errors"
	"testing"
)

// bitWriter is the counterpart of bitReader.
type bitWriter struct {
	data []byte
	at   int
}

func (w *bitWriter) write(pairs ...int) *bitWriter { // value, bits, value, bits …
	for i := 0; i < len(pairs); i += 2 {
		for b := range pairs[i+1] {
			if w.at%8 == 0 {
				w.data = append(w.data, 0)
			}
			w.data[w.at/8] |= byte(pairs[i]>>b&1) << (w.at % 8)
			w.at++
		}
	}
	return w
}

// book begins a codebook.
func book(dimensions, entries int) *bitWriter {
	w := &bitWriter{}
	return w.write(0x564342, 24, dimensions, 16, entries, 24)
}

func TestCodebooksThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"no codebook":          {0},
		"no dimensions":        book(0, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 0, 4).data,
		"no entries":           book(1, 0).write(0, 1, 0, 1, 0, 4).data,
		"16 million entries":   book(1, 1<<24-1).write(1, 1, 31, 5, 1<<24-1, 24, 0, 4).data,
		"many values":          book(1<<16-1, 1<<10).write(1, 1, 31, 5, 1<<10, 11, 0, 4).data,
		"more words than bits": book(1, 3).write(0, 1, 0, 1, 0, 5, 0, 5, 0, 5, 0, 4).data,
		"words without end":    book(1, 2).write(1, 1, 0, 5).data,
		"lengths that are not": book(1, 1<<16).write(0, 1, 0, 1, 0, 5).data,
		"values that are not":  book(4, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 2, 4, 0, 32, 0, 32, 15, 4, 0, 1).data,
		"values out of bounds": book(1, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 1, 4, 0x7fffffff, 32, 0, 32, 0, 4, 0, 1, 0, 2).data,
		"a third kind":         book(1, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 3, 4, 0, 32, 0, 32, 0, 4, 0, 1, 0, 8).data,
	} {
		b := newBitReader(data)
		if _, err := b.codebook(maxEntries, maxValues); !errors.Is(err, errCodebook) {
			t.Errorf("%s: error %v; want one of the codebook", name, err)
		}
	}
}

// A book none of whose entries is in use can be, and nothing can be read by it.
func TestBookWithoutCodes(t *testing.T) {
	t.Parallel()
	b := newBitReader(book(1, 2).write(0, 1, 1, 1, 0, 1, 0, 1, 0, 4).data)
	c, err := b.codebook(maxEntries, maxValues)
	if err != nil {
		t.Fatal(err)
	}
	for _, bits := range []byte{0, 0xff, 0x5a} {
		b := newBitReader([]byte{bits, bits, bits, bits})
		if got := b.entry(&c); got != -1 {
			t.Errorf("bits %x are entry %d", bits, got)
		}
	}
}

// The example of the specification, 3.2.1: lengths 2 4 4 4 4 2 3 3 have the
// codes 00 0100 0101 0110 0111 10 110 111.
func TestCodesOfTheSpecification(t *testing.T) {
	t.Parallel()
	w := book(1, 8).write(0, 1, 0, 1)
	for _, length := range []int{2, 4, 4, 4, 4, 2, 3, 3} {
		w.write(length-1, 5)
	}
	b := newBitReader(w.write(0, 4).data)
	c, err := b.codebook(maxEntries, maxValues)
	if err != nil {
		t.Fatal(err)
	}
	for entry, word := range []string{"00", "0100", "0101", "0110", "0111", "10", "110", "111"} {
		bits := &bitWriter{}
		for _, bit := range word {
			bits.write(int(bit-'0'), 1)
		}
		b := newBitReader(bits.data)
		if got := b.entry(&c); got != entry || b.at != len(word) {
			t.Errorf("%s is entry %d of %d bits; want %d", word, got, b.at, entry)
		}
	}
}

// Codes longer than what is looked up at once are found too: those of lengths
// 1, 2, 3 … are as many ones and then a zero.
func TestLongCodes(t *testing.T) {
	t.Parallel()
	const longest = 24
	w := book(1, longest).write(0, 1, 0, 1)
	for length := 1; length <= longest; length++ {
		w.write(length-1, 5)
	}
	b := newBitReader(w.write(0, 4).data)
	c, err := b.codebook(maxEntries, maxValues)
	if err != nil {
		t.Fatal(err)
	}
	for entry := range longest {
		bits := (&bitWriter{}).write(1<<entry-1, entry, 0, 1, 0x5a5a, 16)
		b := newBitReader(bits.data)
		if got := b.entry(&c); got != entry || b.at != entry+1 {
			t.Errorf("%d ones are entry %d of %d bits", entry, got, b.at)
		}
	}
	b = newBitReader([]byte{0xff, 0xff, 0xff, 0xff})
	if got := b.entry(&c); got != -1 {
		t.Errorf("a word without a code is entry %d", got)
	}
}

// Values of a lattice (kind 1) and a list (kind 2), running and not (3.2.1).
func TestVectors(t *testing.T) {
	t.Parallel()
	const minusOne, one = 1<<31 | 788<<21 | 1, 788<<21 | 1
	for name, c := range map[string]struct {
		kind, running int
		levels        []int
		want          []float32
	}{
		"lattice":         {1, 0, []int{0, 2}, []float32{-1, -1, 1, -1, -1, 1, 1, 1}},
		"lattice running": {1, 1, []int{0, 2}, []float32{-1, -2, 1, 0, -1, 0, 1, 2}},
		"list":            {2, 0, []int{0, 1, 2, 3, 3, 2, 1, 0}, []float32{-1, 0, 1, 2, 2, 1, 0, -1}},
	} {
		w := book(2, 4).write(0, 1, 0, 1, 1, 5, 1, 5, 1, 5, 1, 5)
		w.write(c.kind, 4, minusOne, 32, one, 32, 1, 4, c.running, 1)
		for _, level := range c.levels {
			w.write(level, 2)
		}
		b := newBitReader(w.data)
		got, err := b.codebook(maxEntries, maxValues)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range c.want {
			if got.values[i] != v {
				t.Errorf("%s: values %g; want %g", name, got.values, c.want)
				break
			}
		}
	}
}
