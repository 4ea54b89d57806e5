package decode

import (
	"bufio"
	"fmt"
	"io"

	"earworm/dsp/decode/layer3"
)

// mp3 decodes layer III, frame by frame.
type mp3 struct {
	frames  mpegFrames
	decoder *layer3.Decoder
	half    int // 1: at half the rate
	pcm     [1152]float32
	ready   []float32 // of pcm, not yet given
	lost    int       // samples of frames it failed on

	at    int64 // samples decoded, at the stream's rate
	skip  int64 // samples before the sound
	until int64 // where padding begins
	after int64 // and where it ends
}

// newMP3 begins with the frame after the one that x was read from, if any. half
// asks for half the stream's rate.
func newMP3(r io.Reader, first mpegHeader, x xing, half bool) (*mp3, error) {
	m := &mp3{frames: mpegFrames{r: bufio.NewReaderSize(r, 1<<16), first: first, synced: true}}
	m.skip = x.delay
	rate := layer3.Full
	if half {
		m.half, rate = 1, layer3.HalfEven
		if m.skip%2 == 1 {
			m.at, rate = 1, layer3.HalfOdd
		}
	}
	var err error
	if m.decoder, err = layer3.New(first.rate, rate); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	m.after = x.frames * int64(first.samples)
	m.until = m.after - x.padding
	if x.present {
		_, _, _ = m.frames.next() // its error comes again
	}
	return m, nil
}

func (m *mp3) rate() int { return m.frames.first.rate >> m.half }

func (m *mp3) read(dst []float32) (int, error) {
	n := 0
	for n < len(dst) {
		if len(m.ready) == 0 {
			err := m.decode()
			if err == io.EOF && n > 0 { //nolint:errorlint // given again
				break
			}
			if err != nil {
				return 0, err
			}
		}
		for n < len(dst) && len(m.ready) > 0 {
			if m.at >= m.skip && (m.at < m.until || m.at >= m.after) {
				dst[n] = m.ready[0]
				n++
			}
			m.at += 1 << m.half
			m.ready = m.ready[1:]
		}
	}
	return n, nil
}

// decode fills ready from the next frame. One that cannot be decoded is silent.
func (m *mp3) decode() error {
	b, h, err := m.frames.next()
	if err != nil {
		return err
	}
	side := min(4+h.crc+h.side, len(b))
	m.ready = m.pcm[:h.samples>>m.half]
	err = m.decoder.Decode(m.ready, layer3.Frame{
		LSF: h.version != 10, Mono: h.mono, Intensity: h.joint&1 != 0, MidSide: h.joint&2 != 0,
		Side: b[min(4+h.crc, side):side], Main: b[side:],
	})
	if err == nil {
		return nil
	}
	clear(m.ready)
	m.lost += h.samples
	if float64(m.lost) > tolerance*float64(h.rate) {
		return fmt.Errorf("%w: frames cannot be decoded, the last at %.1f s: %w", ErrCorrupt, float64(m.at)/float64(h.rate), err)
	}
	return nil
}
