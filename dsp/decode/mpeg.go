package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"earworm/dsp"
)

// mpegHeader is the four bytes before each frame of MPEG audio.
type mpegHeader struct {
	version int // 10, 20 or 25: MPEG-1, MPEG-2, MPEG-2.5
	layer   int // 1 to 3
	rate    int // Hz
	bits    int // a second
	size    int // of the frame, bytes, header included; 0: free format
	samples int // of the frame
	mono    bool
	joint   int // mode extension, where the mode is joint stereo
	crc     int // bytes of checksum after the header
	side    int // bytes of side information after that (layer III)
}

// Bit rates in kbit/s by index (ISO/IEC 11172-3, 2.4.2.3 and 13818-3, 2.4.2.3).
var (
	mpeg1Rates = [4][15]int{
		1: {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		2: {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		3: {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	}
	mpeg2Rates = [4][15]int{
		1: {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		2: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		3: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	}
)

// parseMPEG reads a header; ok is false where there is none.
func parseMPEG(b []byte) (h mpegHeader, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return h, false
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3)
	rateIndex, bitIndex := b[2]>>2&3, b[2]>>4
	if version == 1 || layer == 4 || rateIndex == 3 || bitIndex == 15 || b[3]&3 == 2 {
		return h, false
	}
	h = mpegHeader{version: 10, layer: layer, rate: [3]int{44100, 48000, 32000}[rateIndex], mono: b[3]>>6 == 3}
	kilobits, unit := mpeg1Rates[layer][bitIndex], 144 // bytes a frame for each bit a sample
	h.side, h.samples = 32, 1152
	if version != 3 {
		h.version, h.rate, kilobits, h.side = 20, h.rate/2, mpeg2Rates[layer][bitIndex], 17
		if layer == 3 {
			unit, h.samples = 72, 576
		}
	}
	if version == 0 {
		h.version, h.rate = 25, h.rate/2
	}
	if h.mono {
		h.side = h.side/2 + 1
	}
	if b[3]>>6 == 1 {
		h.joint = int(b[3] >> 4 & 3)
	}
	if b[1]&1 == 0 {
		h.crc = 2
	}
	h.bits = 1000 * kilobits
	padding := int(b[2] >> 1 & 1)
	switch {
	case bitIndex == 0:
	case layer == 1:
		h.samples = 384
		h.size = 4 * (12*h.bits/h.rate + padding)
	default:
		h.size = unit*h.bits/h.rate + padding
	}
	return h, true
}

// like tells whether two frames can be of one stream.
func (h mpegHeader) like(o mpegHeader) bool {
	return h.version == o.version && h.layer == o.layer && h.rate == o.rate
}

// mpegSearch is how far after the tags the first frame may lie.
const mpegSearch = 128 << 10

// findMPEG looks for three frames in a row, which no other data has by chance.
func findMPEG(b []byte) (offset int, h mpegHeader, ok bool) {
	for i := range b {
		first, ok := parseMPEG(b[i:])
		if !ok {
			continue
		}
		next, run := first, i
		for range 2 {
			run += next.size
			if run >= len(b) || next.size == 0 {
				ok = false
				break
			}
			if next, ok = parseMPEG(b[run:]); !ok || !next.like(first) {
				ok = false
				break
			}
		}
		if ok {
			return i, first, true
		}
	}
	return 0, h, false
}

func examineMPEG(f io.ReaderAt, start, size int64) (*track, error) {
	b, err := readUpTo(f, start, mpegSearch)
	if err != nil {
		return nil, err
	}
	offset, h, ok := findMPEG(b)
	if !ok {
		if free, ok := parseMPEG(b); ok && free.size == 0 {
			return nil, fmt.Errorf("%w: mpeg audio in free format", ErrUnsupported)
		}
		return nil, fmt.Errorf("%w: it is no audio that is known here", ErrUnsupported)
	}
	t := &track{info: Info{Format: "mp3", SampleRate: h.rate, Channels: 2}, demuxer: "mp3"}
	if h.mono {
		t.info.Channels = 1
	}
	x := parseXing(b[offset:], h)
	start += int64(offset)
	if x.frames > 0 {
		t.info.Samples = max(0, x.frames*int64(h.samples)-x.delay-x.padding)
		// A count of frames that the count of bytes contradicts was forgotten by
		// an editor: the file is whole.
		t.vague = x.bytes > 0 && start+x.bytes <= size
	}
	switch {
	case h.layer != 3:
		t.info.Format = fmt.Sprintf("mp%d", h.layer)
	default:
		t.native = func() (source, string, error) {
			sound := io.NewSectionReader(f, start, size-start)
			m, err := newMP3(sound, h, x, h.rate >= 2*dsp.SampleRate)
			return m, "earworm/mp3", err
		}
	}
	return t, nil
}

// xing is what an encoder leaves in the first frame, which holds no sound then.
type xing struct {
	present bool
	frames  int64 // without this one; 0: unknown
	bytes   int64 // with this one; 0: unknown
	delay   int64 // samples before the sound: the encoder's and the decoder's
	padding int64 // samples after it
}

// decoderDelay is what any layer III decoder adds, in samples.
const decoderDelay = 528 + 1

// parseXing reads the tag of Xing, as LAME extends it, or that of Fraunhofer.
func parseXing(frame []byte, h mpegHeader) (x xing) {
	if h.layer != 3 || len(frame) < h.size {
		return x
	}
	frame = frame[:h.size]
	if len(frame) > 4+32+26 && string(frame[36:40]) == "VBRI" {
		b := frame[36:]
		return xing{
			present: true,
			bytes:   int64(binary.BigEndian.Uint32(b[10:])),
			frames:  int64(binary.BigEndian.Uint32(b[14:])),
		}
	}
	if len(frame) < 4+h.side+8 {
		return x
	}
	b := frame[4+h.side:]
	if mark := string(b[:4]); mark != "Xing" && mark != "Info" {
		return x
	}
	x.present = true
	flags, b := b[7], b[8:]
	for _, field := range []struct {
		flag   byte
		length int
		value  *int64
	}{{1, 4, &x.frames}, {2, 4, &x.bytes}, {4, 100, nil}, {8, 4, nil}} {
		if flags&field.flag == 0 {
			continue
		}
		if len(b) < field.length {
			return x
		}
		if field.value != nil {
			*field.value = int64(binary.BigEndian.Uint32(b))
		}
		b = b[field.length:]
	}
	if len(b) >= 24 {
		if by := string(b[:4]); by == "LAME" || by == "Lavf" || by == "Lavc" {
			x.delay = int64(b[21])<<4 | int64(b[22])>>4 + decoderDelay
			x.padding = max(0, (int64(b[22])&15<<8|int64(b[23]))-decoderDelay)
		}
	}
	return x
}

// mpegFrames cuts a stream into its frames and leaves out what lies between
// them: tags, junk, a frame broken off at the end.
type mpegFrames struct {
	r      *bufio.Reader
	first  mpegHeader
	synced bool // the last frame ended here
}

// next returns a whole frame, valid until the next call, or io.EOF.
func (m *mpegFrames) next() ([]byte, mpegHeader, error) {
	for {
		b, err := m.r.Peek(4)
		if len(b) < 4 {
			return nil, mpegHeader{}, err
		}
		if h, ok := parseMPEG(b); ok && h.like(m.first) && h.size > 0 {
			b, err = m.r.Peek(h.size + 4)
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, h, err
			}
			if len(b) >= h.size && (m.synced || m.follows(b[h.size:])) {
				m.synced = true
				_, _ = m.r.Discard(h.size) // does not outlive the buffer, which Peek filled
				return b[:h.size], h, nil
			}
		}
		m.synced = false
		_, _ = m.r.Discard(m.junk())
	}
}

// junk is how many bytes there are before the next that may begin a frame.
func (m *mpegFrames) junk() int {
	b, _ := m.r.Peek(m.r.Buffered())
	if i := bytes.IndexByte(b[1:], 0xff); i >= 0 {
		return 1 + i
	}
	return len(b)
}

// follows tells whether a frame is borne out by what comes after it.
func (m *mpegFrames) follows(b []byte) bool {
	h, ok := parseMPEG(b)
	return len(b) == 0 || ok && h.like(m.first)
}
