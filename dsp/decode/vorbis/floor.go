package vorbis

import (
	"math"
	"math/bits"
	"slices"
)

// floor is the envelope of a spectrum, of type 1: straight lines in decibels
// between points (7.2).
type floor struct {
	classes    []class // of each partition
	multiplier int
	x          []int    // of the points, in lines of the spectrum
	order      []int    // of x
	between    [][2]int // of each point after the second, those that it lies between
}

type class struct {
	dimensions, bits int
	master           int
	books            []int // -1: nothing is read
}

// maxPoints is the format's own bound.
const maxPoints = 65

func (b *bitReader) floor(books []codebook) (f floor, err error) {
	partitions := make([]int, b.bits(5))
	var classes []class
	for i := range partitions {
		partitions[i] = b.bits(4)
		for len(classes) <= partitions[i] {
			classes = append(classes, class{})
		}
	}
	for i := range classes {
		c := &classes[i]
		c.dimensions, c.bits = b.bits(3)+1, b.bits(2)
		if c.bits > 0 {
			if c.master = b.bits(8); c.master >= len(books) {
				return f, errSetup
			}
		}
		for range 1 << c.bits {
			book := b.bits(8) - 1
			if book >= len(books) {
				return f, errSetup
			}
			c.books = append(c.books, book)
		}
	}
	f.multiplier = b.bits(2) + 1
	width := b.bits(4)
	f.x = []int{0, 1 << width}
	for _, p := range partitions {
		f.classes = append(f.classes, classes[p])
		for range classes[p].dimensions {
			f.x = append(f.x, b.bits(width))
		}
	}
	if len(f.x) > maxPoints {
		return f, errSetup
	}
	return f, f.arrange()
}

// arrange sorts the points, and finds the neighbours of each among those before it.
func (f *floor) arrange() error {
	for i := range f.x {
		f.order = append(f.order, i)
	}
	slices.SortFunc(f.order, func(a, b int) int { return f.x[a] - f.x[b] })
	for i := 1; i < len(f.order); i++ {
		if f.x[f.order[i]] == f.x[f.order[i-1]] {
			return errSetup
		}
	}
	f.between = make([][2]int, len(f.x))
	for i := 2; i < len(f.x); i++ {
		low, high := 0, 1
		for j := range i {
			if f.x[j] < f.x[i] && f.x[j] > f.x[low] {
				low = j
			}
			if f.x[j] > f.x[i] && f.x[j] < f.x[high] {
				high = j
			}
		}
		f.between[i] = [2]int{low, high}
	}
	return nil
}

// curve is a floor of one channel in one packet.
type curve struct {
	used bool
	y    [maxPoints]int
	kept [maxPoints]bool // a point that is not on the line between its neighbours
}

// curve reads a floor. It is not used where the packet says so, or ends.
func (b *bitReader) curve(c *curve, f *floor, books []codebook) {
	c.used = false
	if !b.flag() || b.over() {
		return
	}
	levels := [...]int{256, 128, 86, 64}[f.multiplier-1]
	width := bits.Len(uint(levels - 1))
	c.y[0], c.y[1] = b.bits(width), b.bits(width)
	at := 2
	for i := range f.classes {
		class := &f.classes[i]
		choice := 0
		if class.bits > 0 {
			choice = b.entry(&books[class.master])
		}
		for range class.dimensions {
			book := class.books[choice&(1<<class.bits-1)]
			choice >>= class.bits
			c.y[at] = 0
			if book >= 0 {
				c.y[at] = b.entry(&books[book])
			}
			if c.y[at] < 0 || choice < 0 || b.over() {
				return
			}
			at++
		}
	}
	c.used = !b.over()
	c.unwrap(f, levels)
}

// unwrap turns how far each point is from the line between its neighbours into
// where it is (7.2.4, step 1).
func (c *curve) unwrap(f *floor, levels int) {
	c.y[0], c.y[1] = min(c.y[0], levels-1), min(c.y[1], levels-1)
	c.kept[0], c.kept[1] = true, true
	for i := 2; i < len(f.x); i++ {
		low, high := f.between[i][0], f.between[i][1]
		x0, y0 := f.x[low], c.y[low]
		dx, dy := f.x[high]-x0, c.y[high]-y0
		line := y0 + dy*(f.x[i]-x0)/dx
		off := c.y[i]
		c.kept[i] = off != 0
		if off == 0 {
			c.y[i] = line
			continue
		}
		c.kept[low], c.kept[high] = true, true
		above, below := levels-line, line
		switch room := 2 * min(above, below); {
		case off >= room && above > below:
			off -= below
		case off >= room:
			off = above - off - 1
		case off%2 == 1:
			off = -(off + 1) / 2
		default:
			off /= 2
		}
		c.y[i] = max(0, min(levels-1, line+off))
	}
}

// decibels are the values of a floor, of which 255 is 1 (10.1): equal steps of
// the logarithm.
var decibels = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(math.Exp(math.Log(1.0649863e-07) * float64(255-i) / 255))
	}
	return t
}()

// draw writes the floor of as many lines as dst holds (7.2.4, step 2).
func (c *curve) draw(dst []float32, f *floor) {
	x0, y0 := 0, c.y[0]*f.multiplier
	for _, i := range f.order[1:] {
		if !c.kept[i] {
			continue
		}
		x1, y1 := f.x[i], c.y[i]*f.multiplier
		straight(dst, x0, y0, x1, y1)
		if x0, y0 = x1, y1; x0 >= len(dst) {
			return
		}
	}
	for i := x0; i < len(dst); i++ {
		dst[i] = decibels[y0]
	}
}

// straight draws a line from one point to before the next (9.2.7).
func straight(dst []float32, x0, y0, x1, y1 int) {
	dx, dy := x1-x0, y1-y0
	base, sign := dy/dx, 1
	if dy < 0 {
		sign = -1
	}
	part, err, y := sign*(dy-base*dx), 0, y0
	for x := x0; x < min(x1, len(dst)); x++ {
		dst[x] = decibels[y&0xff]
		y += base
		if err += part; err >= dx {
			err -= dx
			y += sign
		}
	}
}
