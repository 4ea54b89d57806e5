package cnn

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"earworm/dsp"
	"earworm/schema"
)

//go:embed *.weights
var weightFiles embed.FS

// Model is a rhythm network and a key network with their weights. It is safe for
// concurrent use.
type Model struct {
	rhythm    *Weights
	key       *Weights
	whitening *Weights // of embeddings; nil leaves them as they are
}

// Load returns the model whose weights ship in the binary.
func Load() (*Model, error) {
	var networks []*Weights
	files, err := weightFiles.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		file, err := weightFiles.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		w, err := ParseWeights(file)
		if err != nil {
			return nil, fmt.Errorf("built-in %s: %w", f.Name(), err)
		}
		networks = append(networks, w)
	}
	return NewModel(networks...)
}

// NewModel puts together a rhythm network, a key network and, where there is
// one, the whitening of what these embed.
func NewModel(networks ...*Weights) (*Model, error) {
	m := &Model{}
	for _, w := range networks {
		part := m.part(w)
		if *part != nil {
			return nil, fmt.Errorf("model: %s and %s do the same; want one of them", (*part).Version, w.Version)
		}
		*part = w
	}
	if m.rhythm == nil || m.key == nil {
		return nil, errors.New("model: want a rhythm network and a key network")
	}
	return m, m.checkWhitening()
}

// part is where weights have their place.
func (m *Model) part(w *Weights) **Weights {
	switch {
	case IsKey(w.Network):
		return &m.key
	case w.Network == Embedding:
		return &m.whitening
	default:
		return &m.rhythm
	}
}

// With returns a model with other networks in the place of those that there
// were. The whitening stays where it is for the embeddings of the networks that
// there are then.
func (m *Model) With(networks ...*Weights) (*Model, error) {
	kept := *m
	for _, w := range networks {
		*kept.part(w) = nil
	}
	kept.whitening = nil
	all := slices.DeleteFunc([]*Weights{kept.rhythm, kept.key}, func(w *Weights) bool { return w == nil })
	with, err := NewModel(append(all, networks...)...)
	if err == nil && with.whitening == nil && m.whitening != nil && with.whitens(m.whitening) {
		with.whitening = m.whitening
	}
	return with, err
}

// Version names the networks and the whitening of embeddings, such as
// "rhythm-2026.1+key-2026.1+embedding-2026.1".
func (m *Model) Version() string {
	versions := []string{m.rhythm.Version, m.key.Version}
	if m.whitening != nil {
		versions = append(versions, m.whitening.Version)
	}
	return strings.Join(versions, "+")
}

const (
	minSeconds = 2
	// silentPeak is the level, relative to full scale, under which nothing in
	// a recording counts as sound: about -66 dB, below the dither and hiss of
	// old 8-bit transfers.
	silentPeak = 0.0005
)

// Analyse hears a recording and says what it is. It returns a *schema.Failure
// with the code silent or too_short where there is nothing to hear, and
// otherwise what reading the audio returned.
func (m *Model) Analyse(ctx context.Context, audio dsp.SampleReader) (schema.Analysis, error) {
	return m.Draw(ctx, audio, nil)
}

// Estimate answers from a recording already listened to.
func (m *Model) Estimate(heard Heard) (schema.Analysis, error) {
	a, _, err := m.EstimateTimed(heard)
	return a, err
}

// EstimateTimed is Estimate, and says what its parts took.
func (m *Model) EstimateTimed(heard Heard) (schema.Analysis, Took, error) {
	h := newHearing(m, nil)
	a, err := h.finish(heard)
	return a, h.took, err
}

// check tells a recording that there is nothing to hear in.
func (h Heard) check() error {
	seconds := float64(h.Samples) / dsp.SampleRate
	if seconds < minSeconds {
		return schema.Fail(schema.TooShort, "%.2f s of sound; %d s are needed", seconds, minSeconds)
	}
	if h.Peak < silentPeak {
		return schema.Fail(schema.Silent, "no sound in %.1f s: the peak is %.0f dB", seconds, decibels(h.Peak))
	}
	return nil
}

// decibels is the level of an amplitude, full scale being 0, never below -120.
func decibels(amplitude float64) float64 {
	return math.Max(-120, 20*math.Log10(amplitude+1e-12))
}

// embedding joins what the rhythm and the circle network hear on average into one unit vector: the
// sound of each moment from one, the harmony in no particular key from the other.
// It is nil where no circle network gave a harmony.
func embedding(sound []float64, harmony Map) []float32 {
	if harmony.Data == nil {
		return nil
	}
	mean := make([]float64, harmony.Channels)
	for i, x := range harmony.Data {
		mean[i%harmony.Channels] += float64(x)
	}
	v := make([]float32, 0, schema.EmbeddingSize)
	for _, half := range [][]float64{sound, mean} {
		var norm float64
		for _, x := range half {
			norm += x * x
		}
		scale := 1 / math.Sqrt(2*norm+1e-12)
		for _, x := range half {
			v = append(v, float32(x*scale))
		}
	}
	return v
}

func sigmoid(v float32) float64 { return 1 / (1 + math.Exp(-float64(v))) }
