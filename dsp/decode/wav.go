package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// wavHeader is what the chunks of a WAV file before its sound say.
type wavHeader struct {
	tag      int // wavPCM and so on
	rate     int // Hz
	channels int
	bytes    int   // a sample of one channel
	start    int64 // of the sound in the file
	length   int64 // of the sound, bytes; -1: until the end
}

// The encodings, by format tag. WAVE_FORMAT_EXTENSIBLE has the tag in the
// first two bytes of its GUID.
const (
	wavPCM        = 0x0001
	wavFloat      = 0x0003
	wavALaw       = 0x0006
	wavMuLaw      = 0x0007
	wavExtensible = 0xfffe
)

// wavGUID is the rest of the GUID of an extensible file.
const wavGUID = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// wavUnknown is the least of the lengths that writers to a pipe put in for
// one they do not know: 0xffffffff, 0x7fffffff, or that rounded down.
const wavUnknown = 0x7ffff000

func examineWAV(t *track, f io.ReaderAt, start, size int64) error {
	h, err := readWAVHeader(f, start, size)
	if err != nil {
		return err
	}
	t.info.SampleRate, t.info.Channels = h.rate, h.channels
	convert := h.converter()
	if convert == nil {
		t.variety = fmt.Sprintf("encoding %#04x of %d bits", h.tag, 8*h.bytes)
		return nil
	}
	frame := int64(h.channels * h.bytes)
	there := size - h.start
	if h.length < 0 {
		h.length = there
	}
	t.info.Samples = h.length / frame
	if missing := h.length - there; missing > int64(tolerance*float64(h.rate))*frame {
		second := float64(frame) * float64(h.rate)
		return cutOff(float64(h.length)/second, float64(there)/second)
	}
	h.length = min(h.length, there) / frame * frame
	t.native = func() (source, string, error) {
		sound := io.NewSectionReader(f, h.start, h.length)
		if h.tag == wavPCM && h.length < wavUnknown {
			return newGoAudio(h, sound), "go-audio/wav", nil
		}
		return newSamples(h, sound, convert), "earworm/wav", nil
	}
	return nil
}

// readWAVHeader walks the chunks, reading none but the two it wants.
func readWAVHeader(f io.ReaderAt, start, size int64) (wavHeader, error) {
	h := wavHeader{length: -1}
	var long int64 // length of the sound by the ds64 chunk of RF64
	offset := start + 12
	for range 4096 {
		c, err := readUpTo(f, offset, 8)
		if err != nil {
			return h, err
		}
		if len(c) < 8 {
			break
		}
		length := int64(binary.LittleEndian.Uint32(c[4:]))
		offset += 8
		switch string(c[:4]) {
		case "ds64":
			b, err := readUpTo(f, offset, 16)
			if err != nil {
				return h, err
			}
			if len(b) == 16 {
				long = int64(binary.LittleEndian.Uint64(b[8:]) & (1<<62 - 1))
			}
		case "fmt ":
			b, err := readUpTo(f, offset, int(min(length, 40)))
			if err != nil {
				return h, err
			}
			if err := h.parse(b); err != nil {
				return h, err
			}
		case "data":
			h.start, h.length = offset, soundLength(f, offset, size, length, long)
		}
		if h.rate != 0 && h.start != 0 {
			return h, nil
		}
		offset += length + length%2
	}
	if h.rate == 0 {
		return h, fmt.Errorf("%w: wav without a fmt chunk", ErrCorrupt)
	}
	return h, fmt.Errorf("%w: wav without a data chunk", ErrCorrupt)
}

// soundLength is what the data chunk means by its length; -1: until the end.
func soundLength(f io.ReaderAt, offset, size, length, long int64) int64 {
	switch {
	case length == 0xffffffff && long > 0:
		return long
	case length >= wavUnknown && offset+length > size:
		return -1
	case length == 0 && size > offset:
		// Either nothing, before another chunk, or a length never filled in.
		c, err := readUpTo(f, offset, 8)
		if err == nil && len(c) == 8 && isChunkID(c) && offset+8+int64(binary.LittleEndian.Uint32(c[4:])) <= size {
			return 0
		}
		return -1
	}
	return length
}

func isChunkID(c []byte) bool {
	for _, b := range c[:4] {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// parse reads a fmt chunk.
func (h *wavHeader) parse(b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("%w: wav with a fmt chunk of %d bytes", ErrCorrupt, len(b))
	}
	h.tag = int(binary.LittleEndian.Uint16(b))
	h.channels = int(binary.LittleEndian.Uint16(b[2:]))
	h.rate = int(binary.LittleEndian.Uint32(b[4:]))
	frame := int(binary.LittleEndian.Uint16(b[12:]))
	h.bytes = (int(binary.LittleEndian.Uint16(b[14:])) + 7) / 8
	if h.tag == wavExtensible && len(b) == 40 && string(b[26:40]) == wavGUID {
		h.tag = int(binary.LittleEndian.Uint16(b[24:]))
	}
	if h.channels == 0 || h.rate == 0 {
		return fmt.Errorf("%w: wav of %d channels at %d Hz", ErrCorrupt, h.channels, h.rate)
	}
	// 20 bits may be kept in 3 bytes or in 4: the size of the frame tells.
	if frame > 0 && frame%h.channels == 0 && h.tag == wavPCM {
		h.bytes = max(h.bytes, frame/h.channels)
	}
	return nil
}

// goAudio decodes integer samples by go-audio/wav. That library believes every
// length it meets, so it is shown a header made here.
type goAudio struct {
	decoder  *wav.Decoder
	buffer   audio.IntBuffer
	channels int
	zero     int
	scale    float32
}

func newGoAudio(h wavHeader, sound *io.SectionReader) *goAudio {
	head := make([]byte, 0, 44)
	head = append(head, "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00"...)
	head = binary.LittleEndian.AppendUint16(head, uint16(h.channels))
	head = binary.LittleEndian.AppendUint32(head, uint32(h.rate))
	head = binary.LittleEndian.AppendUint32(head, uint32(h.rate*h.channels*h.bytes))
	head = binary.LittleEndian.AppendUint16(head, uint16(h.channels*h.bytes))
	head = binary.LittleEndian.AppendUint16(head, uint16(8*h.bytes))
	head = append(head, "data"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(h.length))
	g := &goAudio{decoder: wav.NewDecoder(&onward{io.MultiReader(bytes.NewReader(head), sound)}), channels: h.channels}
	g.scale = 1 / float32(int64(1)<<(8*h.bytes-1))
	if h.bytes == 1 {
		g.zero = 128 // single bytes, and only they, are unsigned
	}
	return g
}

func (g *goAudio) read(dst []float32) (n int, err error) {
	defer recovered(&err)
	frames := len(dst)
	if cap(g.buffer.Data) < frames*g.channels {
		g.buffer.Data = make([]int, frames*g.channels)
	}
	g.buffer.Data = g.buffer.Data[:frames*g.channels]
	got, err := g.decoder.PCMBuffer(&g.buffer)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if got < g.channels {
		return 0, io.EOF
	}
	for n = range got / g.channels {
		sum := 0
		for _, v := range g.buffer.Data[n*g.channels : (n+1)*g.channels] {
			sum += v - g.zero
		}
		dst[n] = float32(sum) * g.scale / float32(g.channels)
	}
	return got / g.channels, nil
}

// onward is a stream for a library that asks for a Seeker but, with its header
// in order, never seeks. It fills every read, for that library drops the part
// of a sample at the end of a short one.
type onward struct{ io.Reader }

func (o *onward) Read(p []byte) (int, error) {
	n, err := io.ReadFull(o.Reader, p)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (*onward) Seek(int64, int) (int64, error) { return 0, errors.New("wav: cannot seek") }

// recovered makes a library's panic an error of the file.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", ErrCorrupt, r)
	}
}
