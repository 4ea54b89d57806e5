package cnn

import (
	"fmt"

	"earworm/cnn/layer"
	"earworm/dsp"
)

// Networks names those that there are, for messages.
const Networks = "rhythm, key-course, key or key-plain"

// planOf plans a network's pass over so many seconds of sound, and gives the
// front end it hears through; of Embedding, which hears nothing, the tensors only.
func planOf(network string, seconds int) (planner, FrontEnd, error) {
	var p planner
	switch network {
	case "rhythm":
		frames := seconds * RhythmFPS
		RhythmBody(&p, RhythmFront(&p, layer.Shape{Frames: frames, Bands: rhythmBands, Channels: 1}))
		return p, RhythmFrontEnd, nil
	case KeyCourse, KeyCircle, KeyPlain:
		frames := seconds * dsp.SampleRate / KeyFrontEnd.Hop
		KeyNet(network, &p, layer.Shape{Frames: frames, Bands: KeyBands, Channels: 1})
		return p, KeyFrontEnd, nil
	case Embedding:
		p.tensors = whiteningTensors
		return p, FrontEnd{}, nil
	}
	return p, FrontEnd{}, fmt.Errorf("weights: network is %q; want %s", network, Networks)
}

// Size is how large a network is.
type Size struct {
	Network    string
	Version    string
	Weights    int
	Multiplies int // multiply-adds for a second of sound
}

// Sizes are those of the model's networks.
func (m *Model) Sizes() []Size {
	var sizes []Size
	for _, w := range []*Weights{m.rhythm, m.key} {
		s := Size{Network: w.Network, Version: w.Version}
		for _, t := range w.Tensors {
			s.Weights += t.Len()
		}
		const minute = 60 // what does not follow the length is spread over one
		if plan, _, err := planOf(w.Network, minute); err == nil {
			s.Multiplies = plan.multiplies / minute
		}
		sizes = append(sizes, s)
	}
	return sizes
}

// planner is the Machine that computes nothing: its values are shapes, and it
// notes the weights that a network asks for and the multiplications it takes.
type planner struct {
	tensors    []Tensor
	multiplies int // and as many additions
}

var _ Machine[layer.Shape] = (*planner)(nil)

func (p *planner) Shape(x layer.Shape) layer.Shape { return x }

func (p *planner) Conv(name string, x layer.Shape, c layer.Conv) layer.Shape {
	p.tensors = append(p.tensors,
		Tensor{name + ".w", []int{c.KernelFrames, c.KernelBands, c.In, c.Out}},
		Tensor{name + ".b", []int{c.Out}})
	y := c.Shape(x)
	p.multiplies += y.Frames * y.Bands * c.Weights()
	return y
}
func (p *planner) Pool(x layer.Shape, l layer.Pool) layer.Shape { return l.Shape(x) }
func (p *planner) Mean(x layer.Shape) layer.Shape               { return layer.Mean{}.Shape(x) }
func (p *planner) Fold(x layer.Shape, l layer.Fold) layer.Shape { return l.Shape(x) }
func (p *planner) Wrap(x layer.Shape) layer.Shape               { return layer.Wrap{}.Shape(x) }
func (p *planner) Add(x, _ layer.Shape) layer.Shape             { return x }
