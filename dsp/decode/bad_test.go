package decode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"earworm/dsp"
	"earworm/dsp/decode"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNoAudioIsRefused(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 200_000)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(noise)
	for name, c := range map[string]struct {
		bytes string
		says  string
	}{
		"empty":         {"", "the file is empty"},
		"text":          {"Dear all,\n\nplease find attached the größte Hits.\n", "it is text"},
		"utf-16":        {"\xff\xfeH\x00i\x00", "it is text"},
		"html":          {"<!DOCTYPE html><html><body>404</body></html>", "it is text"},
		"a playlist":    {"#EXTM3U\nhttp://example.org/a.mp3\n", "it is a playlist"},
		"png":           {"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "it is a png image"},
		"jpeg":          {"\xff\xd8\xff\xe0\x00\x10JFIF", "it is a jpeg image"},
		"zip":           {"PK\x03\x04\x14\x00", "it is a zip archive"},
		"elf":           {"\x7fELF\x02\x01\x01\x00\x00\x00", "it is a program"},
		"midi":          {"MThd\x00\x00\x00\x06\x00\x01", "it is a midi score"},
		"noise":         {string(noise), "no audio that is known"},
		"zeros":         {strings.Repeat("\x00", 100_000), "no audio that is known"},
		"ogg of theora": {string(oggPage(2, []byte("\x80theora\x03\x02\x01"))), "without a kind of sound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, []byte(c.bytes))
			for _, decoder := range []string{"auto", "native", "ffmpeg"} {
				_, _, err := read(t, path, decode.Options{Decoder: decoder})
				if !errors.Is(err, decode.ErrUnsupported) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: error %v; want an unsupported format with %q", decoder, err, c.says)
				}
				if err != nil && !strings.HasPrefix(err.Error(), `decode "`+path) {
					t.Errorf("%s: error %v does not begin with the file", decoder, err)
				}
			}
		})
	}
}

// oggPage packs one packet of less than 255 bytes.
func oggPage(flags byte, packet []byte) []byte {
	p := append([]byte("OggS\x00"), flags)
	p = append(p, make([]byte, 20)...)
	p = append(p, 1, byte(len(packet)))
	return append(p, packet...)
}

func TestFileSystemErrorsPass(t *testing.T) {
	t.Parallel()
	_, err := decode.Open(t.Context(), filepath.Join(t.TempDir(), "none.mp3"), decode.Options{})
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "none.mp3") != 1 {
		t.Errorf("missing file: %v", err)
	}
	if _, err = decode.Open(t.Context(), t.TempDir(), decode.Options{}); !errors.Is(err, decode.ErrUnsupported) {
		t.Errorf("folder: %v", err)
	}
	if _, err = decode.Open(t.Context(), os.DevNull, decode.Options{}); !errors.Is(err, decode.ErrUnsupported) {
		t.Errorf("device: %v", err)
	}
}

func TestCutOffIsCorrupt(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures {
		switch f.file {
		case "untagged.mp3", "mpeg25.mp3", "layer2.mp2", "raw.aac", "stereo.wma":
			continue // they say nowhere how long they are, or (wma) nobody looks
		}
		t.Run(f.file, func(t *testing.T) {
			t.Parallel()
			whole := fixture(t, f.file)
			path := write(t, whole[:len(whole)*6/10])
			samples, _, err := read(t, path, ffmpeg())
			if !errors.Is(err, decode.ErrCorrupt) {
				t.Errorf("ffmpeg: %d samples, error %v; want a damaged file", len(samples), err)
			}
			if f.decoder == "" {
				return
			}
			samples, _, err = read(t, path, native())
			if !errors.Is(err, decode.ErrCorrupt) {
				t.Errorf("native: %d samples, error %v; want a damaged file", len(samples), err)
			}
		})
	}
}

func TestWholeThoughOdd(t *testing.T) {
	t.Parallel()
	mp3, untagged, flac, ogg := fixture(t, "stereo.mp3"), fixture(t, "untagged.mp3"), fixture(t, "stereo.flac"), fixture(t, "stereo.ogg")
	id3v1 := append([]byte("TAGtitle"), make([]byte, 120)...)
	ape := append([]byte("APETAGEX\xd0\x07\x00\x00"), bytes.Repeat([]byte("\xff\xfbtag\xff\xe0"), 300)...)
	id3v2 := append([]byte("ID3\x03\x00\x00\x00\x00\x7f\x7f"), make([]byte, 127<<7|127)...)
	noEnd := bytes.Clone(ogg)
	last := bytes.LastIndex(noEnd, []byte("OggS"))

	for name, c := range map[string]struct {
		bytes   []byte
		seconds float64
	}{
		"mp3 with tags after it":        {join(mp3, ape, id3v1), 2},
		"mp3 with two tags before it":   {join(id3v2, id3v2, mp3), 2},
		"mp3 with zeros before it":      {join(make([]byte, 5000), mp3[45:]), 2},
		"mp3 begun within":              {untagged[len(untagged)/2+99:], 1},
		"mp3 of no declared length":     {untagged[:len(untagged)*3/4], 1.5},
		"mp3 that lacks two frames":     {mp3[:len(mp3)-700], 1.95},
		"mp3 twice":                     {join(untagged, untagged), 4.07},
		"mp3 with junk within":          {join(untagged[:6000], make([]byte, 1000), untagged[6000:]), 2.03},
		"flac with a tag before it":     {join(id3v2, flac), 2},
		"flac with a tag after it":      {join(flac, id3v1), 2},
		"ogg that does not say its end": {noEnd[:last], 1},
		"ogg with junk after its end":   {join(ogg, id3v1), 2},
		"ogg twice":                     {join(ogg, ogg), 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.bytes)
			for _, o := range []decode.Options{native(), ffmpeg()} {
				samples, _, err := read(t, path, o)
				got := float64(len(samples)) / dsp.SampleRate
				if err != nil || got < c.seconds-0.1 || got > c.seconds+0.1 {
					t.Errorf("%s: %.2f s, error %v; want %.2f s", o.Decoder, got, err, c.seconds)
				}
			}
		})
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestDamageWithinIsCorrupt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stereo.flac", "stereo.ogg"} { // both have checksums
		b := fixture(t, name)
		b[len(b)/2] ^= 0x10
		if _, _, err := read(t, write(t, b), native()); !errors.Is(err, decode.ErrCorrupt) {
			t.Errorf("%s: error %v; want a damaged file", name, err)
		}
	}
}

func TestForgedSizesCostNothing(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	whole := wavFile{tag: 1, channels: 1, rate: 8000, bits: 16}.bytes()
	flac := fixture(t, "stereo.flac")
	binary.BigEndian.PutUint32(flac[4+4+10+4:], 0xffffffff) // samples
	for name, b := range map[string][]byte{
		"id3 of 256 MB":        join([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), fixture(t, "stereo.mp3")),
		"chunk of 4 GB":        join(whole[:12], []byte("LIST\xff\xff\xff\xffINFO"), whole[12:]),
		"fmt of 4 GB":          join(whole[:16], []byte("\xff\xff\xff\xff"), whole[20:]),
		"data of 2 GB":         join(whole[:40], []byte("\x00\x00\x00\x70"), whole[44:]),
		"flac of 2^32 samples": flac,
		"mp4 box of 2^60":      join([]byte("\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00\x00\x00\x00\x01moov\x10\x00\x00\x00\x00\x00\x00\x00"), make([]byte, 99)),
	} {
		path := write(t, b)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := read(t, path, native())
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 16 {
			t.Errorf("%s: %d MB are allocated", name, mb)
		}
	}
}
