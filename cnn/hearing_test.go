package cnn

import (
	"math"
	"testing"

	"earworm/dsp"
)

// band is a pulse of clicks and chords that change with the bar, as samples.
func band(seconds, bpm float64) sound {
	s := make(sound, int(seconds*dsp.SampleRate))
	beat := 60 / bpm * dsp.SampleRate
	for i := range s {
		at := float64(i) / beat
		chord := []float64{261.63, 329.63, 392}
		if int(at/4)%2 == 1 {
			chord = []float64{293.66, 349.23, 440}
		}
		for _, hz := range chord {
			s[i] += 0.05 * float32(math.Sin(2*math.Pi*hz*float64(i)/dsp.SampleRate))
		}
		if since := math.Mod(float64(i), beat); since < 600 {
			s[i] += 0.4 * float32(math.Exp(-since/150)*math.Sin(since*float64(1+int(at)%4)/5))
		}
	}
	return s
}

// What is heard as it arrives is what is heard afterwards: the same to the last
// digit in one window, and nearly so in several, whose loudness is not yet that
// of the whole.
func TestHearingAsItArrives(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for name, seconds := range map[string]float64{"one window": 20, "two windows": windowSeconds + 70} {
		s := band(seconds, 124)
		again := s
		heard, err := Listen(t.Context(), &again)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Estimate(heard)
		if err != nil {
			t.Fatal(err)
		}
		got := analyse(t, m, s)
		if math.Abs(got.Tempo.BPM-want.Tempo.BPM) > 0.01 || got.Key.Name != want.Key.Name || got.Meter.Name != want.Meter.Name {
			t.Errorf("%s: %.2f BPM, %s, %s as it arrives; %.2f BPM, %s, %s afterwards", name,
				got.Tempo.BPM, got.Key.Name, got.Meter.Name, want.Tempo.BPM, want.Key.Name, want.Meter.Name)
		}
		if d := len(got.Beats) - len(want.Beats); d < -1 || d > 1 {
			t.Errorf("%s: %d beats as it arrives, %d afterwards", name, len(got.Beats), len(want.Beats))
		}
	}
}

// However long a recording is, no more is held of it than a window and its
// margins.
func TestMemoryDoesNotFollowTheLength(t *testing.T) {
	t.Parallel()
	h := newHearing(shipped(t), newListener())
	minute := band(60, 110)
	for range 14 {
		h.write(minute)
	}
	if held := cap(h.ear.heard.Rhythm) / rhythmBands; held > 2*(rhythmWindow+3*rhythmMargin) {
		t.Errorf("room for %d frames of rhythm after 14 minutes", held)
	}
	if held := cap(h.ear.heard.Key) / KeyFrontEnd.Bands; held > 2*(keyWindow+3*keyReach)+200 {
		t.Errorf("room for %d frames of key after 14 minutes", held)
	}
	a, err := h.finish(h.ear.finish())
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(a.DurationS-14*60) > 0.01 || float64(a.Beats[len(a.Beats)-1]) < 14*60-3 {
		t.Errorf("%.1f s, the last beat at %.1f", a.DurationS, a.Beats[len(a.Beats)-1])
	}
}
