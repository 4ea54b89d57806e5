package synth_test

import (
	"slices"
	"testing"

	"earworm/samples/synth"
)

func TestMonoIsTheMean(t *testing.T) {
	t.Parallel()
	got := synth.Mono([]float32{1, 0, -0.5, -0.5, 0.25, 0.75})
	if want := []float32{0.5, -0.5, 0.5}; !slices.Equal(got, want) {
		t.Errorf("mono is %v; want %v", got, want)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with synth.Config
		want string
	}{
		{"font", synth.Config{}, "font is empty; want the path of a sound font"},
		{"rate", synth.Config{Font: "a.sf2", Rate: 10}, "rate is 10; want 8000 to 96000"},
		{"gain", synth.Config{Font: "a.sf2", Gain: -1}, "gain is -1; want 0 to 10"},
	} {
		if err := c.with.WithDefaults().Validate(); err == nil || err.Error() != c.want {
			t.Errorf("%s: error is %v; want %q", c.name, err, c.want)
		}
	}
}
