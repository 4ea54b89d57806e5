//go:build render

package synth_test

import (
	"math"
	"testing"

	"earworm/dsp"
	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/samples/synth"
)

// A click in the score is a click in the sound, within 5 ms: what labels rest on.
// OPL3 has clicks that rise slowly, 6 ms later.
func TestOnsetsAreWhereTheScoreSays(t *testing.T) {
	t.Parallel()
	fonts := synth.Fonts()
	if len(fonts) == 0 {
		t.Fatal("no sound font is installed; scripts/install-deps.sh render installs two")
	}
	for _, font := range fonts {
		s := &score.Score{Length: 8}
		for i := range 14 {
			at := 0.5 + float64(i)*0.5137
			s.Notes = append(s.Notes, score.Note{On: at, Off: at + 0.1, Channel: midi.DrumChannel, Pitch: 42, Velocity: 110})
		}
		pcm, err := synth.Render(t.Context(), s, synth.Config{Font: font.Path})
		if err != nil {
			t.Fatal(err)
		}
		mono := synth.Mono(pcm)
		allowed := 0.005
		if font.Name == "OPL3" {
			allowed = 0.010
		}
		for _, n := range s.Notes {
			centre := int(n.On * dsp.SampleRate)
			peak := float32(0)
			for _, v := range mono[centre-200 : centre+1500] {
				peak = max(peak, float32(math.Abs(float64(v))))
			}
			first := centre - 200
			for math.Abs(float64(mono[first])) < 0.02*float64(peak) {
				first++
			}
			if off := float64(first)/dsp.SampleRate - n.On; off < -0.003 || off > allowed {
				t.Errorf("%s: the click at %.3f s sounds %.1f ms off", font.Name, n.On, off*1000)
			}
		}
	}
}
