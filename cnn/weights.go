package cnn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
)

// Weights are a network's trained numbers with all that is needed to use them.
//
// In a file: 8 bytes "EARWORM1", the header's length as 4 bytes little-endian,
// the header as JSON, the tensors as float32 little-endian one after another in
// the header's order, and the SHA-256 of everything before it.
type Weights struct {
	Header
	data map[string][]float32
}

// Header says what a weight file holds and where it comes from.
type Header struct {
	Network  string   `json:"network"`      // one of Networks, or Embedding
	Version  string   `json:"version"`      // such as "rhythm-2026.1"
	Of       []string `json:"of,omitempty"` // of Embedding: versions of the networks that embed
	FrontEnd FrontEnd `json:"front_end,omitzero"`
	Recipe   Recipe   `json:"recipe"`

	Calibration Calibration `json:"calibration,omitzero"`
	Tensors     []Tensor    `json:"tensors"`
}

// Recipe is how the weights were made.
type Recipe struct {
	From       string         `json:"from,omitempty"` // the version that training began with
	Seed       uint64         `json:"seed"`
	Commit     string         `json:"commit"`
	Data       map[string]int `json:"data"` // training items by source
	Epochs     int            `json:"epochs"`
	Teachers   []string       `json:"teachers,omitempty"` // versions of the networks it was taught by
	Validation string         `json:"validation"`         // figures before calibration
}

// Tensor is one named array of weights.
type Tensor struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// Len is the number of values.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Tensor returns the values called name; the caller may change them only while
// nobody else uses the weights.
func (w *Weights) Tensor(name string) []float32 {
	t, ok := w.data[name]
	if !ok {
		panic("cnn: no weights called " + name)
	}
	return t
}

// Clone is a copy that shares nothing with w.
func (w *Weights) Clone() *Weights {
	c := &Weights{Header: w.Header, data: make(map[string][]float32, len(w.data))}
	for name, values := range w.data {
		c.data[name] = slices.Clone(values)
	}
	return c
}

const (
	weightFamily = "EARWORM"
	weightMagic  = weightFamily + "1" // with the version of the format
	maxHeaderLen = 1 << 20
	maxTensorLen = 1 << 24
)

// versionName is what the weights' version may be called: model versions join
// these names with a plus.
var versionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// MarshalBinary writes the file form.
func (w *Weights) MarshalBinary() ([]byte, error) {
	header, err := json.Marshal(w.Header)
	if err != nil {
		return nil, fmt.Errorf("weights header: %w", err)
	}
	out := []byte(weightMagic)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(header)))
	out = append(out, header...)
	for _, t := range w.Tensors {
		for _, v := range w.data[t.Name] {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

// ParseWeights reads the file form. It refuses, by name, what is cut short,
// changed, of another network or of another shape than this program's.
func ParseWeights(file []byte) (*Weights, error) {
	if len(file) < len(weightMagic)+4+sha256.Size || string(file[:len(weightFamily)]) != weightFamily {
		return nil, errors.New("weights: not a weight file")
	}
	if format := string(file[:len(weightMagic)]); format != weightMagic {
		return nil, fmt.Errorf("weights: the file's format is %q; this program reads %s", format, weightMagic)
	}
	body, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, errors.New("weights: checksum does not match: the file is damaged")
	}
	headerLen := int(binary.LittleEndian.Uint32(body[len(weightMagic):]))
	rest := body[len(weightMagic)+4:]
	if headerLen > min(len(rest), maxHeaderLen) {
		return nil, fmt.Errorf("weights: header of %d bytes does not fit the file", headerLen)
	}
	w := &Weights{data: map[string][]float32{}}
	if err := json.Unmarshal(rest[:headerLen], &w.Header); err != nil {
		return nil, fmt.Errorf("weights: header: %w", err)
	}
	rest = rest[headerLen:]
	plan, front, err := planOf(w.Network, 1)
	if err != nil {
		return nil, err
	}
	if !versionName.MatchString(w.Version) {
		return nil, fmt.Errorf("weights: their version is %q; want a name such as %s-2026.1", w.Version, w.Network)
	}
	if err := w.checkOf(); err != nil {
		return nil, fmt.Errorf("weights %q: %w", w.Version, err)
	}
	if w.FrontEnd != front {
		return nil, fmt.Errorf("weights %q: made for front end %+v; this program has %+v", w.Version, w.FrontEnd, front)
	}
	if !slices.EqualFunc(w.Tensors, plan.tensors, func(a, b Tensor) bool { return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) }) {
		return nil, fmt.Errorf("weights %q: tensors are not those of this program's %s network", w.Version, w.Network)
	}
	if err := w.Calibration.check(); err != nil {
		return nil, fmt.Errorf("weights %q: %w", w.Version, err)
	}
	for _, t := range w.Tensors {
		if 4*t.Len() > len(rest) {
			return nil, fmt.Errorf("weights %q: tensor %s is cut short", w.Version, t.Name)
		}
		values := make([]float32, t.Len())
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4*i:]))
		}
		w.data[t.Name] = values
		rest = rest[4*len(values):]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("weights %q: %d bytes too many", w.Version, len(rest))
	}
	return w, nil
}

// NewWeights makes untrained weights: normal with variance 2 by fan-in (He et
// al. 2015), biases zero, and the mixing layers small, so that each block
// begins near doing nothing.
func NewWeights(network string, rng *rand.Rand) (*Weights, error) {
	plan, front, err := planOf(network, 1)
	if err != nil {
		return nil, err
	}
	w := &Weights{
		Header: Header{Network: network, FrontEnd: front, Tensors: plan.tensors},
		data:   map[string][]float32{},
	}
	for _, t := range w.Tensors {
		values := make([]float32, t.Len())
		if len(t.Shape) > 1 {
			out := t.Shape[len(t.Shape)-1]
			scale := math.Sqrt(2 * float64(out) / float64(len(values)))
			if t.small() {
				scale *= 0.3
			}
			for i := range values {
				values[i] = float32(rng.NormFloat64() * scale)
			}
		}
		w.data[t.Name] = values
	}
	return w, nil
}

func (t Tensor) small() bool {
	return bytes.HasSuffix([]byte(t.Name), []byte("mix.w")) || bytes.HasSuffix([]byte(t.Name), []byte("whole.w"))
}
