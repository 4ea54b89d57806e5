package cnn

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
)

// untrainedWhitening whitens the embeddings of m by chance.
func untrainedWhitening(tb testing.TB, m *Model, version string) *Weights {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, schema.EmbeddingSize*(schema.EmbeddingSize+1))
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	w, err := NewWhitening(m, values[:schema.EmbeddingSize], values[schema.EmbeddingSize:])
	if err != nil {
		tb.Fatal(err)
	}
	w.Version = version
	return w
}

func norm(v []float32) (sum float64) {
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// Whitened or not, an embedding is a unit vector of 64 values, the same each time.
func TestEmbeddingsAreUnitVectors(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	s := cadence(2, true, 0, 8)
	plain, white := analyse(t, m.Plain(), s), analyse(t, m, s)
	for name, v := range map[string][]float32{"plain": plain.Embedding, "whitened": white.Embedding} {
		if len(v) != schema.EmbeddingSize || math.Abs(norm(v)-1) > 1e-6 {
			t.Errorf("%s: %d values of length %g", name, len(v), norm(v))
		}
	}
	if again := m.whitening.Whiten(plain.Embedding); !slices.Equal(again, white.Embedding) {
		t.Error("the plain embedding whitened is not the model's")
	}
	if plain.ModelVersion+"+"+m.whitening.Version != white.ModelVersion {
		t.Errorf("the model is called %s, and %s without whitening", white.ModelVersion, plain.ModelVersion)
	}
}

// Different music is told further apart whitened than plain.
func TestWhiteningTellsMusicApart(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	beats, chords := clicks(120, 4, 8), cadence(0, false, 0, 8)
	apart := func(m *Model) float64 {
		return schema.CosineTo(analyse(t, m, beats).Embedding)(analyse(t, m, chords).Embedding)
	}
	if plain, white := apart(m.Plain()), apart(m); white >= plain {
		t.Errorf("clicks and chords are %.2f alike whitened, %.2f plain", white, plain)
	}
}

func TestWhatPointsNowhere(t *testing.T) {
	t.Parallel()
	w := untrainedWhitening(t, shipped(t), "embedding-test")
	zero := make([]float32, schema.EmbeddingSize)
	for name, v := range map[string][]float32{"none": nil, "all zero": zero, "the mean": w.Tensor("mean")} {
		got, err := schema.Analysis{Embedding: w.Whiten(v)}.Vector()
		if got != nil || err != nil {
			t.Errorf("%s: the vector is %v, error %v; want none", name, got, err)
		}
	}
}

// A whitening is for the embeddings that it was learned from: with another
// network in the model it is left out.
func TestWhiteningIsForItsNetworks(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	circle := m.key.Clone()
	circle.Version = "key-old"
	for name, tc := range map[string]struct {
		networks []*Weights
		whitened bool
	}{
		"another rhythm network": {[]*Weights{untrained(t, "rhythm")}, false},
		"another circle network": {[]*Weights{circle}, false},
		"a plain network":        {[]*Weights{untrained(t, KeyPlain)}, false},
		"the same networks":      {[]*Weights{m.key, m.rhythm}, true},
		"another whitening":      {[]*Weights{untrainedWhitening(t, m, "embedding-test")}, true},
	} {
		with, err := m.With(tc.networks...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := strings.Contains(with.Version(), "+embedding-"); got != tc.whitened {
			t.Errorf("%s: the model is %s", name, with.Version())
		}
	}
	for want, networks := range map[string][]*Weights{
		"these are of rhythm-test": {untrained(t, "rhythm"), m.key, untrainedWhitening(t, m, "embedding-1")},
		"want one of them":         {m.rhythm, m.key, m.whitening, untrainedWhitening(t, m, "embedding-1")},
		m.key.Version + " and key": {m.rhythm, m.key, untrained(t, KeyPlain)},
		"and a key network":        {m.rhythm},
	} {
		if _, err := NewModel(networks...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; want one with %q", err, want)
		}
	}
}

func TestBadWhiteningsAreRefusedByName(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for name, tc := range map[string]struct {
		change func(w *Weights)
		want   string
	}{
		"a shorter mean": {func(w *Weights) {
			w.Tensors = []Tensor{{"mean", []int{32}}, w.Tensors[1]}
			w.data["mean"] = w.data["mean"][:32]
		}, `"embedding-test": tensors are not those of this program's embedding`},
		"narrower axes": {func(w *Weights) {
			w.Tensors = []Tensor{w.Tensors[0], {"axes", []int{64, 32}}}
			w.data["axes"] = w.data["axes"][:64*32]
		}, `"embedding-test": tensors are not those`},
		"axes cut short":     {func(w *Weights) { w.data["axes"] = w.data["axes"][:100] }, `"embedding-test": tensor axes is cut short`},
		"axes of more":       {func(w *Weights) { w.data["axes"] = append(w.data["axes"], 1) }, `"embedding-test": 4 bytes too many`},
		"of no network":      {func(w *Weights) { w.Of = nil }, `"embedding-test": only an embedding's weights`},
		"with a front end":   {func(w *Weights) { w.FrontEnd = KeyFrontEnd }, `"embedding-test": made for front end`},
		"nothing the matter": {func(*Weights) {}, ""},
	} {
		w := untrainedWhitening(t, m, "embedding-test")
		tc.change(w)
		_, err := ParseWeights(fileOf(t, w))
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error is %v; want %q", name, err, tc.want)
		}
	}
	if _, err := NewWhitening(m, make([]float32, 64), make([]float32, 64)); err == nil || !strings.Contains(err.Error(), "axes has 64 values; want 4096") {
		t.Errorf("error is %v; want one that names the axes' size", err)
	}
}
