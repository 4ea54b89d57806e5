package decode

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	gomp3 "github.com/hajimehoshi/go-mp3"

	"earworm/dsp"
)

// whole decodes all of an MP3 by our decoder.
func whole(tb testing.TB, file []byte, half bool) []float32 {
	tb.Helper()
	_, first, ok := findMPEG(file)
	if !ok {
		tb.Fatal("no frames")
	}
	m, err := newMP3(bytes.NewReader(file), first, xing{}, half)
	if err != nil {
		tb.Fatal(err)
	}
	m.frames.synced = false
	var all []float32
	block := make([]float32, 4096)
	for {
		n, err := m.read(block)
		all = append(all, block[:n]...)
		if err == io.EOF { //nolint:errorlint // read's own
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// plainly decodes it by go-mp3, to the mean of its channels.
func plainly(tb testing.TB, file []byte) []float32 {
	tb.Helper()
	d, err := gomp3.NewDecoder(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	pcm, err := io.ReadAll(d)
	if err != nil {
		tb.Fatal(err)
	}
	all := make([]float32, len(pcm)/4)
	for i := range all {
		left := int16(binary.LittleEndian.Uint16(pcm[4*i:]))
		right := int16(binary.LittleEndian.Uint16(pcm[4*i+2:]))
		all[i] = float32(int(left)+int(right)) / (1 << 16)
	}
	return all
}

// down is how far, in dB, the difference of two signals is below the second.
func down(got, want []float32) float64 {
	var off, power float64
	for i, w := range want {
		off += float64(got[i]-w) * float64(got[i]-w)
		power += float64(w) * float64(w)
	}
	return 10 * math.Log10(power/(off+1e-30))
}

// Where nothing is resampled, the samples are ffmpeg's.
func TestMP3IsThatOfFFmpeg(t *testing.T) {
	t.Parallel()
	var both [2][]float32
	for i, decoder := range []string{"native", "ffmpeg"} {
		s, err := Open(t.Context(), filepath.Join("testdata", "mpeg2.mp3"), Options{Decoder: decoder})
		if err != nil {
			t.Fatal(err)
		}
		block := make([]float32, 4096)
		for {
			n, err := s.Read(block)
			both[i] = append(both[i], block[:n]...)
			if err != nil {
				break
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(both[0]) != len(both[1]) || len(both[0]) == 0 {
		t.Fatalf("%d samples, ffmpeg gives %d", len(both[0]), len(both[1]))
	}
	if d := down(both[0], both[1]); d < 100 {
		t.Errorf("the difference is %.0f dB down; want 100", d)
	}
}

// At the full rate all is go-mp3's, as far as that is exact.
func TestMP3IsThatOfGoMP3(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stereo.mp3", "vbr-48k.mp3", "untagged.mp3"} { // it misreads MPEG-2
		file, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, want := whole(t, file, false), plainly(t, file)
		if len(got) != len(want) {
			t.Errorf("%s: %d samples, go-mp3 gives %d", name, len(got), len(want))
			continue
		}
		if d := down(got, want); d < 60 {
			t.Errorf("%s: the difference is %.0f dB down; want 60", name, d)
		}
	}
}

// Half the rate sounds the same below the cut: spectra of the same moments are
// equal, up to nine tenths of what it can hold.
func TestHalfTheRateSoundsTheSame(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(filepath.Join("testdata", "stereo.mp3"))
	if err != nil {
		t.Fatal(err)
	}
	const size = 1024
	spectra := func(samples []float32, size, hop int) (all [][]float32) {
		s := dsp.NewSTFT(size, hop)
		keep := func(m []float32) { all = append(all, append([]float32(nil), m...)) }
		s.Write(samples, keep)
		s.Flush(keep)
		return all
	}
	full, half := spectra(whole(t, file, false), 2*size, size), spectra(whole(t, file, true), size, size/2)
	if len(full) != len(half) || len(full) < 20 {
		t.Fatalf("%d frames and %d", len(full), len(half))
	}
	for i := range full {
		for k := range size / 2 * 9 / 10 {
			if math.Abs(float64(full[i][k]-half[i][k])) > 1e-4 {
				t.Fatalf("frame %d, bin %d: %g and %g", i, k, full[i][k], half[i][k])
			}
		}
	}
}

// One run tells the ratio of ours to go-mp3.
func BenchmarkMP3(b *testing.B) {
	file, err := os.ReadFile(filepath.Join("testdata", "stereo.mp3"))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("half", func(b *testing.B) {
		for b.Loop() {
			whole(b, file, true)
		}
	})
	b.Run("full", func(b *testing.B) {
		for b.Loop() {
			whole(b, file, false)
		}
	})
	b.Run("go-mp3", func(b *testing.B) {
		for b.Loop() {
			plainly(b, file)
		}
	})
}
