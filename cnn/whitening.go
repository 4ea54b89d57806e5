package cnn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"earworm/schema"
)

// Embedding names, in place of a network, weights that whiten the embedding of
// the networks they were learned from: the mean (64) of many recordings is taken
// away, and what is left is multiplied by axes (64, 64), so that each direction
// in which recordings differ counts about as much as any other. What all music
// has in common is most of an embedding otherwise.
const Embedding = "embedding"

// whiteningTensors are those of Embedding.
var whiteningTensors = []Tensor{
	{"mean", []int{schema.EmbeddingSize}},
	{"axes", []int{schema.EmbeddingSize, schema.EmbeddingSize}},
}

// NewWhitening makes weights of a mean and axes, which are laid out row by row,
// for the embedding of m. The rest of the header is for the caller to fill in.
func NewWhitening(m *Model, mean, axes []float32) (*Weights, error) {
	w := &Weights{
		Header: Header{Network: Embedding, Of: m.embedders(), Tensors: whiteningTensors},
		data:   map[string][]float32{"mean": mean, "axes": axes},
	}
	for _, t := range w.Tensors {
		if n := len(w.data[t.Name]); n != t.Len() {
			return nil, fmt.Errorf("whitening: %s has %d values; want %d", t.Name, n, t.Len())
		}
	}
	return w, nil
}

// embedders are the versions of the networks that embeddings are made from.
func (m *Model) embedders() []string {
	versions := []string{m.rhythm.Version}
	if m.key.Network != KeyPlain {
		versions = append(versions, m.key.Version)
	}
	return versions
}

// Plain is m with its embeddings as they are before they are whitened.
func (m *Model) Plain() *Model {
	plain := *m
	plain.whitening = nil
	return &plain
}

// whitens tells whether w was learned from the embeddings of m.
func (m *Model) whitens(w *Weights) bool { return slices.Equal(w.Of, m.embedders()) }

func (m *Model) checkWhitening() error {
	if w := m.whitening; w != nil && !m.whitens(w) {
		return fmt.Errorf("model: %s is for embeddings of %s; these are of %s",
			w.Version, strings.Join(w.Of, " and "), strings.Join(m.embedders(), " and "))
	}
	return nil
}

// checkOf tells whether the header names networks where it must and no others.
func (h Header) checkOf() error {
	if (h.Network == Embedding) != (len(h.Of) > 0) {
		return errors.New("only an embedding's weights name the networks they are of, and they must")
	}
	return nil
}

// Whiten turns an embedding into a unit vector of the whitened space; v itself
// where it is nil or all zero, nil where it is just the mean of all music: such
// points nowhere. A nil w leaves embeddings as they are.
func (w *Weights) Whiten(v []float32) []float32 {
	if w == nil || !slices.ContainsFunc(v, func(x float32) bool { return x != 0 }) {
		return v
	}
	mean, axes := w.Tensor("mean"), w.Tensor("axes")
	white := make([]float64, len(v))
	var norm float64
	for i := range white {
		for j, weight := range axes[i*len(v) : (i+1)*len(v)] {
			white[i] += float64(weight) * (float64(v[j]) - float64(mean[j]))
		}
		norm += white[i] * white[i]
	}
	if !(norm > 1e-12) || math.IsInf(norm, 1) {
		return nil
	}
	unit := make([]float32, len(v))
	for i, x := range white {
		unit[i] = float32(x / math.Sqrt(norm))
	}
	return unit
}
