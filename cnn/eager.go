package cnn

import (
	"fmt"

	"earworm/cnn/layer"
)

// Map is a value of the eager machine: numbers and their shape.
type Map struct {
	layer.Shape
	Data []float32 // (Frames, Bands, Channels)
}

// eager is the Machine of inference: it does each layer at once. It holds one
// track's values and is one goroutine's.
type eager struct{ weights *Weights }

var _ Machine[Map] = eager{}

func newMap(s layer.Shape) Map { return Map{s, make([]float32, s.Len())} }

func (eager) Shape(x Map) layer.Shape { return x.Shape }

func (e eager) Conv(name string, x Map, c layer.Conv) Map {
	w, b := e.weights.Tensor(name+".w"), e.weights.Tensor(name+".b")
	if len(w) != c.Weights() || len(b) != c.Out {
		panic(fmt.Sprintf("cnn: weights of %s do not fit its layer", name))
	}
	y := newMap(c.Shape(x.Shape))
	c.Forward(y.Data, x.Data, x.Shape, w, b)
	return y
}

// plain is a layer without weights.
type plain interface {
	Shape(in layer.Shape) layer.Shape
	Forward(y, x []float32, in layer.Shape)
}

func carryOut(x Map, l plain) Map {
	y := newMap(l.Shape(x.Shape))
	l.Forward(y.Data, x.Data, x.Shape)
	return y
}

func (eager) Pool(x Map, p layer.Pool) Map { return carryOut(x, p) }
func (eager) Mean(x Map) Map               { return carryOut(x, layer.Mean{}) }
func (eager) Fold(x Map, f layer.Fold) Map { return carryOut(x, f) }
func (eager) Wrap(x Map) Map               { return carryOut(x, layer.Wrap{}) }

func (eager) Add(x, y Map) Map {
	if x.Shape != y.Shape {
		panic("cnn: sum of maps of two shapes")
	}
	for i, v := range x.Data {
		y.Data[i] += v
	}
	return y
}

// Rhythm runs the rhythm network once over an input of (frames, 81, 1).
func (w *Weights) Rhythm(x Map) RhythmOut[Map] {
	e := eager{w}
	return RhythmBody(e, RhythmFront(e, x))
}

// RhythmAtSpeeds is what analysis goes by: the rhythm network's beats over an
// input of (frames, 81, 1), and log probabilities of tempo and meter over that
// at several speeds.
func (w *Weights) RhythmAtSpeeds(x Map) RhythmOut[Map] {
	e := eager{w}
	return bodyAtSpeeds(e, RhythmFront(e, x))
}

// Key runs a key network over an input of (frames, 228, 1).
func (w *Weights) Key(x Map) KeyOut[Map] { return KeyNet(w.Network, eager{w}, x) }
