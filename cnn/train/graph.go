package train

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"earworm/cnn"
	"earworm/cnn/layer"
)

// graph is the cnn.Machine that builds a gorgonia graph out of our layers, to
// be differentiated. The first error sticks, and everything after it is void.
type graph struct {
	g       *G.ExprGraph
	weights *cnn.Weights
	params  []*G.Node // in the order of use
	names   []string  // of their tensors
	err     error
}

var _ cnn.Machine[*G.Node] = (*graph)(nil)

func newGraph(w *cnn.Weights) *graph { return &graph{g: G.NewGraph(), weights: w} }

func dims(s layer.Shape) tensor.Shape { return tensor.Shape{s.Frames, s.Bands, s.Channels} }

// input is a node whose values the caller writes before each run.
func (m *graph) input(name string, shape ...int) (*G.Node, []float32) {
	t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
	n := G.NewTensor(m.g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(t))
	return n, t.Data().([]float32)
}

// param is a node on the shared weights themselves: what the optimiser writes
// there, every graph's next run sees.
func (m *graph) param(name string, shape ...int) *G.Node {
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(m.weights.Tensor(name)))
	n := G.NewTensor(m.g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(t))
	m.params, m.names = append(m.params, n), append(m.names, name)
	return n
}

func (m *graph) apply(o *op, in ...*G.Node) *G.Node {
	if m.err != nil {
		return in[0]
	}
	n, err := apply(o, in...)
	if err != nil {
		m.err = err
		return in[0]
	}
	return n
}

func (m *graph) Shape(x *G.Node) layer.Shape {
	s := x.Shape()
	return layer.Shape{Frames: s[0], Bands: s[1], Channels: s[2]}
}

func (m *graph) Conv(name string, x *G.Node, c layer.Conv) *G.Node {
	w := m.param(name+".w", c.KernelFrames, c.KernelBands, c.In, c.Out)
	b := m.param(name+".b", c.Out)
	in := m.Shape(x)
	inner := x.Op() != nil // nobody asks for the gradient by the sound itself
	return m.apply(&op{
		name: "conv", shape: dims(c.Shape(in)), wrt: []bool{inner, true, true},
		do: func(y []float32, v [][]float32) { c.Forward(y, v[0], in, v[1], v[2]) },
		diff: func(n G.Nodes, _, grad *G.Node) ([]*G.Node, error) {
			x, w := n[0], n[1]
			var dx *G.Node
			if inner {
				dx = m.apply(&op{
					name: "conv by input", shape: x.Shape(), adds: true,
					do: func(dx []float32, v [][]float32) { c.BackwardInput(dx, v[1], in, v[0]) },
				}, w, grad)
			}
			var db []float32
			dw := m.apply(&op{
				name: "conv by weights", shape: w.Shape(), adds: true,
				do: func(dw []float32, v [][]float32) {
					db = make([]float32, c.Out)
					c.BackwardWeights(dw, db, v[1], v[0], in)
				},
			}, x, grad)
			// It reads dw so that it runs after it: the two sums are one pass.
			dbNode := m.apply(&op{
				name: "conv by bias", shape: tensor.Shape{c.Out},
				do: func(out []float32, _ [][]float32) { copy(out, db) },
			}, dw)
			return []*G.Node{dx, dw, dbNode}, m.err
		},
	}, x, w, b)
}

func (m *graph) Pool(x *G.Node, p layer.Pool) *G.Node {
	in := m.Shape(x)
	out := p.Shape(in)
	return m.apply(&op{
		name: "pool", shape: dims(out), wrt: []bool{true},
		do: func(y []float32, v [][]float32) { p.Forward(y, v[0], in) },
		diff: func(n G.Nodes, y, grad *G.Node) ([]*G.Node, error) {
			dx := m.apply(&op{
				name: "pool by input", shape: dims(in), adds: true,
				do: func(dx []float32, v [][]float32) { p.Backward(dx, v[2], v[1], v[0], in) },
			}, n[0], y, grad)
			return []*G.Node{dx}, m.err
		},
	}, x)
}

// linear is a layer whose gradient does not depend on its input.
type linear interface {
	Shape(in layer.Shape) layer.Shape
	Forward(y, x []float32, in layer.Shape)
	Backward(dx, dy []float32, in layer.Shape)
}

func (m *graph) linear(name string, x *G.Node, l linear) *G.Node {
	in := m.Shape(x)
	return m.apply(&op{
		name: name, shape: dims(l.Shape(in)), wrt: []bool{true},
		do: func(y []float32, v [][]float32) { l.Forward(y, v[0], in) },
		diff: func(_ G.Nodes, _, grad *G.Node) ([]*G.Node, error) {
			dx := m.apply(&op{
				name: name + " by input", shape: dims(in), adds: true,
				do: func(dx []float32, v [][]float32) { l.Backward(dx, v[0], in) },
			}, grad)
			return []*G.Node{dx}, m.err
		},
	}, x)
}

func (m *graph) Mean(x *G.Node) *G.Node               { return m.linear("mean", x, layer.Mean{}) }
func (m *graph) Fold(x *G.Node, f layer.Fold) *G.Node { return m.linear("fold", x, f) }
func (m *graph) Wrap(x *G.Node) *G.Node               { return m.linear("wrap", x, layer.Wrap{}) }

func (m *graph) Add(x, y *G.Node) *G.Node {
	return m.apply(&op{
		name: "add", shape: x.Shape(), wrt: []bool{true, true},
		do: func(z []float32, v [][]float32) {
			for i, a := range v[0] {
				z[i] = a + v[1][i]
			}
		},
		diff: func(_ G.Nodes, _, grad *G.Node) ([]*G.Node, error) { return []*G.Node{grad, grad}, nil },
	}, x, y)
}

// crossEntropy is -Σ target·log softmax(logits) over all values as one
// distribution. The target's sum is the example's weight; 0 leaves it out.
func (m *graph) crossEntropy(logits, target *G.Node) *G.Node {
	return m.apply(&op{
		name: "cross entropy", wrt: []bool{true, false},
		do: func(out []float32, v [][]float32) {
			top, sum := logSumExp(v[0])
			for i, t := range v[1] {
				out[0] -= t * (v[0][i] - top - sum)
			}
		},
		diff: func(n G.Nodes, _, grad *G.Node) ([]*G.Node, error) {
			dx := m.apply(&op{
				name: "cross entropy by logits", shape: logits.Shape(),
				do: func(dx []float32, v [][]float32) {
					top, sum := logSumExp(v[0])
					var weight float32
					for _, t := range v[1] {
						weight += t
					}
					for i, l := range v[0] {
						dx[i] = v[2][0] * (weight*float32(math.Exp(float64(l-top-sum))) - v[1][i])
					}
				},
			}, n[0], n[1], grad)
			return []*G.Node{dx, nil}, m.err
		},
	}, logits, target)
}

func logSumExp(x []float32) (top, logSum float32) {
	top = x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v - top))
	}
	return top, float32(math.Log(sum))
}

// binaryEntropy is the mean over frames of the binary cross entropies of each
// channel's logits, weighted by channel; target is (Frames, 1, Channels), and
// weights (Channels).
func (m *graph) binaryEntropy(logits, target, weights *G.Node) *G.Node {
	channels := logits.Shape()[2]
	return m.apply(&op{
		name: "binary entropy", wrt: []bool{true, false, false},
		do: func(out []float32, v [][]float32) {
			var sum float64
			for i, l := range v[0] {
				// log(1+e^l) - t·l, kept from overflow
				soft := math.Max(float64(l), 0) + math.Log1p(math.Exp(-math.Abs(float64(l))))
				sum += float64(v[2][i%channels]) * (soft - float64(v[1][i]*l))
			}
			out[0] = float32(sum * float64(channels) / float64(len(v[0])))
		},
		diff: func(n G.Nodes, _, grad *G.Node) ([]*G.Node, error) {
			dx := m.apply(&op{
				name: "binary entropy by logits", shape: logits.Shape(),
				do: func(dx []float32, v [][]float32) {
					scale := v[3][0] * float32(channels) / float32(len(v[0]))
					for i, l := range v[0] {
						p := float32(1 / (1 + math.Exp(-float64(l))))
						dx[i] = scale * v[2][i%channels] * (p - v[1][i])
					}
				},
			}, n[0], n[1], n[2], grad)
			return []*G.Node{dx, nil, nil}, m.err
		},
	}, logits, target, weights)
}

// total sums weighted scalars.
func (m *graph) total(weights []float32, losses ...*G.Node) *G.Node {
	every := make([]bool, len(losses))
	for i := range every {
		every[i] = true
	}
	return m.apply(&op{
		name: "total", wrt: every,
		do: func(out []float32, v [][]float32) {
			for i, l := range v {
				out[0] += weights[i] * l[0]
			}
		},
		diff: func(_ G.Nodes, _, grad *G.Node) ([]*G.Node, error) {
			nodes := make([]*G.Node, len(losses))
			for i := range losses {
				nodes[i] = m.apply(&op{
					name: "total by loss",
					do:   func(out []float32, v [][]float32) { out[0] = weights[i] * v[0][0] },
				}, grad)
			}
			return nodes, m.err
		},
	}, losses...)
}
