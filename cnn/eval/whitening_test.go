package eval_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

// halves are made up like embeddings: much that all have in common, a few
// directions of no meaning that vary a lot, and many in which recordings differ.
func halves(recordings int) (first, second [][]float32) {
	rng := rand.New(rand.NewPCG(3, 4))
	half := func(own []float64) []float32 {
		v := make([]float32, schema.EmbeddingSize)
		for i := range v {
			v[i] = float32(1 + 0.1*own[i] + 0.02*rng.NormFloat64())
			if i < 4 {
				v[i] += float32(rng.NormFloat64())
			}
		}
		return v
	}
	for range recordings {
		own := make([]float64, schema.EmbeddingSize)
		for i := range own {
			own[i] = rng.NormFloat64()
		}
		first, second = append(first, half(own)), append(second, half(own))
	}
	return first, second
}

func model(t *testing.T) *cnn.Model {
	t.Helper()
	m, err := cnn.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m.Plain()
}

func TestWhiteningFindsWhatWasHidden(t *testing.T) {
	t.Parallel()
	first, second := halves(200)
	w, err := eval.FitWhitening(model(t), slices.Concat(first[:100], second[:100]))
	if err != nil {
		t.Fatal(err)
	}
	white := func(vectors [][]float32) (out [][]float32) {
		for _, v := range vectors {
			out = append(out, w.Whiten(v))
		}
		return out
	}
	plain := eval.RecallAt(1, eval.Ranks(first[100:], second[100:]))
	whitened := eval.RecallAt(1, eval.Ranks(white(first[100:]), white(second[100:])))
	if plain > 0.5 || whitened < 0.9 {
		t.Errorf("recordings unheard before: recall@1 is %.2f plain, %.2f whitened", plain, whitened)
	}
	said, err := eval.HoldOut(model(t), first, second)
	if err != nil || !strings.HasPrefix(said, "learned from 100 of them, measured on the other 100:") {
		t.Errorf("%q, error %v", said, err)
	}
}

// The axes divide each direction by its standard deviation, a little raised.
func TestWhitenedDirectionsVaryAlike(t *testing.T) {
	t.Parallel()
	first, second := halves(400)
	all := slices.Concat(first, second)
	w, err := eval.FitWhitening(model(t), all)
	if err != nil {
		t.Fatal(err)
	}
	deviation := func(i int) float64 {
		mean, axes := w.Tensor("mean"), w.Tensor("axes")
		var sum float64
		for _, v := range all {
			var x float64
			for j := range v {
				x += float64(axes[i*len(v)+j]) * float64(v[j]-mean[j])
			}
			sum += x * x
		}
		return math.Sqrt(sum / float64(len(all)))
	}
	loud, quiet := deviation(0), deviation(40)
	if ratio := loud / quiet; ratio < 0.9 || ratio > 1.5 {
		t.Errorf("directions that varied as 10 to 1 vary as %.2f to 1", ratio)
	}
}

func TestTooLittleToLearnFrom(t *testing.T) {
	t.Parallel()
	first, second := halves(31)
	same := slices.Repeat([][]float32{first[0]}, 100)
	for want, vectors := range map[string][][]float32{
		"from at least 64 excerpts; got 62": slices.Concat(first, second),
		"these are all the same":            same,
	} {
		if _, err := eval.FitWhitening(model(t), vectors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; want one with %q", err, want)
		}
	}
}
