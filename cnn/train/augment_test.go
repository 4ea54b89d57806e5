package train

import (
	"math/rand/v2"
	"testing"

	"earworm/cnn"
)

// With every augmentation left out an example is heard as it is.
func TestWithoutAugmentationsNothingChanges(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	e := noiseExample(rng)
	const heard = 100 // fewer than an example has, so that all begin together
	e.Pitch = e.Pitch[:heard*cnn.KeyFrontEnd.Bands]
	plain := plainKey(e).Data
	x := make([]float32, keyFrames*cnn.KeyBands)
	augment{rng, Augmentations}.keyExample(e, x)
	for i := range heard * cnn.KeyBands {
		if x[i] != plain[i] {
			t.Fatalf("value %d is %g, and was %g", i, x[i], plain[i])
		}
	}
	augment{rng: rng}.keyExample(e, x)
	changed := 0
	for i := range heard * cnn.KeyBands {
		if x[i] != plain[i] {
			changed++
		}
	}
	if changed == 0 {
		t.Error("augmentation changes nothing")
	}
}
