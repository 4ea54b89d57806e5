package vorbis

// residue is how the lines of a spectrum are written beneath its floor (8).
type residue struct {
	kind       int
	begin, end int
	size       int // of a partition, in lines
	classes    int
	classbook  int
	books      [][8]int // by class and pass; -1: none
	passes     int      // that have a book
}

func (b *bitReader) residue(books []codebook) (r residue, err error) {
	r.kind = b.bits(16)
	r.begin, r.end, r.size = b.bits(24), b.bits(24), b.bits(24)+1
	r.classes, r.classbook = b.bits(6)+1, b.bits(8)
	if r.kind > 2 || r.begin > r.end || r.classbook >= len(books) {
		return r, errSetup
	}
	// A code says the classes of some partitions at once, and there must be one for
	// each combination: that bounds how many.
	said := &books[r.classbook]
	for n, combinations := 0, 1; n < said.dimensions && r.classes > 1; n++ {
		if combinations *= r.classes; combinations > said.entries {
			return r, errSetup
		}
	}
	cascade := make([]int, r.classes)
	for i := range cascade {
		cascade[i] = b.bits(3)
		if b.flag() {
			cascade[i] |= b.bits(5) << 3
		}
	}
	r.books = make([][8]int, r.classes)
	for i, c := range cascade {
		for pass := range r.books[i] {
			r.books[i][pass] = -1
			if c>>pass&1 == 0 {
				continue
			}
			book := b.bits(8)
			if book >= len(books) || books[book].values == nil {
				return r, errSetup
			}
			r.books[i][pass] = book
			r.passes = max(r.passes, pass+1)
		}
	}
	return r, nil
}

// vectors reads the residues of the channels that share this one, until the
// packet ends. Each of dst is kept lines of all that the stream has, or with
// type 2 the channels' lines in turn, as one vector. What is beyond is read
// and forgotten.
func (b *bitReader) vectors(dst [][]float32, all int, r *residue, books []codebook, classes *[]uint8) {
	end := min(r.end, all)
	partitions := (end - min(r.begin, end)) / r.size
	words := books[r.classbook].dimensions
	if r.classes == 1 { // nothing is said, of however many
		words = max(1, min(words, partitions))
	}
	stride := partitions + words // a code may say more classes than there are
	if need := stride * len(dst); len(*classes) < need {
		*classes = make([]uint8, need)
	}
	for pass := range r.passes {
		for first := 0; first < partitions; first += words {
			if pass == 0 && !b.classify((*classes)[first:], len(dst), stride, words, r, &books[r.classbook]) {
				return
			}
			for p := first; p < min(first+words, partitions); p++ {
				for ch := range dst {
					book := r.books[(*classes)[ch*stride+p]][pass]
					if book < 0 {
						continue
					}
					if !b.partition(dst[ch], r.begin+p*r.size, r, &books[book]) {
						return
					}
				}
			}
		}
	}
}

// classify reads the classes of so many partitions of each channel.
func (b *bitReader) classify(classes []uint8, channels, stride, words int, r *residue, book *codebook) bool {
	for ch := range channels {
		e := b.entry(book)
		if e < 0 || b.over() {
			return false
		}
		for i := words - 1; i >= 0; i-- {
			classes[ch*stride+i] = uint8(e % r.classes)
			e /= r.classes
		}
	}
	return true
}

// partition adds the vectors of one partition; false: the packet ends.
func (b *bitReader) partition(dst []float32, at int, r *residue, book *codebook) bool {
	n := book.dimensions
	if r.kind == 0 {
		steps := r.size / n
		for i := range steps {
			e := b.entry(book)
			if e < 0 || b.over() {
				return false
			}
			for d, v := range book.values[e*n:][:n] {
				if line := at + i + d*steps; line < len(dst) {
					dst[line] += v
				}
			}
		}
		return true
	}
	for end := at + r.size; at < end; at += n {
		e := b.entry(book)
		if e < 0 || b.over() {
			return false
		}
		if at+n > len(dst) {
			if at < len(dst) {
				add(dst[at:], book.values[e*n:])
			}
			continue
		}
		lines, vector := dst[at:at+n], book.values[e*n:][:n]
		for i, v := range vector {
			lines[i] += v
		}
	}
	return true
}

// add adds as much as dst holds.
func add(dst, values []float32) {
	for i := range dst {
		dst[i] += values[i]
	}
}
