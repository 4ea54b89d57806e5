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

func (eager) Pool(x Map, p layer.Pool) Map {
	y := newMap(p.Shape(x.Shape))
	p.Forward(y.Data, x.Data, x.Shape)
	return y
}

func (eager) Mean(x Map) Map {
	y := newMap(layer.Mean{}.Shape(x.Shape))
	layer.Mean{}.Forward(y.Data, x.Data, x.Shape)
	return y
}

func (eager) Fold(x Map, f layer.Fold) Map {
	y := newMap(f.Shape(x.Shape))
	f.Forward(y.Data, x.Data, x.Shape)
	return y
}

func (eager) Wrap(x Map) Map {
	y := newMap(layer.Wrap{}.Shape(x.Shape))
	layer.Wrap{}.Forward(y.Data, x.Data, x.Shape)
	return y
}

func (eager) Add(x, y Map) Map {
	if x.Shape != y.Shape {
		panic("cnn: sum of maps of two shapes")
	}
	for i, v := range x.Data {
		y.Data[i] += v
	}
	return y
}

// Rhythm runs the rhythm network over an input of (frames, 81, 1).
func (w *Weights) Rhythm(x Map) RhythmOut[Map] {
	e := eager{w}
	return RhythmBody(e, RhythmFront(e, x))
}

// Key runs the key network over an input of (frames, 228, 1).
func (w *Weights) Key(x Map) KeyOut[Map] { return KeyNet(eager{w}, x) }
