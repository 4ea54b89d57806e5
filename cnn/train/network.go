package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"earworm/cnn"
)

// learner is one graph and machine over the shared weights, for one goroutine.
type learner struct {
	machine   G.VM
	cost      *G.Node
	names     []string
	gradients []*G.Node
	// draw writes an augmented example to the graph's inputs.
	draw func(a augment, e Example)
}

// Shares of the losses in the rhythm network's total.
var rhythmLosses = []float32{1, 0.25, 0.4} // beats, tempo, meter

func newLearner(w *cnn.Weights) (*learner, error) {
	m := newGraph(w)
	l := &learner{}
	switch {
	case w.Network == "rhythm":
		l.rhythm(m)
	case cnn.IsKey(w.Network):
		l.key(m)
	default:
		return nil, fmt.Errorf("network is %q; want %s", w.Network, cnn.Networks)
	}
	if m.err != nil {
		return nil, m.err
	}
	var err error
	if l.gradients, err = G.Grad(l.cost, m.params...); err != nil {
		return nil, err
	}
	if m.err != nil {
		return nil, m.err
	}
	l.names = m.names
	l.machine = G.NewTapeMachine(m.g)
	return l, nil
}

func (l *learner) rhythm(m *graph) {
	x, sound := m.input("sound", rhythmFrames, cnn.RhythmFrontEnd.Bands, 1)
	beats, beatTarget := m.input("beat target", rhythmFrames, 1, 2)
	weights, beatWeights := m.input("beat weights", 2)
	tempo, tempoTarget := m.input("tempo target", 1, 1, cnn.TempoClasses)
	meter, meterTarget := m.input("meter target", 1, 1, len(cnn.Meters))
	out := cnn.RhythmBody(m, cnn.RhythmFront(m, x))
	l.cost = m.total(rhythmLosses,
		m.binaryEntropy(out.Beats, beats, weights),
		m.crossEntropy(out.Tempo, tempo),
		m.crossEntropy(out.Meter, meter))
	l.draw = func(a augment, e Example) {
		t := a.rhythmExample(e, sound)
		copy(beatTarget, t.beats)
		copy(beatWeights, t.beatWeights[:])
		copy(tempoTarget, t.tempo)
		copy(meterTarget, t.meter)
	}
}

func (l *learner) key(m *graph) {
	x, sound := m.input("sound", keyFrames, cnn.KeyBands, 1)
	out := cnn.KeyNet(m.weights.Network, m, x)
	key, keyTarget := m.input("key target", out.Logits.Shape()...)
	l.cost = m.total([]float32{1}, m.crossEntropy(out.Logits, key))
	l.draw = func(a augment, e Example) { copy(keyTarget, a.keyExample(e, sound)) }
}

// learn runs one example forward and backward, adds its gradients to sums and
// returns its loss.
func (l *learner) learn(a augment, e Example, sums map[string][]float32) (float64, error) {
	l.draw(a, e)
	l.machine.Reset()
	if err := l.machine.RunAll(); err != nil {
		return 0, err
	}
	for i, g := range l.gradients {
		values, err := floats(g.Value())
		if err != nil {
			return 0, err
		}
		sum := sums[l.names[i]]
		for j, v := range values {
			sum[j] += v
		}
	}
	cost, err := floats(l.cost.Value())
	if err != nil {
		return 0, err
	}
	return float64(cost[0]), nil
}
