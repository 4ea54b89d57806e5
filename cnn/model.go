package cnn

import (
	"context"
	_ "embed" // the weights ship in the binary
	"fmt"
	"math"

	"earworm/dsp"
	"earworm/schema"
)

//go:embed rhythm.weights
var rhythmFile []byte

//go:embed key.weights
var keyFile []byte

// Model is a rhythm and a key network with their weights. It is safe for
// concurrent use.
type Model struct{ rhythm, key *Weights }

// Load returns the model whose weights ship in the binary.
func Load() (*Model, error) {
	rhythm, err := ParseWeights(rhythmFile)
	if err != nil {
		return nil, err
	}
	key, err := ParseWeights(keyFile)
	if err != nil {
		return nil, err
	}
	return NewModel(rhythm, key)
}

// NewModel pairs the weights of a rhythm and of a key network.
func NewModel(rhythm, key *Weights) (*Model, error) {
	if rhythm.Network != "rhythm" || key.Network != "key" {
		return nil, fmt.Errorf("model: networks are %q and %q; want rhythm and key", rhythm.Network, key.Network)
	}
	return &Model{rhythm, key}, nil
}

// With returns a model with other weights for the network they belong to.
func (m *Model) With(w *Weights) *Model {
	if w.Network == "key" {
		return &Model{m.rhythm, w}
	}
	return &Model{w, m.key}
}

// Version names both networks, such as "rhythm-2026.1+key-2026.1".
func (m *Model) Version() string { return m.rhythm.Version + "+" + m.key.Version }

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
	return newHearing(m, nil).finish(heard)
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

// embed joins what the two networks hear on average into one unit vector: the
// sound of each moment from one, the harmony in no particular key from the other.
func embed(sound []float64, harmony Map) []float32 {
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
