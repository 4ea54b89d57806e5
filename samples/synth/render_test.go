//go:build render

package synth_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

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

// A score of more voices than FluidSynth has by itself ends, and what comes after
// its chords is heard.
func TestManyVoicesEnd(t *testing.T) {
	t.Parallel()
	const cleanGuitar = 27
	s := &score.Score{Length: 8}
	s.Program(0, cleanGuitar)
	for i := range 700 {
		s.Notes = append(s.Notes, score.Note{On: 0.05 * float64(max(i-600, 0)), Off: 6, Pitch: 40 + uint8(i%5), Velocity: 65})
	}
	s.Notes = append(s.Notes, score.Note{On: 7.5, Off: 8, Channel: 1, Pitch: 72, Velocity: 110})
	for _, font := range synth.Fonts() {
		t.Run(font.Name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			pcm, err := synth.Render(ctx, s, synth.Config{Font: font.Path})
			if err != nil {
				t.Fatal(err)
			}
			if last := slices.Max(pcm[int(7.5*dsp.SampleRate)*synth.Channels:]); last < 0.01 {
				t.Errorf("the last note is not heard: %g at most", last)
			}
		})
	}
}
