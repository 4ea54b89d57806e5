package cnn

import (
	"encoding/json"
	"testing"

	"earworm/picture"
)

// A drawing shows the whole recording, in windows or not, and changes nothing
// of what is heard.
func TestDrawingIsOfAllThatWasHeard(t *testing.T) {
	t.Parallel()
	const seconds = windowSeconds + 70
	m, s := shipped(t), band(seconds, 124)
	to, again := NewRecorder(), s
	drawn, err := m.Draw(t.Context(), &again, to)
	if err != nil {
		t.Fatal(err)
	}
	if plain := analyse(t, m, s); plain.Tempo.BPM != drawn.Tempo.BPM || len(plain.Beats) != len(drawn.Beats) || plain.Key.Name != drawn.Key.Name {
		t.Errorf("drawn, it is %.3f BPM and %s; else %.3f BPM and %s", drawn.Tempo.BPM, drawn.Key.Name, plain.Tempo.BPM, plain.Key.Name)
	}
	pictures, err := to.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	size := map[string]int{}
	for _, p := range pictures {
		size[p.Kind] = len(p.Data) - 16
		var scale picture.Scale
		if p.Kind == picture.Spectrum && (json.Unmarshal(p.Data, &scale) != nil || scale.Tiles != (seconds*5+299)/300) {
			t.Errorf("%d s have %d tiles", seconds, scale.Tiles)
		}
	}
	for kind, want := range map[string]int{
		picture.Beats: 2 * 50 * seconds, picture.Tempo: TempoClasses, picture.Keys: 24 * (seconds*5/drawnKeyFrames + 1),
	} {
		if got := size[kind]; got < want-48 || got > want+48 {
			t.Errorf("%s has %d values; want %d", kind, got, want)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	m, s := shipped(b), band(120, 124)
	for name, to := range map[string]func() *picture.Recorder{
		"nothing":    func() *picture.Recorder { return nil },
		"everything": NewRecorder,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				again, r := s, to()
				if _, err := m.Draw(b.Context(), &again, r); err != nil {
					b.Fatal(err)
				}
				if _, err := r.Pictures(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
