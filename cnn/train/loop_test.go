package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earworm/cnn"
	"earworm/schema"
)

// toneExamples are items whose key is plain: three bands that sound, a tonic
// with its third and fifth, under noise.
func toneExamples(n int) []Example {
	rng := rand.New(rand.NewPCG(11, 11))
	examples := make([]Example, n)
	for i := range examples {
		key := schema.Keys()[i%24]
		e := noiseExample(rng)
		e.Item = Item{Source: "tones", Split: "train", Key: key}
		if i%4 == 3 {
			e.Split = "valid"
		}
		third := 4
		if key.Minor() {
			third = 3
		}
		wide := cnn.KeyFrontEnd.Bands
		for at := range e.Pitch {
			e.Pitch[at] = byte(rng.IntN(20))
		}
		for t := range len(e.Pitch) / wide {
			for octave := range 5 {
				for _, step := range []int{0, third, 7} {
					e.Pitch[t*wide+9+3*(key.Tonic()+step+12*octave)] = 120
				}
			}
		}
		e.setWeights()
		examples[i] = e
	}
	return examples
}

func smallRun(t *testing.T) Config {
	t.Helper()
	dir := t.TempDir()
	return Config{
		Network: "key", Seed: 5, Epochs: 4, EpochSize: 24, Batch: 8, Workers: 2,
		Out: filepath.Join(dir, "key.weights"), Checkpoint: filepath.Join(dir, "checkpoint"),
	}
}

// What can be learned is learned, and the last epoch's weights say so of themselves.
func TestTrainingLearns(t *testing.T) {
	t.Parallel()
	c := smallRun(t)
	var epochs []Epoch
	if err := Run(context.Background(), c, toneExamples(48), func(e Epoch) { epochs = append(epochs, e) }); err != nil {
		t.Fatal(err)
	}
	first, last := epochs[0], epochs[len(epochs)-1]
	if last.Loss >= 0.7*first.Loss {
		t.Errorf("the loss went from %.2f to %.2f only", first.Loss, last.Loss)
	}
	w := readBack(t, c.Out)
	if w.Recipe.Seed != 5 || w.Recipe.Data["tones"] != 36 || !strings.Contains(w.Recipe.Validation, "key exact") {
		t.Errorf("the header's recipe is %+v", w.Recipe)
	}
	if s, last, err := start(c); err != nil || s.Epoch != c.Epochs || !slices.Equal(w.Tensor("key1.w"), last.Tensor("key1.w")) {
		t.Errorf("the weights are not those of the last of %d epochs (%v)", c.Epochs, err)
	}
	if err := Plot(filepath.Join(t.TempDir(), "loss.png"), c.Checkpoint); err != nil {
		t.Error(err)
	}
}

// A run that is stopped and called again ends with the weights of one that was
// never stopped.
func TestResumedRunIsTheUninterruptedOne(t *testing.T) {
	t.Parallel()
	examples := toneExamples(32)
	whole, parts := smallRun(t), smallRun(t)
	if err := Run(context.Background(), whole, examples, func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	err := Run(ctx, parts, examples, func(e Epoch) {
		if e.Number == 2 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a stopped run returned %v", err)
	}
	if err := Run(context.Background(), parts, examples, func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(finalWeights(t, whole), finalWeights(t, parts)) {
		t.Error("the weights differ")
	}
}

// Training from weights begins with them and says so; calibrating them changes
// none.
func TestFromWeights(t *testing.T) {
	t.Parallel()
	examples := toneExamples(32)
	c := smallRun(t)
	c.Epochs, c.Version = 1, "key-first"
	if err := Run(context.Background(), c, examples, func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	first := readBack(t, c.Out)
	next := smallRun(t)
	next.Epochs, next.Rate, next.From = 1, 1e-9, readBack(t, c.Out)
	if err := Run(context.Background(), next, examples, func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	gone := readBack(t, next.Out)
	if gone.Recipe.From != "key-first" || math.Abs(float64(gone.Tensor("key4.w")[5]-first.Tensor("key4.w")[5])) > 1e-6 {
		t.Errorf("it began with %q and is not where that was", gone.Recipe.From)
	}
	only := smallRun(t)
	only.CalibrateOnly, only.From, only.Version = true, gone, "key-second"
	if err := Run(context.Background(), only, examples, func(Epoch) { t.Error("it trained") }); err != nil {
		t.Fatal(err)
	}
	fitted := readBack(t, only.Out)
	if !slices.Equal(fitted.Tensor("key1.w"), gone.Tensor("key1.w")) {
		t.Error("calibrating changed the weights")
	}
	if fitted.Version != "key-second" || fitted.Calibration.Key == 0 {
		t.Errorf("%s is calibrated by %+v", fitted.Version, fitted.Calibration)
	}
}

func readBack(t *testing.T, name string) *cnn.Weights {
	t.Helper()
	w, err := ReadWeights(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func finalWeights(t *testing.T, c Config) []byte {
	t.Helper()
	s, _, err := start(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.File
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := Config{Network: "key", Out: "key.weights"}.WithDefaults()
	for name, tc := range map[string]struct {
		change func(c *Config)
		want   string
	}{
		"network":              {func(c *Config) { c.Network = "mood" }, `network is "mood"; want rhythm, key-course, key or key-plain`},
		"epochs":               {func(c *Config) { c.Epochs = -1 }, "epochs is -1; want 1 or more"},
		"batch":                {func(c *Config) { c.Batch = 5000 }, "batch is 5000"},
		"workers":              {func(c *Config) { c.Workers = -2 }, "workers is -2"},
		"from":                 {func(c *Config) { c.From = &cnn.Weights{Header: cnn.Header{Network: "rhythm"}} }, `network "rhythm"; want key`},
		"a pupil of rhythm":    {func(c *Config) { c.Network, c.Teachers = "rhythm", []*cnn.Weights{{}} }, "only key networks have teachers"},
		"a teacher of rhythm":  {func(c *Config) { c.Teachers = []*cnn.Weights{{Header: cnn.Header{Network: "rhythm"}}} }, "is no key network"},
		"nothing to calibrate": {func(c *Config) { c.CalibrateOnly = true }, "no weights to calibrate"},
		"out":                  {func(c *Config) { c.Out = "" }, "out is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			tc.change(&c)
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v; want one with %q", err, tc.want)
			}
		})
	}
}

// Beats and tempo of an excerpt played faster come sooner and faster.
func TestRhythmTargetsFollowSpeed(t *testing.T) {
	t.Parallel()
	it := Item{TempoBPM: 100, TempoWeight: 1, BeatWeight: 1, Beats: []float64{2, 4, 6}, Positions: []int{1, 2, 1}}
	got := rhythmTargets(it, 1, 2, 200)
	for frame, want := range map[int][2]float32{25: {1, 1}, 75: {1, 0}, 125: {1, 1}, 76: {0.5, 0}, 100: {0, 0}} {
		if have := [2]float32{got.beats[2*frame], got.beats[2*frame+1]}; have != want {
			t.Errorf("frame %d is %v, want %v", frame, have, want)
		}
	}
	best := 0
	for i, v := range got.tempo {
		if v > got.tempo[best] {
			best = i
		}
	}
	if bpm := cnn.TempoOfClass(float64(best)); bpm < 197 || bpm > 203 {
		t.Errorf("the tempo target is at %.1f BPM, want 200", bpm)
	}
}

// Weights to begin with are those of a weight file, or of a checkpoint's last
// epoch; anything else is refused by name.
func TestReadFrom(t *testing.T) {
	t.Parallel()
	c := smallRun(t)
	if err := Run(context.Background(), c, toneExamples(32), func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	last, err := cnn.ParseWeights(finalWeights(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]*cnn.Weights{c.Checkpoint: last, c.Out: readBack(t, c.Out)} {
		got, err := ReadFrom(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tensor := range want.Tensors {
			if !slices.Equal(got.Tensor(tensor.Name), want.Tensor(tensor.Name)) {
				t.Errorf("%s: %s differs", filepath.Base(name), tensor.Name)
			}
		}
	}
	other := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(other, []byte("no weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFrom(other); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("a file of another kind: got error %v; want its name", err)
	}
}
