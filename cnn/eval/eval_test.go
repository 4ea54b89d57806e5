package eval

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earworm/cnn"
	"earworm/schema"
)

func TestTempoAccuracies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		truth, heard  float64
		exact, octave bool
	}{
		"same":           {120, 120, true, true},
		"4 % fast":       {100, 104, true, true},
		"5 % fast":       {100, 105, false, false},
		"half":           {120, 60, false, true},
		"double":         {60, 124, false, true},
		"third":          {180, 60, false, true},
		"two thirds":     {120, 80, false, false},
		"nothing heard":  {120, 0, false, false},
		"4 % of a third": {90, 31.1, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := TempoExact(tc.truth, tc.heard); got != tc.exact {
				t.Errorf("accuracy 1 says %v", got)
			}
			if got := TempoOctave(tc.truth, tc.heard); got != tc.octave {
				t.Errorf("accuracy 2 says %v", got)
			}
		})
	}
}

func TestBeatF(t *testing.T) {
	t.Parallel()
	known := []float64{1, 2, 3, 4}
	for name, tc := range map[string]struct {
		heard []float32
		want  float64
	}{
		"all":           {[]float32{1, 2, 3, 4}, 1},
		"within 70 ms":  {[]float32{1.06, 1.94, 3, 4}, 1},
		"one too late":  {[]float32{1.1, 2, 3, 4}, 0.75},
		"twice as many": {[]float32{1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5}, 2 * 4. / 12},
		"one hit twice": {[]float32{1, 1.01, 2, 3, 4}, 2 * 4. / 9},
		"none":          {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := BeatF(known, tc.heard); math.Abs(got-tc.want) > 1e-9 {
				t.Errorf("F is %g, want %g", got, tc.want)
			}
		})
	}
}

// Always saying 4 is right for half of a balanced measure, however many are 4.
func TestBalanceIsNotFooledByTheMajority(t *testing.T) {
	t.Parallel()
	var s Score
	heard := schema.Analysis{Meter: schema.MeterHeard{Name: cnn.Meters[1]}}
	for i := range 10 {
		truth := Truth{Meter: schema.Meter{Beats: 4, Unit: 4}}
		if i == 0 {
			truth.Meter = schema.Meter{Beats: 9, Unit: 8}
		}
		s.Add(Judge(truth, heard))
	}
	if got := s.Balance(); got != 0.5 {
		t.Errorf("balanced accuracy is %g, want 0.5", got)
	}
}

func TestReadLabelsSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"empty":     {"", "no header"},
		"no path":   {"tempo_bpm\n120\n", "no column called path"},
		"no rows":   {"path\n", "no rows"},
		"bad tempo": {"path,tempo_bpm\na.wav,fast\n", `line 2: tempo_bpm is "fast"`},
		"bad key":   {"path,key\na.wav,H major\n", `line 2: key is "H major"`},
		"bad meter": {"path,meter\na.wav,four\n", `line 2: meter is "four"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "labels.csv")
			if err := os.WriteFile(file, []byte(tc.file), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := ReadLabels(file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v; want one with %q", err, tc.want)
			}
		})
	}
}
