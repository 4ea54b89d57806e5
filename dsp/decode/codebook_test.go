package decode

import (
	"errors"
	"testing"
)

// bitWriter is the counterpart of vorbisBits.
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

// book begins the only codebook of a setup.
func book(dimensions, entries int) *bitWriter {
	w := &bitWriter{data: []byte("\x05vorbis"), at: 7 * 8}
	return w.write(0, 8, 0x564342, 24, dimensions, 16, entries, 24)
}

func TestCodebooksThatCannotBe(t *testing.T) {
	t.Parallel()
	head := func(blocks byte) []byte {
		b := append([]byte("\x01vorbis\x00\x00\x00\x00\x02"), make([]byte, 18)...)
		b[28] = blocks
		return b
	}
	good := book(1, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 0, 4).data
	if err := checkVorbis(head(0xb8), good); err != nil {
		t.Errorf("two entries of one bit: %v", err)
	}
	for name, c := range map[string]struct {
		blocks byte
		setup  []byte
	}{
		"blocks of one sample":  {0x00, good},
		"blocks in wrong order": {0x8b, good},
		"blocks too large":      {0xf8, good},
		"no setup":              {0xb8, nil},
		"no codebook":           {0xb8, []byte("\x05vorbis\x00")},
		"no dimensions":         {0xb8, book(0, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 0, 4).data},
		"no entries":            {0xb8, book(1, 0).write(0, 1, 0, 1, 0, 4).data},
		"16 million entries":    {0xb8, book(1, 1<<24-1).write(1, 1, 31, 5, 1<<24-1, 24, 0, 4).data},
		"many values":           {0xb8, book(1<<16-1, 1<<10).write(1, 1, 31, 5, 1<<10, 11, 0, 4).data},
		"no entry in use":       {0xb8, book(1, 2).write(0, 1, 1, 1, 0, 1, 0, 1, 0, 4).data},
		"more words than bits":  {0xb8, book(1, 3).write(0, 1, 0, 1, 0, 5, 0, 5, 0, 5, 0, 4).data},
		"words without end":     {0xb8, book(1, 2).write(1, 1, 0, 5).data},
		"values that are not":   {0xb8, book(4, 2).write(0, 1, 0, 1, 0, 5, 0, 5, 2, 4, 0, 32, 0, 32, 15, 4, 0, 1).data},
	} {
		if err := checkVorbis(head(c.blocks), c.setup); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: error %v; want a damaged file", name, err)
		}
	}
}
