package decode

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// samples reads the encodings of WAV that go-audio/wav gets wrong or does not
// know, and what ffmpeg sends.
type samples struct {
	r        io.Reader
	convert  func([]byte) float64
	bytes    int // a sample
	channels int
	raw      []byte
}

func newSamples(h wavHeader, r io.Reader, convert func([]byte) float64) *samples {
	return &samples{r: r, convert: convert, bytes: h.bytes, channels: h.channels}
}

func (s *samples) read(dst []float32) (int, error) {
	frame := s.bytes * s.channels
	if len(s.raw) < len(dst)*frame {
		s.raw = make([]byte, len(dst)*frame)
	}
	got, err := io.ReadFull(s.r, s.raw[:len(dst)*frame])
	if got < frame {
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return 0, err
	}
	n := got / frame
	for i := range n {
		var sum float64
		for b := i * frame; b < (i+1)*frame; b += s.bytes {
			sum += s.convert(s.raw[b : b+s.bytes])
		}
		dst[i] = float32(sum / float64(s.channels))
	}
	return n, nil
}

// converter turns the bytes of one sample into its value, full scale being 1;
// nil where the encoding is not known.
func (h wavHeader) converter() func([]byte) float64 {
	switch [2]int{h.tag, h.bytes} {
	case [2]int{wavPCM, 1}:
		return func(b []byte) float64 { return (float64(b[0]) - 128) / 128 }
	case [2]int{wavPCM, 2}:
		return func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }
	case [2]int{wavPCM, 3}:
		return func(b []byte) float64 {
			return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
		}
	case [2]int{wavPCM, 4}:
		return func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }
	case [2]int{wavFloat, 4}:
		return func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }
	case [2]int{wavFloat, 8}:
		return func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
	case [2]int{wavALaw, 1}:
		return aLaw
	case [2]int{wavMuLaw, 1}:
		return muLaw
	}
	return nil
}

// muLaw expands a sample of ITU-T G.711 mu-law: inverted; a sign, 3 bits of
// segment e and 4 of mantissa m, for ((2m + 33)·2^e - 33) of at most 8031 in
// a scale of 2^13.
func muLaw(b []byte) float64 {
	v := ^b[0]
	x := float64((2*int(v&15)+33)<<(v>>4&7) - 33)
	if v&0x80 != 0 {
		x = -x
	}
	return x / (1 << 13)
}

// aLaw expands a sample of ITU-T G.711 A-law: every other bit inverted; the
// sign set where positive, then 3 bits of segment e and 4 of mantissa m, for
// 2m + 1 in the first segment and (2m + 33)·2^(e-1) in the others, of at most
// 4032 in a scale of 2^12.
func aLaw(b []byte) float64 {
	v := b[0] ^ 0x55
	m, e := int(v&15), v>>4&7
	x := float64(2*m + 1)
	if e > 0 {
		x = float64((2*m + 33) << (e - 1))
	}
	if v&0x80 == 0 {
		x = -x
	}
	return x / (1 << 12)
}
