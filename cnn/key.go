package cnn

import (
	"sort"

	"earworm/cnn/layer"
	"earworm/schema"
)

// keyHeard is what the key networks made of a recording.
type keyHeard struct {
	probabilities []float64 // (12, 2): tonic, mode
	harmony       Map       // (1, 12, 32) of the circle network; empty without one
}

// keyBlock is how many frames the fronts of key networks read at a time, a whole
// number of strides.
const keyBlock = 256

// ReadKey turns what one key network says into ranked keys.
func ReadKey(out KeyOut[Map], c Calibration) schema.KeyHeard {
	return rankKeys(softmax(out.Logits.Data, c.Key))
}

// ReadKeysTogether turns what several key networks say of one recording, each
// with its own calibration, into ranked keys.
func ReadKeysTogether(outs []KeyOut[Map], each []Calibration, together Together) schema.KeyHeard {
	said := make([][]float64, len(outs))
	for i, out := range outs {
		said[i] = softmax(out.Logits.Data, each[i].Key)
	}
	return rankKeys(together.pool(said))
}

// keySums gathers what the fronts of the key networks make of frames, for one
// answer.
type keySums struct {
	nets     []eager
	together Together
	sums     []Map // (1, bands, channels) of each network's front
	frames   int
}

func newKeySums(networks []*Weights) keySums {
	s := keySums{together: together(networks)}
	for _, w := range networks {
		s.nets = append(s.nets, eager{w})
		shape := KeyFront(w.Network, &planner{}, layer.Shape{Frames: keyStride, Bands: KeyBands, Channels: 1})
		shape.Frames = 1
		s.sums = append(s.sums, newMap(shape))
	}
	return s
}

// add takes in what each network's front makes of so many frames.
func (s *keySums) add(fronts [][]float32, frames int) {
	for i, front := range fronts {
		sums := s.sums[i].Data
		stride := frames * len(sums) / len(front)
		for j, v := range front {
			sums[j%len(sums)] += float32(stride) * v
		}
	}
	s.frames += frames
}

// answer is what the networks say of all that was added; the sums begin anew.
func (s *keySums) answer() keyHeard {
	var heard keyHeard
	said := make([][]float64, len(s.nets))
	for i, net := range s.nets {
		mean := newMap(s.sums[i].Shape)
		for j, v := range s.sums[i].Data {
			mean.Data[j] = v / float32(max(1, s.frames))
		}
		clear(s.sums[i].Data)
		out := KeyBody(net.weights.Network, net, mean)
		said[i] = softmax(out.Logits.Data, net.weights.Calibration.Key)
		if net.weights.Network == KeyCircle {
			heard.harmony = out.Hidden
		}
	}
	s.frames = 0
	heard.probabilities = s.together.pool(said)
	return heard
}

// KeyInput is a key network's input from compressed frames of 232 bands.
func KeyInput(x []float32, cents float64) Map {
	x = Retune(x, cents)
	KeyFrontEnd.Standardise(x)
	return Map{layer.Shape{Frames: len(x) / KeyBands, Bands: KeyBands, Channels: 1}, x}
}

// alternatives is how many other answers an estimate ranks.
const alternatives = 4

// rankKeys ranks the probabilities of (12, 2) tonics and modes.
func rankKeys(probabilities []float64) schema.KeyHeard {
	ranked := make([]schema.KeyCandidate, 0, len(probabilities))
	for i, p := range probabilities {
		key := schema.KeyOf(i/keyModes, i%keyModes == 1)
		ranked = append(ranked, schema.KeyCandidate{Name: key, Camelot: key.Camelot(), Probability: p})
	}
	sort.SliceStable(ranked, func(i, j int) bool { return ranked[i].Probability > ranked[j].Probability })
	return schema.KeyHeard{
		Name: ranked[0].Name, Camelot: ranked[0].Camelot, Confidence: ranked[0].Probability,
		Alternatives: ranked[1 : 1+alternatives],
	}
}
