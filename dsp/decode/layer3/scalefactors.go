package layer3

// segment is a run of lines under one scale factor: in the order of the
// bitstream they follow one another, in the spectrum they lie step apart.
type segment struct {
	start, step, width int
	window             int // of short blocks, 0 to 2
	short              bool
}

// layout is how a block's lines are laid out.
type layout struct {
	bands    *bands
	segments []segment
}

const (
	longLayout = iota
	shortLayout
	mixedLayout
)

// layouts are those of a rate, by kind.
func layouts(b bands) (all [3]layout) {
	long := func(from, to int) (s []segment) {
		for i := from; i < to; i++ {
			s = append(s, segment{start: b.long[i], step: 1, width: b.long[i+1] - b.long[i]})
		}
		return s
	}
	short := func(from int) (s []segment) {
		for i := from; i < 13; i++ {
			for w := range 3 {
				s = append(s, segment{
					start: 3*b.short[i] + w, step: 3, width: b.short[i+1] - b.short[i], window: w, short: true,
				})
			}
		}
		return s
	}
	all[longLayout] = layout{&b, long(0, 22)}
	all[shortLayout] = layout{&b, short(0)}
	// Two subbands are long, up to the first short band that begins there.
	longBands := 0
	for b.long[longBands] < mixedLines {
		longBands++
	}
	all[mixedLayout] = layout{&b, append(long(0, longBands), short(3)...)}
	return all
}

// mixedLines are the long ones of a mixed block.
const mixedLines = 36

func (g *granule) kind() int {
	switch {
	case g.block != 2:
		return longLayout
	case g.mixed:
		return mixedLayout
	}
	return shortLayout
}

// switched is where the first region ends in a frame with a block switch.
func (l *layout) switched(g *granule) int {
	if g.block == 2 && !g.mixed {
		return 3 * l.bands.short[3]
	}
	return l.bands.long[8]
}

// factors are a channel's scale factors, one for each segment of its layout.
type factors struct {
	values [39]int
	none   [39]int // in MPEG-2, the position that is none
}

// Lengths of the scale factors' two groups (11172-3, 2.4.2.7).
var (
	firstLengths  = [16]int{0, 0, 0, 0, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4}
	secondLengths = [16]int{0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 2, 3}
)

// shared are the segments whose factors the second granule may take over.
var shared = [4][2]int{{0, 6}, {6, 11}, {11, 16}, {16, 21}}

// read reads the scale factors of MPEG-1; share tells which stay as they are.
func (f *factors) read(b *bitReader, g *granule, share [4]bool) {
	first, second := firstLengths[g.compress], secondLengths[g.compress]
	if g.block != 2 {
		for group, keep := range share {
			length := first
			if group >= 2 {
				length = second
			}
			for i := shared[group][0]; i < shared[group][1] && !keep; i++ {
				f.values[i] = b.bits(length)
			}
		}
		f.values[21] = 0
		return
	}
	turn, end := 18, 36
	if g.mixed {
		turn, end = 8+9, 8+27
	}
	clear(f.values[:])
	for i := range end {
		length := first
		if i >= turn {
			length = second
		}
		f.values[i] = b.bits(length)
	}
}

// lowCounts are how many scale factors have each of the four lengths in MPEG-2,
// by how they are coded and the block's kind (13818-3, 2.4.3.2).
var lowCounts = [6][3][4]int{
	{{6, 5, 5, 5}, {9, 9, 9, 9}, {6, 9, 9, 9}},
	{{6, 5, 7, 3}, {9, 9, 12, 6}, {6, 9, 12, 6}},
	{{11, 10, 0, 0}, {18, 18, 0, 0}, {15, 18, 0, 0}},
	{{7, 7, 7, 0}, {12, 12, 12, 0}, {6, 15, 12, 0}},
	{{6, 6, 6, 3}, {12, 9, 9, 6}, {6, 12, 9, 6}},
	{{8, 8, 5, 0}, {15, 12, 9, 0}, {6, 18, 9, 0}},
}

// readLow reads the scale factors of MPEG-2; intensity tells those that are
// positions between the channels.
func (f *factors) readLow(b *bitReader, g *granule, intensity bool) {
	var lengths [4]int
	var code int
	c := g.compress
	switch {
	case intensity:
		switch c >>= 1; {
		case c < 180:
			lengths, code = [4]int{c / 36, c % 36 / 6, c % 6}, 3
		case c < 244:
			c -= 180
			lengths, code = [4]int{c >> 4, c >> 2 & 3, c & 3}, 4
		default:
			c -= 244
			lengths, code = [4]int{c / 3, c % 3}, 5
		}
	case c < 400:
		lengths, code = [4]int{c >> 4 / 5, c >> 4 % 5, c >> 2 & 3, c & 3}, 0
	case c < 500:
		c -= 400
		lengths, code = [4]int{c >> 2 / 5, c >> 2 % 5, c & 3}, 1
	default:
		c -= 500
		lengths, code = [4]int{c / 3, c % 3}, 2
		g.preflag = true
	}
	clear(f.values[:])
	clear(f.none[:])
	i := 0
	for part, count := range lowCounts[code][g.kind()] {
		for range count {
			f.values[i], f.none[i] = b.bits(lengths[part]), -1
			if lengths[part] > 0 {
				f.none[i] = 1<<lengths[part] - 1
			}
			i++
		}
	}
}
