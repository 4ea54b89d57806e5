package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jfreymuth/oggvorbis"

	"earworm/dsp"
)

// oggOf has ffmpeg encode noisy sound as Ogg Vorbis.
func oggOf(tb testing.TB, options ...string) []byte {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "out.ogg")
	args := append([]string{"-v", "error", "-i", filepath.Join("testdata", "stereo.mp3")}, options...)
	args = append(args, "-c:a", "libvorbis", out)
	if text, err := exec.CommandContext(tb.Context(), "ffmpeg", args...).CombinedOutput(); err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, text)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// vorbisOf decodes by our decoder.
func vorbisOf(tb testing.TB, file []byte, half int) []float32 {
	tb.Helper()
	v, err := newVorbis(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	v.half = half
	var all []float32
	block := make([]float32, 3000)
	for {
		n, err := v.read(block)
		all = append(all, block[:n]...)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// oggvorbisOf decodes by oggvorbis, to the mean of its channels.
func oggvorbisOf(tb testing.TB, file []byte) []float32 {
	tb.Helper()
	all, format, err := oggvorbis.ReadAll(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	mean := make([]float32, len(all)/format.Channels)
	for i := range mean {
		for _, v := range all[i*format.Channels:][:format.Channels] {
			mean[i] += v / float32(format.Channels)
		}
	}
	return mean
}

var vorbisEncodings = map[string][]string{
	"coupled":         {"-af", "volume=0.5"},
	"best":            {"-af", "volume=0.5", "-q:a", "10"},
	"worst":           {"-af", "volume=0.5", "-q:a", "-1"},
	"one channel":     {"-af", "volume=0.5", "-ac", "1"},
	"five channels":   {"-af", "volume=0.3", "-ac", "5"},
	"48 kHz":          {"-af", "volume=0.5", "-ar", "48000"},
	"16 kHz":          {"-af", "volume=0.5", "-ar", "16000"},
	"8 kHz":           {"-af", "volume=0.5", "-ar", "8000", "-ac", "1"},
	"cut at a sample": {"-af", "volume=0.5,atrim=end_sample=54321"},
	"silence":         {"-af", "volume=0"},
}

// Every sample is that of oggvorbis, and at half the rate the spectra of the
// same moments are equal below the cut.
func TestVorbisIsThatOfOggvorbis(t *testing.T) {
	t.Parallel()
	for name, options := range vorbisEncodings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := oggOf(t, options...)
			got := vorbisOf(t, file, 0)
			want := oggvorbisOf(t, file)
			if len(got) != len(want) || len(got) == 0 {
				t.Fatalf("%d samples, oggvorbis gives %d", len(got), len(want))
			}
			for i := range want {
				if math.Abs(float64(got[i]-want[i])) > 2e-6 {
					t.Fatalf("sample %d is %g, oggvorbis gives %g", i, got[i], want[i])
				}
			}
			half := vorbisOf(t, file, 1)
			if len(half) != (len(got)+1)/2 {
				t.Fatalf("%d samples are %d at half the rate", len(got), len(half))
			}
			sameBelowTheCut(t, got, half)
		})
	}
}

// sameBelowTheCut compares spectra up to nine tenths of what half the rate holds.
func sameBelowTheCut(t *testing.T, full, half []float32) {
	t.Helper()
	const size = 1024
	spectra := func(samples []float32, size, hop int) (all [][]float32) {
		s := dsp.NewSTFT(size, hop)
		keep := func(m []float32) { all = append(all, append([]float32(nil), m...)) }
		s.Write(samples, keep)
		s.Flush(keep)
		return all
	}
	a, b := spectra(full, 2*size, size), spectra(half, size, size/2)
	for i := range min(len(a), len(b)) {
		for k := range size / 2 * 9 / 10 {
			if math.Abs(float64(a[i][k]-b[i][k])) > 3e-4 {
				t.Fatalf("frame %d, bin %d: %g and %g", i, k, a[i][k], b[i][k])
			}
		}
	}
}

// A recording that begins before its first page's position has its first
// samples cut off, an even number of them or an odd one, at either rate.
func TestVorbisBeginsWhereItSays(t *testing.T) {
	t.Parallel()
	file := oggOf(t, "-af", "volume=0.5")
	all := vorbisOf(t, file, 0)
	even := vorbisOf(t, file, 1)
	for _, cut := range []int{1, 2, 63, 64, 301} {
		moved := bytes.Clone(file)
		for at := 0; at < len(moved); { // every page but those of the headers
			p, ok := parseOgg(moved[at:])
			if !ok {
				t.Fatal("no page")
			}
			if p.granule() > 0 {
				binary.LittleEndian.PutUint64(p.raw[6:], uint64(p.granule()-int64(cut)))
				p.seal()
			}
			at += len(p.raw)
		}
		full := vorbisOf(t, moved, 0)
		if len(full) != len(all)-cut {
			t.Fatalf("%d samples without %d are %d", len(all), cut, len(full))
		}
		for i, v := range full {
			if v != all[cut+i] {
				t.Fatalf("sample %d of those after %d is %g; want %g", i, cut, v, all[cut+i])
			}
		}
		half := vorbisOf(t, moved, 1)
		if len(half) != (len(full)+1)/2 {
			t.Errorf("%d samples are %d at half the rate", len(full), len(half))
		}
		sameBelowTheCut(t, full, half)
		if cut%2 == 0 {
			for i, v := range half {
				if v != even[cut/2+i] {
					t.Fatalf("sample %d of those after %d is %g; want %g", i, cut/2, v, even[cut/2+i])
				}
			}
		}
	}
}

// A packet that says it is no sound is passed over, wherever it stands (4.3.1).
func TestVorbisPassesOverWhatIsNoSound(t *testing.T) {
	t.Parallel()
	file := oggOf(t)
	var with []byte
	for at := 0; at < len(file); {
		p, ok := parseOgg(file[at:])
		if !ok {
			t.Fatal("no page")
		}
		with = append(with, p.raw...)
		if p.granule() > 0 && !p.is(oggEnd) { // a page of three bytes more
			head := append(bytes.Clone(p.raw[:26]), 1, 3, 0x01, 0xff, 0xff)
			head[5] = 0 // neither begins nor ends nor goes on
			more, ok := parseOgg(head)
			if !ok {
				t.Fatal("the page of no sound is none")
			}
			more.seal()
			with = append(with, more.raw...)
		}
		at += len(p.raw)
	}
	if len(with) == len(file) {
		t.Fatal("no page was added")
	}
	for half := range 2 {
		if want, got := vorbisOf(t, file, half), vorbisOf(t, with, half); !slices.Equal(got, want) {
			t.Errorf("half %d: %d samples with packets of no sound, %d without, or others", half, len(got), len(want))
		}
	}
}

// One run tells the ratio of ours to oggvorbis.
func BenchmarkVorbis(b *testing.B) {
	file := oggOf(b, "-q:a", "6")
	b.Run("half", func(b *testing.B) {
		for b.Loop() {
			vorbisOf(b, file, 1)
		}
	})
	b.Run("full", func(b *testing.B) {
		for b.Loop() {
			vorbisOf(b, file, 0)
		}
	})
	b.Run("oggvorbis", func(b *testing.B) {
		for b.Loop() {
			oggvorbisOf(b, file)
		}
	})
}
