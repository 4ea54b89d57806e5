package eval

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"earworm/cnn"
	"earworm/schema"
)

// whiteningFloor is what each axis' variance is raised by, as a share of the
// largest: directions of hardly any variance are noise and must not be blown up.
const whiteningFloor = 0.003

// FitWhitening learns the whitening of a model's plain embeddings, which are
// (recordings, 64): their mean, and the symmetric matrix that divides each
// principal axis by the square root of its variance (ZCA, Bell & Sejnowski 1997),
// which is the one that leaves vectors nearest to where they were. At least as
// many embeddings as they have values are needed.
func FitWhitening(m *cnn.Model, embeddings [][]float32) (*cnn.Weights, error) {
	const size = schema.EmbeddingSize
	if len(embeddings) < size {
		return nil, fmt.Errorf("a whitening is learned from at least %d excerpts; got %d", size, len(embeddings))
	}
	x := mat.NewDense(len(embeddings), size, nil)
	mean := make([]float32, size)
	for i, v := range embeddings {
		for j, value := range v {
			x.Set(i, j, float64(value))
		}
	}
	for j := range mean {
		mean[j] = float32(stat.Mean(mat.Col(nil, j, x), nil))
	}
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, x, nil)
	var principal mat.EigenSym
	if !principal.Factorize(&covariance, true) {
		return nil, errors.New("the embeddings' principal axes were not found")
	}
	variances := principal.Values(nil)
	largest := variances[size-1] // they are in ascending order
	if !(largest > 0) {
		return nil, errors.New("a whitening is learned from different excerpts; these are all the same")
	}
	var axes, scaled, white mat.Dense
	principal.VectorsTo(&axes)
	scaled.Apply(func(_, j int, v float64) float64 {
		return v / math.Sqrt(max(0, variances[j])/largest+whiteningFloor)
	}, &axes)
	white.Mul(&scaled, axes.T())
	values := make([]float32, 0, size*size)
	for i := range size {
		for _, v := range white.RawRowView(i) {
			values = append(values, float32(v))
		}
	}
	return cnn.NewWhitening(m, mean, values)
}

// HoldOut tells how well a whitening does for recordings that it was not learned
// from: learned from the halves of every second one, measured on the others.
func HoldOut(m *cnn.Model, first, second [][]float32) (string, error) {
	var learned, heldFirst, heldSecond [][]float32
	for i := range first {
		if i%2 == 0 {
			learned = append(learned, first[i], second[i])
			continue
		}
		heldFirst, heldSecond = append(heldFirst, first[i]), append(heldSecond, second[i])
	}
	w, err := FitWhitening(m, learned)
	if err != nil {
		return "", err
	}
	figures := func(name string, first, second [][]float32) string {
		ranks := Ranks(first, second)
		return fmt.Sprintf("%s recall@1 %.1f, recall@10 %.1f", name, 100*RecallAt(1, ranks), 100*RecallAt(10, ranks))
	}
	white := func(vectors [][]float32) [][]float32 {
		out := make([][]float32, len(vectors))
		for i, v := range vectors {
			out[i] = w.Whiten(v)
		}
		return out
	}
	return fmt.Sprintf("learned from %d of them, measured on the other %d: %s; %s", len(first)-len(heldFirst), len(heldFirst),
		figures("as they are", heldFirst, heldSecond), figures("whitened", white(heldFirst), white(heldSecond))), nil
}
