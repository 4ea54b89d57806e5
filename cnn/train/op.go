package train

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// op is a gorgonia operation that one of our layers carries out. It keeps its
// result's memory from run to run, so that training allocates nothing by the
// example. An op belongs to one place of one graph.
type op struct {
	name  string
	id    uint64 // tells ops apart, so that gorgonia merges none
	in    []*G.Node
	shape tensor.Shape
	adds  bool // do adds to a result that must begin as zero
	do    func(out []float32, in [][]float32)
	wrt   []bool // by which inputs it can be differentiated
	// diff makes the nodes of the gradients by each input, nil where not wrt.
	diff func(in G.Nodes, out, grad *G.Node) ([]*G.Node, error)

	out     *tensor.Dense
	buffers [][]float32
}

var opCount atomic.Uint64

// apply adds an operation to the graph of its inputs. A nil shape is a scalar.
func apply(o *op, in ...*G.Node) (*G.Node, error) {
	o.id = opCount.Add(1)
	o.in = in
	if o.shape != nil {
		o.out = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(o.shape...))
	}
	return G.ApplyOp(o, in...)
}

func (o *op) Arity() int { return len(o.in) }

func (o *op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.in)+1)
	for _, n := range o.in {
		types = append(types, n.Type())
	}
	if o.shape == nil {
		return hm.NewFnType(append(types, tensor.Float32)...)
	}
	return hm.NewFnType(append(types, G.TensorType{Dims: len(o.shape), Of: tensor.Float32})...)
}

func (o *op) InferShape(...G.DimSizer) (tensor.Shape, error) {
	if o.shape == nil {
		return tensor.ScalarShape(), nil
	}
	return o.shape.Clone(), nil
}

func (o *op) Do(values ...G.Value) (G.Value, error) {
	o.buffers = o.buffers[:0]
	for _, v := range values {
		b, err := floats(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		o.buffers = append(o.buffers, b)
	}
	if o.shape == nil {
		var sum [1]float32
		o.do(sum[:], o.buffers)
		return G.NewF32(sum[0]), nil
	}
	out := o.out.Data().([]float32)
	if o.adds {
		clear(out)
	}
	o.do(out, o.buffers)
	return o.out, nil
}

func floats(v G.Value) ([]float32, error) {
	switch d := v.Data().(type) {
	case []float32:
		return d, nil
	case float32:
		return []float32{d}, nil
	default:
		return nil, fmt.Errorf("value is %T; want float32", d)
	}
}

func (o *op) DiffWRT(inputs int) []bool {
	if o.wrt == nil {
		return make([]bool, inputs)
	}
	return o.wrt
}

func (o *op) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	nodes, err := o.diff(in, out, grad)
	return G.Nodes(nodes), err
}

func (o *op) ReturnsPtr() bool     { return true }
func (o *op) CallsExtern() bool    { return false }
func (o *op) OverwritesInput() int { return -1 }
func (o *op) String() string       { return fmt.Sprintf("%s#%d", o.name, o.id) }

func (o *op) WriteHash(h hash.Hash) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], o.id)
	_, _ = h.Write([]byte(o.name))
	_, _ = h.Write(b[:])
}

func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
