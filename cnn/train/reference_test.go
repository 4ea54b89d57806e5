package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/cnn/layer"
	"earworm/schema"
)

// stock is the cnn.Machine made of gorgonia's own operations alone. It shares
// no arithmetic with ours, and is what both ours are held against. Values are
// (1, Channels, Frames, Bands), as gorgonia's convolution wants them.
type stock struct {
	g        *G.ExprGraph
	weights  *cnn.Weights
	averages int
}

var _ cnn.Machine[*G.Node] = (*stock)(nil)

func (m *stock) constant(name string, shape []int, values []float32) *G.Node {
	return G.NewTensor(m.g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name),
		G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))))
}

func (*stock) Shape(x *G.Node) layer.Shape {
	s := x.Shape()
	return layer.Shape{Frames: s[2], Bands: s[3], Channels: s[1]}
}

func (m *stock) Conv(name string, x *G.Node, c layer.Conv) *G.Node {
	ours, theirs := m.weights.Tensor(name+".w"), make([]float32, c.Weights())
	taps := c.KernelFrames * c.KernelBands
	for tap := range taps {
		for in := range c.In {
			for out := range c.Out {
				theirs[(out*c.In+in)*taps+tap] = ours[(tap*c.In+in)*c.Out+out]
			}
		}
	}
	w := m.constant(name+".w", []int{c.Out, c.In, c.KernelFrames, c.KernelBands}, theirs)
	b := m.constant(name+".b", []int{1, c.Out, 1, 1}, m.weights.Tensor(name+".b"))
	dilation := max(c.Dilation, 1)
	y := G.Must(G.Conv2d(x, w, tensor.Shape{c.KernelFrames, c.KernelBands},
		[]int{dilation * (c.KernelFrames / 2), 0}, []int{1, 1}, []int{dilation, 1}))
	return G.Must(G.BroadcastAdd(y, b, nil, []byte{0, 2, 3}))
}

func (*stock) Pool(x *G.Node, p layer.Pool) *G.Node {
	if p.Frames*p.Bands > 1 {
		// gorgonia keeps a last, partial pool in no case where sizes divide
		x = G.Must(G.MaxPool2D(x, tensor.Shape{p.Frames, p.Bands}, []int{0, 0}, []int{p.Frames, p.Bands}))
	}
	one := G.NewConstant(float32(1))
	below := G.Must(G.Exp(G.Must(G.Neg(G.Must(G.Rectify(G.Must(G.Neg(x))))))))
	return G.Must(G.Sub(G.Must(G.Add(G.Must(G.Rectify(x)), below)), one))
}

// average is the mean over the second of three axes, as a product with a row of
// 1/n: gorgonia's own Mean sums a middle axis of three or more wrongly.
func (m *stock) average(x *G.Node, groups, n, width int) *G.Node {
	m.averages++
	share := make([]float32, groups*n)
	for i := range share {
		share[i] = 1 / float32(n)
	}
	row := m.constant(fmt.Sprintf("average %d", m.averages), []int{groups, 1, n}, share)
	return G.Must(G.BatchedMatMul(row, G.Must(G.Reshape(x, tensor.Shape{groups, n, width}))))
}

func (m *stock) Mean(x *G.Node) *G.Node {
	s := m.Shape(x)
	return G.Must(G.Reshape(m.average(x, s.Channels, s.Frames, s.Bands), tensor.Shape{1, s.Channels, 1, s.Bands}))
}

func (m *stock) Fold(x *G.Node, f layer.Fold) *G.Node {
	s := m.Shape(x)
	octaves := s.Bands / f.Period
	// Averages within a group are a product as well: (frames, bands) by (bands, period).
	group := func(name string, from, to int) *G.Node {
		share := make([]float32, s.Bands*f.Period)
		for b := from * f.Period; b < to*f.Period; b++ {
			share[b*f.Period+b%f.Period] = 1 / float32(to-from)
		}
		fold := m.constant("fold "+name, []int{s.Bands, f.Period}, share)
		rows := G.Must(G.Reshape(x, tensor.Shape{s.Channels * s.Frames, s.Bands}))
		return G.Must(G.Reshape(G.Must(G.Mul(rows, fold)), tensor.Shape{1, s.Channels, s.Frames, f.Period}))
	}
	return G.Must(G.Concat(1, group("bass", 0, f.Bass), group("rest", f.Bass, octaves)))
}

func (m *stock) Wrap(x *G.Node) *G.Node {
	return G.Must(G.Concat(3, x, G.Must(G.Slice(x, nil, nil, nil, G.S(0, m.Shape(x).Bands-1)))))
}

func (*stock) Add(x, y *G.Node) *G.Node { return G.Must(G.Add(x, y)) }

// turn brings a stock value of (1, C, F, B) into our order (F, B, C).
func turn(values []float32, s layer.Shape) []float32 {
	out := make([]float32, len(values))
	for c := range s.Channels {
		for t := range s.Frames {
			for b := range s.Bands {
				out[(t*s.Bands+b)*s.Channels+c] = values[(c*s.Frames+t)*s.Bands+b]
			}
		}
	}
	return out
}

func differ(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var most float64
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}

// Inference in plain Go and the training graph both say what gorgonia's own
// operations say, within 1e-4, for every network.
func TestForwardEqualsGorgonia(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]layer.Shape{
		"rhythm":     {Frames: 37, Bands: cnn.RhythmFrontEnd.Bands, Channels: 1},
		"key":        {Frames: 12, Bands: cnn.KeyBands, Channels: 1},
		"key-course": {Frames: 34, Bands: cnn.KeyBands, Channels: 1},
		"key-plain":  {Frames: 12, Bands: cnn.KeyBands, Channels: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(7, 7))
			w, err := cnn.NewWeights(name, rng)
			if err != nil {
				t.Fatal(err)
			}
			for _, tensor := range w.Tensors {
				for i, v := range w.Tensor(tensor.Name) { // biases too
					w.Tensor(tensor.Name)[i] = v + float32(rng.NormFloat64())*0.02
				}
			}
			x := cnn.Map{Shape: in, Data: make([]float32, in.Len())}
			for i := range x.Data {
				x.Data[i] = float32(rng.NormFloat64())
			}

			theirs := &stock{g: G.NewGraph(), weights: w}
			input := theirs.constant("sound", []int{1, 1, in.Frames, in.Bands}, x.Data)
			ours := newGraph(w)
			ourInput, sound := ours.input("sound", in.Frames, in.Bands, 1)
			copy(sound, x.Data)

			plain, fused, reference := outputs(w, x), nodes(ours, name, ourInput), nodes(theirs, name, input)
			if ours.err != nil {
				t.Fatal(ours.err)
			}
			fusedValues, values := read(fused), read(reference)
			run(t, ours.g)
			run(t, theirs.g)
			for i := range plain {
				want := turn(values[i].Data().([]float32), theirs.Shape(reference[i]))
				if d := differ(plain[i].Data, want); !(d <= 1e-4) {
					t.Errorf("output %d: inference is %g away from gorgonia", i, d)
				}
				if d := differ(fusedValues[i].Data().([]float32), want); !(d <= 1e-4) {
					t.Errorf("output %d: the training graph is %g away from gorgonia", i, d)
				}
			}
		})
	}
}

// read asks for values as they are computed: a node's own is overwritten by
// operations that come later.
func read(nodes []*G.Node) []G.Value {
	values := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &values[i])
	}
	return values
}

func outputs(w *cnn.Weights, x cnn.Map) []cnn.Map {
	if cnn.IsKey(w.Network) {
		out := w.Key(x)
		return []cnn.Map{out.Logits, out.Hidden}
	}
	out := w.Rhythm(x)
	return []cnn.Map{out.Beats, out.Tempo, out.Meter}
}

func nodes(m cnn.Machine[*G.Node], network string, x *G.Node) []*G.Node {
	if cnn.IsKey(network) {
		out := cnn.KeyNet(network, m, x)
		return []*G.Node{out.Logits, out.Hidden}
	}
	out := cnn.RhythmBody(m, cnn.RhythmFront(m, x))
	return []*G.Node{out.Beats, out.Tempo, out.Meter}
}

func run(t *testing.T, g *G.ExprGraph) {
	t.Helper()
	machine := G.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// The gradient that the training graph gives is the slope of its loss.
func TestGradientIsTheSlopeOfTheLoss(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"rhythm", cnn.KeyCourse, cnn.KeyCircle, cnn.KeyPlain} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(9, 9))
			w, err := cnn.NewWeights(network, rng)
			if err != nil {
				t.Fatal(err)
			}
			l, err := newLearner(w)
			if err != nil {
				t.Fatal(err)
			}
			e := noiseExample(rng)
			loss := func() float64 {
				cost, err := l.learn(augment{rng: rand.New(rand.NewPCG(3, 3))}, e, zeros(w))
				if err != nil {
					t.Fatal(err)
				}
				return cost
			}
			gradient := zeros(w)
			if _, err := l.learn(augment{rng: rand.New(rand.NewPCG(3, 3))}, e, gradient); err != nil {
				t.Fatal(err)
			}
			for i, tensor := range w.Tensors {
				if i%5 != 0 { // weights and biases, of layers near and far
					continue
				}
				// Along the gradient itself the slope is its length.
				values, g := w.Tensor(tensor.Name), gradient[tensor.Name]
				var norm float64
				for _, v := range g {
					norm += float64(v) * float64(v)
				}
				norm = math.Sqrt(norm)
				if norm < 1e-3 {
					continue
				}
				step := min(0.02/norm, 0.02)
				move := func(by float64) {
					for i, v := range g {
						values[i] += float32(by * float64(v) / norm)
					}
				}
				move(step)
				up := loss()
				move(-2 * step)
				down := loss()
				move(step)
				if slope := (up - down) / (2 * step); math.Abs(slope-norm) > 0.08*norm+2e-3 {
					t.Errorf("%s: the gradient is %g long, the loss rises by %g", tensor.Name, norm, slope)
				}
			}
		})
	}
}

// noiseExample is an item of random sound with every label.
func noiseExample(rng *rand.Rand) Example {
	e := Example{
		Item: Item{TempoBPM: 120, Key: schema.KeyOf(9, true), Meter: cnn.Meters[0]},
		Features: Features{
			Mel:   make([]byte, 1500*cnn.RhythmFrontEnd.Bands),
			Pitch: make([]byte, 150*cnn.KeyFrontEnd.Bands),
		},
	}
	for i := range 60 {
		e.Beats = append(e.Beats, float64(i)/2)
		e.Positions = append(e.Positions, i%3+1)
	}
	for _, bytes := range [][]byte{e.Mel, e.Pitch} {
		for i := range bytes {
			bytes[i] = byte(rng.IntN(150))
		}
	}
	e.setWeights()
	return e
}

func BenchmarkLearn(b *testing.B) {
	for _, network := range []string{"rhythm", cnn.KeyCourse, cnn.KeyCircle, cnn.KeyPlain} {
		b.Run(network, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			w, err := cnn.NewWeights(network, rng)
			if err != nil {
				b.Fatal(err)
			}
			l, err := newLearner(w)
			if err != nil {
				b.Fatal(err)
			}
			e, sums := noiseExample(rng), zeros(w)
			for b.Loop() {
				if _, err := l.learn(augment{rng: rng}, e, sums); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "examples/s")
		})
	}
}

func ExampleFigures_String() {
	f := Figures{}
	one := eval.Score{Tempi: 1, TempoExact: 1, TempoOctave: 1}
	f.add("folk", one)
	f.add(All, one)
	fmt.Println(f)
	// Output:
	// all: tempo Acc1 100.0, Acc2 100.0 of 1
	// folk: tempo Acc1 100.0, Acc2 100.0 of 1
}
