// Package vorbis decodes the packets of Vorbis I (Xiph.Org, 2020) to one
// channel, the mean of all, at the stream's rate or at half of it. Since all
// channels of a packet have blocks of one length, their spectra are added and
// transformed once; for half the rate the upper half of the lines is read and
// forgotten.
package vorbis

import (
	"math"
	"slices"
)

// Rate is which samples a decoder gives.
type Rate int

// Every sample, or of what lies below a quarter of the stream's rate every
// second one: those with even numbers or with odd ones.
const (
	Full Rate = iota
	HalfEven
	HalfOdd
)

// Decoder decodes the packets of one stream in their order.
type Decoder struct {
	*Setup
	half       int // 1: at half the rate
	transforms [2]*transform
	rise, fall [2][]float32 // of the windows; what is heard of a block's neighbour

	curves   []curve
	residues [][]float32 // (Channels, lines)
	flat     []float32   // residues of type 2, line by line
	classes  []uint8
	envelope []float32
	sum      []float32 // of the channels' spectra
	packet   []byte    // with slack

	now, past []float32 // halves of this block and of the one before
	next      []float32
	before    int // length of the block before; 0: none
	out       []float32
}

// NewDecoder makes a decoder for a stream.
func (s *Setup) NewDecoder(rate Rate) *Decoder {
	d := &Decoder{Setup: s, curves: make([]curve, s.Channels), residues: make([][]float32, s.Channels)}
	first, every := 0, 1
	if rate != Full {
		d.half, every = 1, 2
	}
	if rate == HalfOdd {
		first = 1
	}
	for i, block := range s.blocks {
		d.transforms[i] = newTransform(block, rate)
		for n := first; n < block/2; n += every {
			d.rise[i] = append(d.rise[i], window(n, block))
			d.fall[i] = append(d.fall[i], window(block/2+n, block))
		}
	}
	lines := s.blocks[1] / 2 >> d.half
	for ch := range d.residues {
		d.residues[ch] = make([]float32, lines)
	}
	d.flat = make([]float32, lines*s.Channels)
	d.envelope, d.sum, d.out = make([]float32, lines), make([]float32, lines), make([]float32, lines)
	d.now, d.next, d.past = make([]float32, lines), make([]float32, lines), make([]float32, lines)
	return d
}

// window is the slope of a block (4.3.1).
func window(n, block int) float32 {
	sin := math.Sin(math.Pi * (float64(n) + 0.5) / float64(block))
	return float32(math.Sin(math.Pi / 2 * sin * sin))
}

// Decode gives what is heard from the middle of the block before to the middle
// of this one; after the first packet nothing. It is valid until the next call.
func (d *Decoder) Decode(packet []byte) ([]float32, error) {
	d.packet = append(append(d.packet[:0], packet...), make([]byte, slack)...)
	b := bitReader{data: d.packet}
	m, err := d.mode(&b)
	if err != nil {
		return nil, err
	}
	if m.long == 1 {
		b.bits(2) // how long the neighbours are, which they say themselves
	}
	lines := d.blocks[m.long] / 2 >> d.half
	d.spectrum(&b, &d.mappings[m.mapping], lines)
	d.transforms[m.long].halves(d.now[:lines], d.next[:lines], d.sum[:lines])
	out := d.overlap(m.long, lines)
	d.past, d.next = d.next, d.past
	return out, nil
}

// spectrum reads the spectra of all channels and leaves their mean in sum.
func (d *Decoder) spectrum(b *bitReader, m *mapping, lines int) {
	sound := false
	for ch := range d.curves {
		b.curve(&d.curves[ch], &d.floors[m.floor[m.submap[ch]]], d.books)
		sound = sound || d.curves[ch].used
	}
	sum := d.sum[:lines]
	clear(sum)
	if !sound {
		return
	}
	for i := range m.residue {
		d.readResidue(b, m, i, lines)
	}
	for _, c := range slices.Backward(m.couples) {
		uncouple(d.residues[c[0]][:lines], d.residues[c[1]][:lines])
	}
	for ch := range d.curves {
		if !d.curves[ch].used {
			continue
		}
		envelope, residue := d.envelope[:lines], d.residues[ch][:lines]
		d.curves[ch].draw(envelope, &d.floors[m.floor[m.submap[ch]]])
		for i, e := range envelope {
			sum[i] += e * residue[i]
		}
	}
	for i, v := range sum {
		sum[i] = max(-loudest, min(loudest, v/float32(d.Channels)))
		if v != v {
			sum[i] = 0 // of infinities, which couples of couples can make
		}
	}
}

// readResidue reads those of the channels of one submap. One that is silent is
// not written, unless it is coupled to another that is not (4.3.3).
func (d *Decoder) readResidue(b *bitReader, m *mapping, submap, lines int) {
	r := &d.Setup.residues[m.residue[submap]]
	var members, sounding [][]float32
	for ch, s := range m.submap {
		if s != submap {
			continue
		}
		residue := d.residues[ch][:lines]
		clear(residue)
		members = append(members, residue)
		if d.sounds(m, ch) {
			sounding = append(sounding, residue)
		}
	}
	all := lines << d.half
	switch {
	case len(sounding) == 0:
	case r.kind != 2:
		b.vectors(sounding, all, r, d.books, &d.classes)
	case len(members) == 1:
		b.vectors(members, all, r, d.books, &d.classes)
	default:
		n := len(members)
		flat := d.flat[:lines*n]
		clear(flat)
		b.vectors([][]float32{flat}, all*n, r, d.books, &d.classes)
		for ch, residue := range members {
			for i := range residue {
				residue[i] = flat[i*n+ch]
			}
		}
	}
}

func (d *Decoder) sounds(m *mapping, ch int) bool {
	if d.curves[ch].used {
		return true
	}
	for _, c := range m.couples {
		if c[0] == ch && d.curves[c[1]].used || c[1] == ch && d.curves[c[0]].used {
			return true
		}
	}
	return false
}

// uncouple turns magnitudes and angles into two channels (4.3.5).
func uncouple(magnitudes, angles []float32) {
	angles = angles[:len(magnitudes)]
	for i, m := range magnitudes {
		a := angles[i]
		switch {
		case m > 0 && a > 0:
			angles[i] = m - a
		case m > 0:
			angles[i], magnitudes[i] = m, m+a
		case a > 0:
			angles[i] = m + a
		default:
			angles[i], magnitudes[i] = m, m-a
		}
	}
}

// overlap adds the end of the block before to the beginning of this one. The
// slope between them is that of the shorter.
func (d *Decoder) overlap(long, lines int) []float32 {
	before := d.before
	d.before = lines
	if before == 0 {
		return nil
	}
	shorter := min(before, lines)
	slope := long
	if shorter < lines {
		slope = 0
	}
	rise, fall := d.rise[slope], d.fall[slope]
	flat := (before - shorter) / 2
	n := copy(d.out, d.past[:flat])
	now, past := d.now[(lines-shorter)/2:lines], d.past[flat:before]
	for i := range shorter {
		d.out[n+i] = past[i]*fall[i] + now[i]*rise[i]
	}
	n += shorter
	n += copy(d.out[n:], now[shorter:])
	return d.out[:n]
}
