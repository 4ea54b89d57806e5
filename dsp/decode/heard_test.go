package decode_test

import (
	"math"
	"path/filepath"
	"testing"

	"earworm/dsp"
	"earworm/dsp/decode"
)

// What a person hears is what the networks hear: rendered and decoded again, a
// file has the samples that it has decoded at once.
func TestRenderedForAPersonItIsTheSameSound(t *testing.T) {
	t.Parallel()
	for _, decoder := range []string{"native", "ffmpeg"} {
		for _, name := range []string{"stereo.mp3", "stereo.flac", "stereo.ogg"} {
			t.Run(decoder+" "+name, func(t *testing.T) {
				t.Parallel()
				path, to := filepath.Join("testdata", name), filepath.Join(t.TempDir(), "heard.wav")
				if err := decode.WriteWAV(t.Context(), path, to, decode.Options{Decoder: decoder}); err != nil {
					t.Fatal(err)
				}
				want, got := samplesOf(t, path, decoder), samplesOf(t, to, "native")
				if d := len(got) - len(want); d < -2 || d > 2 {
					t.Fatalf("%d samples; want %d", len(got), len(want))
				}
				var off, power float64
				for i := range min(len(got), len(want)) {
					d := float64(got[i] - want[i])
					off += d * d
					power += float64(want[i]) * float64(want[i])
				}
				if db := 10 * math.Log10(off/power); db > -30 {
					t.Errorf("the difference is %.0f dB below the sound; want 30 or more", -db)
				}
			})
		}
	}
}

func samplesOf(t *testing.T, path, decoder string) []float32 {
	t.Helper()
	s, err := decode.Open(t.Context(), path, decode.Options{Decoder: decoder})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := dsp.ReadAll(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
