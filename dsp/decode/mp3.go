package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	gomp3 "github.com/hajimehoshi/go-mp3"
)

// mp3 decodes MPEG-1 and MPEG-2 layer III by go-mp3, which is given one frame
// at a time: so it never meets a tag, and a frame that it fails on costs that
// frame only.
type mp3 struct {
	frames  mpegFrames
	decoder *gomp3.Decoder // nil: begin afresh
	feed    bytes.Reader   // where decoder reads
	frame   [2048]byte
	pcm     [1152 * 4]byte // what decoder gives: always stereo, 16 bits
	ready   []byte         // of pcm, not yet given

	reservoir int // bytes of earlier frames that decoder still has
	lsf       lsfFrame
	lost      int // samples of frames it failed on

	at    int64 // samples decoded
	skip  int64 // samples before the sound
	until int64 // where padding begins
	after int64 // and where it ends
}

func newMP3(r io.Reader, first mpegHeader, x xing) *mp3 {
	m := &mp3{frames: mpegFrames{r: bufio.NewReaderSize(r, 1<<16), first: first, synced: true}}
	m.skip = x.delay
	m.after = x.frames * int64(first.samples)
	m.until = m.after - x.padding
	if x.present {
		_, _, _ = m.frames.next() // its error comes again
	}
	return m
}

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
				left := int16(binary.LittleEndian.Uint16(m.ready))
				right := int16(binary.LittleEndian.Uint16(m.ready[2:]))
				dst[n] = float32(int(left)+int(right)) / (1 << 16)
				n++
			}
			m.at++
			m.ready = m.ready[4:]
		}
	}
	return n, nil
}

// decode fills ready from the next frame.
func (m *mp3) decode() error {
	b, h, err := m.frames.next()
	if err != nil {
		return err
	}
	m.ready = m.pcm[:4*h.samples]
	if err = m.prepare(b, h); err == nil {
		err = m.step()
	}
	if err == nil {
		return nil
	}
	m.decoder, m.reservoir = nil, 0
	clear(m.ready)
	m.lost += h.samples
	if float64(m.lost) > tolerance*float64(h.rate) {
		return fmt.Errorf("%w: frames cannot be decoded, the last at %.1f s: %w", ErrCorrupt, float64(m.at)/float64(h.rate), err)
	}
	return nil
}

// prepare puts the frame into feed, in a form that the library can decode.
func (m *mp3) prepare(b []byte, h mpegHeader) error {
	main := h.size - 4 - h.crc - h.side
	if main < 0 || h.size > len(m.frame) {
		return errors.New("a frame of impossible size")
	}
	if h.version == 20 {
		frame, err := m.lsf.remake(b, h)
		m.feed.Reset(frame)
		return err
	}
	frame := m.frame[:copy(m.frame[:], b)]
	m.reservoir = m.borrow(frame[4+h.crc:], h) + main
	m.feed.Reset(frame)
	return nil
}

// borrow says how many bytes of earlier frames a frame begins with. Where it
// asks for more than there are, as after a cut, it is made a silent one that
// passes them on, so that the frames after it find what they ask for.
func (m *mp3) borrow(side []byte, h mpegHeader) int {
	begin := int(side[0])<<1 | int(side[1])>>7
	if begin <= m.reservoir {
		return begin
	}
	clear(side[:h.side])
	begin = min(m.reservoir, 511)
	side[0], side[1] = byte(begin>>1), byte(begin<<7)
	return begin
}

// step has the library decode the frame in feed.
func (m *mp3) step() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if m.decoder == nil {
		// Not a Seeker: the library would look for the length of the stream.
		if m.decoder, err = gomp3.NewDecoder(struct{ io.Reader }{&m.feed}); err != nil {
			return err
		}
	}
	if _, err = io.ReadFull(m.decoder, m.ready); err == nil && m.feed.Len() > 0 {
		err = errors.New("bytes left over")
	}
	return err
}
