// Package layer3 decodes MPEG audio layer III (ISO/IEC 11172-3, 13818-3 and the
// practice of MPEG-2.5) to one channel, the mean of all, at the stream's rate or
// at half of it. What the mean of the channels does not need is not decoded: the
// difference of a joint stereo frame, the upper half of the bands for half the
// rate, and one transform for both channels where their blocks are alike.
package layer3

import (
	"errors"
	"fmt"
)

// Frame is a frame of the stream, without its header and checksum.
type Frame struct {
	LSF       bool // MPEG-2 or 2.5: one granule
	Mono      bool
	MidSide   bool
	Intensity bool
	Side      []byte // side information
	Main      []byte // main data
}

// Samples is how many samples a frame has at the stream's rate.
func (f Frame) Samples() int {
	if f.LSF {
		return lines
	}
	return 2 * lines
}

// Decoder decodes the frames of one stream in their order.
type Decoder struct {
	layouts [3]layout
	half    int // 1: at half the rate
	bands   int // that are heard, of 32

	past    []byte // main data of earlier frames, the newest last; while decoding, this one's and slack
	side    side
	factors [2]factors
	codes   [lines]int32
	lines   [2][lines]float32

	now, next [subbands][slots]float32 // of the granule, and what rings on into the next
	synth     *synthesis
}

const (
	subbands = 32
	slots    = lines / subbands
	// pastBytes is how far back main data may begin.
	pastBytes = 511
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

// New makes a decoder for streams at hz samples a second.
func New(hz int, rate Rate) (*Decoder, error) {
	b, ok := bandsOf[hz]
	if !ok {
		return nil, fmt.Errorf("layer III at %d Hz", hz)
	}
	d := &Decoder{layouts: layouts(b), bands: subbands}
	if rate != Full {
		d.half, d.bands = 1, subbands/2
	}
	d.synth = newSynthesis(rate)
	return d, nil
}

// Decode writes a frame's samples, or half as many, to dst. A frame whose main
// data began before the stream did is silent. After an error the next frame can
// be decoded.
func (d *Decoder) Decode(dst []float32, f Frame) error {
	if len(dst) != f.Samples()>>d.half {
		panic("layer3: length mismatch")
	}
	clear(dst)
	channels := 2
	if f.Mono {
		channels = 1
	}
	before := len(d.past)
	d.past = append(d.past, f.Main...)
	data := len(d.past)
	d.past = append(d.past, make([]byte, slack)...)
	defer func() {
		d.past = d.past[:copy(d.past, d.past[max(0, data-pastBytes):data])]
	}()
	if err := d.side.parse(f.Side, channels, f.LSF); err != nil {
		return err
	}
	size := lines >> d.half
	lost := d.side.begin > before
	var main bitReader
	if !lost {
		main.data = d.past[before-d.side.begin:]
	}
	for gr := range len(dst) / size {
		if !lost {
			if err := d.granule(&main, gr, channels, f); err != nil {
				return err
			}
		}
		d.emit(dst[gr*size:][:size])
	}
	return nil
}

var errTooShort = errors.New("main data ends within a granule")

// granule reads one granule of all channels and transforms their mean.
func (d *Decoder) granule(main *bitReader, gr, channels int, f Frame) error {
	g := d.side.granules[gr][:channels]
	// The difference is of no use where the sum alone makes the mean.
	onlySum := channels == 2 && f.MidSide && !f.Intensity && g[0].same(&g[1])
	for ch := range g {
		end := main.at + g[ch].length
		if end > 8*(len(main.data)-slack) {
			return errTooShort
		}
		if ch == 1 && onlySum {
			main.at = end
			break
		}
		if err := d.spectrum(main, gr, ch, end, f); err != nil {
			return err
		}
	}
	switch {
	case channels == 1:
	case onlySum:
		for i := range d.lines[0] {
			d.lines[0][i] *= sqrtHalf
		}
	case g[0].same(&g[1]):
		d.mix(&g[1], f)
	default:
		d.split(f.MidSide)
		d.transform(&d.lines[1], &g[1])
	}
	d.transform(&d.lines[0], &g[0])
	return nil
}

// spectrum reads a channel's lines, up to the bit end.
func (d *Decoder) spectrum(main *bitReader, gr, ch, end int, f Frame) error {
	g, layout := &d.side.granules[gr][ch], &d.layouts[d.side.granules[gr][ch].kind()]
	if f.LSF {
		d.factors[ch].readLow(main, g, ch == 1 && f.Intensity)
	} else {
		var share [4]bool
		if gr == 1 {
			share = d.side.share[ch]
		}
		d.factors[ch].read(main, g, share)
	}
	if main.at > end {
		return errOverrun
	}
	n, err := main.lines(&d.codes, g, layout, end)
	if err != nil {
		return err
	}
	requantise(&d.lines[ch], d.codes[:n], g, &d.factors[ch], layout)
	return nil
}

// emit turns the granule into samples.
func (d *Decoder) emit(dst []float32) {
	var slot [subbands]float32
	for t := range slots {
		for band := range d.bands {
			v := d.now[band][t]
			if band&t&1 != 0 { // the bands were mirrored (11172-3, 2.4.3.4)
				v = -v
			}
			slot[band] = v
		}
		d.synth.slot(dst[t*d.bands:][:d.bands], slot[:d.bands])
	}
	d.now, d.next = d.next, [subbands][slots]float32{}
}
