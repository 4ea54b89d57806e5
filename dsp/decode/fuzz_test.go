package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// hear decodes bytes in Go as Open would, and holds it to what is promised of
// any bytes: an end, in bounded time and memory, in sound or in an error of
// this package, and twice the same.
func hear(t *testing.T, b []byte) {
	t.Helper()
	hearWithin(t, b, 4)
}

// hearWithin allows so many bytes for each of b, of all blocks ever allocated
// together, on top of what a decoder needs for the most complex of headers.
func hearWithin(t *testing.T, b []byte, each uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	heard, sum, err := hearAll(t, b)
	runtime.ReadMemStats(&after)
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("error %v is of no kind", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+each*uint64(len(b)) {
		t.Errorf("%d bytes, heard as %d samples, take %d MB", len(b), heard, used>>20)
	}
	heardAgain, sumAgain, errAgain := hearAll(t, b)
	if heard != heardAgain || sum != sumAgain || fmt.Sprint(err) != fmt.Sprint(errAgain) {
		t.Errorf("%d samples (%x), then %v; again %d (%x), then %v", heard, sum, err, heardAgain, sumAgain, errAgain)
	}
}

// hearAll counts the samples, and makes a sum that tells them from others.
func hearAll(t *testing.T, b []byte) (heard int, sum uint64, err error) {
	t.Helper()
	w := newWatch(t.Context(), 20*time.Second)
	w.begin()
	track, err := examine(&guardedFile{bytes.NewReader(b), w}, int64(len(b)))
	if err != nil || track.native == nil {
		return 0, 0, err
	}
	s, _, err := track.native()
	if err != nil {
		return 0, 0, err
	}
	block := make([]float32, 4096)
	for heard < 4_000_000 { // three minutes from a few bytes are no music
		n, err := s.read(block)
		if errors.Is(err, io.EOF) && n == 0 {
			announced := track.info.Samples
			if exact := track.info.Format == "wav" || track.info.Format == "flac"; exact && announced > 0 && int64(heard) > announced {
				t.Errorf("%d samples are heard; %d are announced", heard, announced)
			}
			return heard, sum, nil
		}
		if err != nil {
			return heard, sum, err
		}
		if n < 1 || n > len(block) {
			t.Fatalf("a read of %d samples", n)
		}
		for _, v := range block[:n] {
			sum = 31*sum + uint64(math.Float32bits(v))
		}
		heard += n
	}
	return heard, sum, nil
}

// seeds adds the beginning of each fixture that fits.
func seeds(f *testing.F, pattern string, length int) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("no fixtures %s: %v", pattern, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), length)])
	}
}

func FuzzMP3(f *testing.F) {
	seeds(f, "*.mp3", 2500)
	f.Fuzz(hear)
}

func FuzzFLAC(f *testing.F) {
	seeds(f, "*.flac", 12_000)
	f.Fuzz(hear)
}

// FuzzVorbis seals the pages anew, so that what is changed reaches the parser. Each
// stream of a chain has a decoder of its own, which a hundred bytes may ask to be
// one of 32 channels and long blocks.
func FuzzVorbis(f *testing.F) {
	seeds(f, "*.ogg", 12_000)
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := 0; ; {
			next := bytes.Index(b[i:], []byte("OggS\x00"))
			if next < 0 {
				break
			}
			p, ok := parseOgg(b[i+next:])
			if !ok || p.lacks > 0 {
				break
			}
			p.seal()
			i += next + len(p.raw)
		}
		hearWithin(t, b, 8<<10)
	})
}

func FuzzWAV(f *testing.F) {
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00data\x08\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x03\x00\x01\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x20\x00data\x04\x00\x00\x00\x00\x00\x80\x3f"))
	f.Add([]byte("RF64\xff\xff\xff\xffWAVEds64\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00fmt \x12\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00data\xff\xff\xff\xff\x01\x02\x03\x04"))
	f.Fuzz(hear)
}

// FuzzExamine meets the formats that only ffmpeg decodes, whose headers are
// read all the same.
func FuzzExamine(f *testing.F) {
	seeds(f, "*.[amow]*", 12_000)
	f.Fuzz(func(t *testing.T, b []byte) {
		track, err := examine(bytes.NewReader(b), int64(len(b)))
		if (track == nil) == (err == nil) {
			t.Fatalf("track %v with error %v", track, err)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("error %v is of no kind", err)
		}
		if err == nil && (track.info.Samples < 0 || track.demuxer == "") {
			t.Fatalf("track %+v", track)
		}
	})
}
