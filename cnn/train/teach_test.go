package train

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"testing"

	"earworm/cnn"
	"earworm/schema"
)

// A transposed item is trained with the transposed key, its label's and its
// teachers', and all that is said of it sums to one where there are teachers.
func TestKeyTargetMovesWithTheSound(t *testing.T) {
	t.Parallel()
	taught := make([]float64, keyClasses)
	taught[2*9+1], taught[0] = 0.7, 0.3 // A minor, C major
	aMinor := Item{Key: schema.KeyOf(9, true), KeyWeight: 1}
	for name, tc := range map[string]struct {
		e          Example
		sum        float64
		major, low float64 // of C major, and of what nobody says
	}{
		"labelled":            {Example{Item: aMinor}, 1, smoothing / keyClasses, smoothing / keyClasses},
		"labelled and taught": {Example{Item: aMinor, Taught: taught}, 1, 0.15 + labelShare*smoothing/keyClasses, labelShare * smoothing / keyClasses},
		"taught":              {Example{Taught: taught}, 1, 0.3, 0},
		"half trusted":        {Example{Item: Item{Key: aMinor.Key, KeyWeight: 0.5}}, 0.5, 0.5 * smoothing / keyClasses, 0.5 * smoothing / keyClasses},
		"nothing":             {Example{Item: Item{Nothing: true}}, 1, 1.0 / keyClasses, 1.0 / keyClasses},
	} {
		for semitones := -6; semitones < 6; semitones++ {
			minor, major := 2*((9+semitones+12)%12)+1, 2*((semitones+12)%12)
			var sum float64
			target := keyTarget(tc.e, semitones)
			for class, v := range target {
				sum += float64(v)
				want := tc.low
				switch class {
				case minor:
					continue // what is left of the sum
				case major:
					want = tc.major
				}
				if math.Abs(float64(v)-want) > 1e-6 {
					t.Errorf("%s, %+d semitones: class %d has %g, want %g", name, semitones, class, v, want)
				}
			}
			if math.Abs(sum-tc.sum) > 1e-6 {
				t.Errorf("%s: targets sum to %g, want %g", name, sum, tc.sum)
			}
		}
	}
}

// A pupil learns from sound without any label what its teacher knows, and says
// who that was.
func TestPupilsLearnWithoutLabels(t *testing.T) {
	t.Parallel()
	c := smallRun(t)
	c.Version, c.Epochs = "key-teacher", 6
	examples := toneExamples(48)
	if err := Run(context.Background(), c, examples, func(Epoch) {}); err != nil {
		t.Fatal(err)
	}
	teacher := readBack(t, c.Out)
	for i := range examples {
		if examples[i].Split == "train" {
			examples[i].Item = Item{Source: "tones", Split: "train"}
		}
	}
	pupil := smallRun(t)
	pupil.Seed, pupil.Epochs, pupil.Teachers = 6, 6, []*cnn.Weights{teacher}
	var losses []float64
	if err := Run(context.Background(), pupil, examples, func(e Epoch) { losses = append(losses, e.Loss) }); err != nil {
		t.Fatal(err)
	}
	learned := readBack(t, pupil.Out)
	if len(learned.Recipe.Teachers) != 1 || learned.Recipe.Teachers[0] != "key-teacher" {
		t.Errorf("the header's recipe is %+v", learned.Recipe)
	}
	agreed, heard := 0, 0
	for _, e := range examples {
		if e.Split == "valid" {
			x := plainKey(e)
			heard++
			if cnn.ReadKey(learned.Key(x), cnn.Calibration{}).Name == cnn.ReadKey(teacher.Key(x), cnn.Calibration{}).Name {
				agreed++
			}
		}
	}
	if agreed < heard*2/3 {
		t.Errorf("the pupil says what the teacher says of %d of %d examples; its losses were %.2f", agreed, heard, losses)
	}
	if err := Run(context.Background(), smallRun(t), examples, func(Epoch) {}); err == nil {
		t.Error("without a teacher or a label there was something to learn from")
	}
}

// Other excerpts are of training recordings, and lie apart from those with labels.
func TestOtherExcerptsLieApart(t *testing.T) {
	t.Parallel()
	others := OtherExcerpts([]Item{
		{Audio: "a.ogg", Piece: "a", Split: "train", StartS: 60, LengthS: 30, KeyWeight: 1, Source: GameMusic},
		{Audio: "b.ogg", Piece: "b", Split: "valid", StartS: 30, LengthS: 30, KeyWeight: 1, Source: GameMusic},
		{Audio: "a.ogg", Piece: "a", Split: "train", StartS: 139, LengthS: 30, KeyWeight: 1, Source: GameMusic},
	})
	if len(others) != 2 || others[0].StartS != 5 || others[1].StartS != 185 {
		t.Fatalf("the other excerpts are %+v", others)
	}
	for _, it := range others {
		if it.Audio != "a.ogg" || !it.unlabelled() || it.Split != "train" {
			t.Errorf("%+v is no training excerpt without a label", it)
		}
	}
}

// What lies after a recording's end is heard once to be nothing, and remembered;
// only for want of a label is that no error.
func TestExcerptsAfterTheEndAreLeftOut(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	late := Item{Audio: filepath.Join("..", "..", "samples", "01-morning-post.wav"), StartS: 300, LengthS: 30}
	labelled := late
	labelled.Key, labelled.KeyWeight = schema.KeyOf(0, false), 1
	for range 2 {
		var failed bytes.Buffer
		found, err := Prepare(context.Background(), []Item{late, labelled}, cache, 1, func() {}, func(it Item, err error) {
			failed.WriteString(it.Key.String() + ": " + err.Error())
		})
		if err != nil || len(found) != 0 || failed.String() != "C major: no sound" {
			t.Errorf("found %d, failed %q, error %v", len(found), failed.String(), err)
		}
		late.Audio, labelled.Audio = filepath.Join(cache, "samples", "01-morning-post.wav"), filepath.Join(cache, "samples", "01-morning-post.wav") // is gone, and not asked for again
	}
}
