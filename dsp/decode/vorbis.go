package decode

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"earworm/dsp"
	"earworm/dsp/decode/vorbis"
)

// vorbisSound decodes Ogg Vorbis, link after link where streams are chained.
type vorbisSound struct {
	ogg     *oggReader
	setup   *vorbis.Setup
	half    int // 1: at half the rate
	packets vorbisPackets
	decoder *vorbis.Decoder // of the link; nil: none of its pages was read
	ready   []float32       // not yet given

	// Of the link, in the stream's samples.
	before int   // the block of the packet before; 0: none
	total  int64 // that the pages so far hold
	origin int64 // of what granule positions count
	// The same at the decoder's rate.
	at    int64 // samples decoded
	skip  int64 // samples before the sound
	until int64 // where it ends
}

func newVorbis(r io.Reader) (*vorbisSound, error) {
	v := &vorbisSound{ogg: &oggReader{r: bufio.NewReaderSize(r, 1<<16)}}
	return v, v.link()
}

func (v *vorbisSound) rate() int { return v.setup.Rate >> v.half }

// link begins the next stream of the chain.
func (v *vorbisSound) link() error {
	packets, head, header, err := newVorbisPackets(v.ogg)
	if err != nil {
		return err
	}
	setup, err := vorbis.Parse(head, header)
	switch {
	case errors.Is(err, vorbis.ErrOld):
		return fmt.Errorf("%w: vorbis with %w", ErrUnsupported, err)
	case err != nil:
		return fmt.Errorf("%w: vorbis: %w", ErrCorrupt, err)
	case setup.Channels > maxChannels:
		return fmt.Errorf("%w: it has %d channels; want 1 to %d", ErrUnsupported, setup.Channels, maxChannels)
	case v.setup != nil && setup.Rate != v.setup.Rate:
		return fmt.Errorf("%w: ogg changes from %d to %d Hz", ErrUnsupported, v.setup.Rate, setup.Rate)
	}
	*v = vorbisSound{ogg: v.ogg, setup: setup, packets: packets, until: math.MaxInt64}
	if setup.Rate >= 2*dsp.SampleRate {
		v.half = 1
	}
	return nil
}

func (v *vorbisSound) read(dst []float32) (int, error) {
	for len(v.ready) == 0 {
		if len(v.packets.whole) > 0 {
			if err := v.decode(); err != nil {
				return 0, err
			}
			continue
		}
		err := v.page()
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		if p, err := v.ogg.next(); err != nil || !p.is(oggBegin) {
			return 0, io.EOF // junk after the end is not the end's fault
		}
		v.ogg.held = true
		if err := v.link(); err != nil {
			return 0, err
		}
	}
	n := copy(dst, v.ready)
	v.ready = v.ready[n:]
	return n, nil
}

// decode makes the samples of the next packet.
func (v *vorbisSound) decode() error {
	samples, err := v.decoder.Decode(v.packets.take())
	if errors.Is(err, vorbis.ErrNoSound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: vorbis: %w", ErrCorrupt, err)
	}
	from := max(0, min(v.skip-v.at, int64(len(samples))))
	to := max(from, min(v.until-v.at, int64(len(samples))))
	v.ready = samples[from:to]
	v.at += int64(len(samples))
	return nil
}

// page reads a page and what its granule position says: how many samples there
// are up to its last packet's end. If the first page has more, they lie before
// the sound; if the last has, behind it (Vorbis I, A.2).
func (v *vorbisSound) page() error {
	granule, last, err := v.packets.page()
	if err != nil || len(v.packets.whole) == 0 {
		return err
	}
	for _, packet := range v.packets.whole {
		block, err := v.setup.Samples(packet)
		if err != nil {
			continue // it is no sound
		}
		if v.before > 0 {
			v.total += int64(v.before+block) / 4
		}
		v.before = block
	}
	if v.decoder == nil {
		v.begin(granule, last)
	}
	if last && granule >= 0 {
		odd := int64(0) // the first of the samples decoded
		if v.half == 1 {
			odd = v.origin & 1
		}
		v.until = (max(0, granule+v.origin-odd) + 1<<v.half - 1) >> v.half
	}
	return nil
}

// begin makes the decoder, for those samples of which the first of the sound is
// one.
func (v *vorbisSound) begin(granule int64, last bool) {
	if granule >= 0 && (!last || granule > v.total) {
		v.origin = v.total - granule
	}
	rate := vorbis.Full
	if v.half == 1 {
		rate = vorbis.HalfEven
		if v.origin&1 == 1 {
			rate = vorbis.HalfOdd
		}
	}
	v.skip = max(0, v.origin) >> v.half
	v.decoder = v.setup.NewDecoder(rate)
}
