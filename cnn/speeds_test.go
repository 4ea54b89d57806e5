package cnn

import (
	"testing"

	"earworm/cnn/layer"
)

// A rising line stays one at any speed: as long as the speed says, and rising by
// the speed.
func TestPlayedAtAnotherSpeed(t *testing.T) {
	t.Parallel()
	const frames, channels = 100, 2
	m := newMap(layer.Shape{Frames: frames, Bands: 1, Channels: channels})
	for i := range m.Data {
		m.Data[i] = float32(i / channels)
	}
	for name, tc := range map[string]struct {
		speed float64
		want  int
	}{"as it is": {1, frames}, "twice as fast": {2, frames / 2}, "slower": {0.8, 125}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := played(m, tc.speed)
			if y.Frames != tc.want || len(y.Data) != tc.want*channels {
				t.Fatalf("%d frames of %d values; want %d", y.Frames, len(y.Data), tc.want)
			}
			for i, v := range y.Data {
				want := min(float32(float64(i/channels)*tc.speed), frames-1)
				if d := v - want; d > 1e-4 || d < -1e-4 {
					t.Fatalf("value %d is %g; want %g", i, v, want)
				}
			}
		})
	}
	if y := played(newMap(layer.Shape{Frames: 1, Bands: 1, Channels: channels}), 1.15); y.Frames != 1 {
		t.Errorf("one frame becomes %d", y.Frames)
	}
}

// A tempo that every speed hears where it then lies keeps its likelihood, and one
// that only some of them can hear is the mean of those.
func TestTempiOfSpeedsMeetAgain(t *testing.T) {
	t.Parallel()
	var heard []tempoHeardAt
	for _, faster := range []int{0, -8, 8} {
		logs := make([]float64, TempoClasses)
		for class := range logs {
			logs[class] = -float64(TempoClasses) + float64(class-faster)/2
		}
		heard = append(heard, tempoHeardAt{faster, logs})
	}
	for _, class := range []int{0, 7, 60, TempoClasses - 1} {
		if got, want := meanAt(heard, class), float32(-TempoClasses)+float32(class)/2; got != want {
			t.Errorf("class %d has %g; want %g", class, got, want)
		}
	}
}
