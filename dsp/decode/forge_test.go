package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unicode/utf8"

	"earworm/dsp"
)

// hearForged decodes a file in Go, to the seconds heard and the error after them,
// and holds it to what is promised of any: it ends before its time is up, and what
// is allocated for it, all blocks ever taken together, is 16 MiB and at most four
// times its size. Whoever asks is no parallel test.
func hearForged(t *testing.T, path string, o Options) (seconds float64, err error) {
	t.Helper()
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Decoder, o.Timeout = "native", time.Minute
	var before, after runtime.MemStats
	began := time.Now()
	runtime.ReadMemStats(&before)
	samples, err := count(t.Context(), path, o)
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bytes: %.2f s of sound in %v, %d bytes allocated; %v", stat.Size(), float64(samples)/dsp.SampleRate, time.Since(began), allocated, err)
	if most := 16<<20 + 4*uint64(stat.Size()); allocated > most {
		t.Errorf("%d bytes are allocated for a file of %d; want at most %d", allocated, stat.Size(), most)
	}
	if errors.Is(err, ErrTimeout) {
		t.Errorf("it is stopped by the clock: %v", err)
	}
	return float64(samples) / dsp.SampleRate, err
}

func count(ctx context.Context, path string, o Options) (samples int, err error) {
	s, err := Open(ctx, path, o)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	block := make([]float32, 4096)
	for {
		n, err := s.Read(block)
		samples += n
		if err == io.EOF { //nolint:errorlint // as the reader has it
			return samples, nil
		}
		if err != nil {
			return samples, err
		}
	}
}

func forged(t *testing.T, b []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "forged")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fixtureOf(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// forgedWAV is a header that says what it is told to, and a sound of so many bytes.
type forgedWAV struct {
	channels, align, bits uint16
	rate, length          uint32
	sound                 int
}

func (w forgedWAV) bytes() []byte { return append(w.header(), make([]byte, w.sound)...) }

func (w forgedWAV) header() []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, w.channels)
	b = binary.LittleEndian.AppendUint32(b, w.rate)
	b = binary.LittleEndian.AppendUint32(b, w.rate*uint32(w.align))
	b = binary.LittleEndian.AppendUint16(b, w.align)
	b = binary.LittleEndian.AppendUint16(b, w.bits)
	return binary.LittleEndian.AppendUint32(append(b, "data"...), w.length)
}

// forgedFLAC is stream info that says what it is told to, and frames of silence.
type forgedFLAC struct {
	least, most    uint16 // block sizes
	rate, channels int
	samples        int64 // in 36 bits
	frames, size   int   // of so many samples, 16 bits each
}

func (f forgedFLAC) bytes() []byte {
	b := []byte("fLaC\x80\x00\x00\x22")
	b = binary.BigEndian.AppendUint16(b, f.least)
	b = binary.BigEndian.AppendUint16(b, f.most)
	b = append(b, make([]byte, 6)...) // sizes of frames
	const bits = 16
	b = binary.BigEndian.AppendUint64(b, uint64(f.rate)<<44|uint64(f.channels-1)<<41|(bits-1)<<36|uint64(f.samples))
	b = append(b, make([]byte, 16)...) // MD5
	for i := range f.frames {
		at := len(b)
		b = append(b, 0xff, 0xf8, 7<<4, byte(f.channels-1)<<4|4<<1)
		b = utf8.AppendRune(b, rune(i%0x800))
		b = binary.BigEndian.AppendUint16(b, uint16(f.size-1))
		b = append(b, byte(crc(b[at:], 8, 0x07)))
		b = append(b, make([]byte, 3*f.channels)...) // each is constant, and 0
		b = binary.BigEndian.AppendUint16(b, uint16(crc(b[at:], 16, 0x8005)))
	}
	return b
}

// crc is a cyclic redundancy check of so many bits, the most significant first.
func crc(b []byte, width int, polynomial uint32) (sum uint32) {
	for _, v := range b {
		sum ^= uint32(v) << (width - 8)
		for range 8 {
			sum <<= 1
			if sum>>width&1 == 1 {
				sum ^= 1<<width | polynomial
			}
		}
	}
	return sum
}

// forgeOgg changes the pages of a fixture, each by its number, and seals them.
func forgeOgg(t *testing.T, file []byte, change func(number int, p oggPage)) []byte {
	t.Helper()
	file = bytes.Clone(file)
	number := 0
	for at := 0; at < len(file); number++ {
		p, ok := parseOgg(file[at:])
		if !ok || p.lacks > 0 {
			t.Fatal("no page")
		}
		change(number, p)
		p.seal()
		at += len(p.raw)
	}
	if number < 4 {
		t.Fatalf("%d pages", number)
	}
	return file
}

// forgedIdent changes the first header of a Vorbis stream.
func forgedIdent(t *testing.T, change func(header []byte)) []byte {
	t.Helper()
	return forgeOgg(t, fixtureOf(t, "stereo.ogg"), func(number int, p oggPage) {
		if number == 0 {
			change(p.body())
		}
	})
}

// silentOgg has the headers of a fixture, with the longest of blocks, and so many
// pages of 255 packets each, one byte long and silent.
func silentOgg(t *testing.T, pages int) (b []byte) {
	t.Helper()
	file := forgedIdent(t, func(header []byte) { header[28] = 13<<4 | 8 })
	for at := 0; ; {
		p, ok := parseOgg(file[at:])
		if !ok || p.granule() != 0 {
			break
		}
		at += len(p.raw)
		b = file[:at:at]
	}
	serial := b[14:18]
	for range pages {
		at := len(b)
		b = append(append(b, "OggS\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"...), serial...)
		b = append(append(b, make([]byte, 8)...), 255)
		b = append(b, bytes.Repeat([]byte{1}, 255)...)
		b = append(b, bytes.Repeat([]byte{2}, 255)...) // a long block, none of whose channels sounds
		oggPage{raw: b[at:]}.seal()
	}
	return b
}

// silentMP3 is so many frames of silence: MPEG 2.5 at 8 kHz and 8 kbit/s, 576
// samples in 72 bytes.
func silentMP3(frames int) []byte {
	return bytes.Repeat(append([]byte{0xff, 0xe3, 0x18, 0xc4}, make([]byte, 68)...), frames)
}
