package cnn

import (
	"sort"

	"earworm/cnn/layer"
	"earworm/schema"
)

// keyHeard is what the key network made of a recording.
type keyHeard struct {
	probabilities []float64 // (12, 2): tonic, mode
	harmony       Map       // (1, 12, 32); empty of the plain network
}

// keyBlock is how many frames the front reads at a time, a whole number of
// strides.
const keyBlock = 256

// ReadKey turns what a key network says into ranked keys.
func ReadKey(out KeyOut[Map], c Calibration) schema.KeyHeard {
	return rankKeys(softmax(out.Logits.Data, c.Key))
}

// keySums gathers what the front of the key network makes of frames, for one
// answer.
type keySums struct {
	net    eager
	sums   Map // (1, bands, channels)
	frames int
}

func newKeySums(w *Weights) keySums {
	shape := KeyFront(w.Network, &planner{}, layer.Shape{Frames: keyStride, Bands: KeyBands, Channels: 1})
	shape.Frames = 1
	return keySums{net: eager{w}, sums: newMap(shape)}
}

// add takes in what the front makes of so many frames.
func (s *keySums) add(front []float32, frames int) {
	sums := s.sums.Data
	stride := frames * len(sums) / len(front)
	for i, v := range front {
		sums[i%len(sums)] += float32(stride) * v
	}
	s.frames += frames
}

// answer is what the network says of all that was added; the sums begin anew.
func (s *keySums) answer() keyHeard {
	mean := newMap(s.sums.Shape)
	for i, v := range s.sums.Data {
		mean.Data[i] = v / float32(max(1, s.frames))
	}
	clear(s.sums.Data)
	s.frames = 0
	w := s.net.weights
	out := KeyBody(w.Network, s.net, mean)
	heard := keyHeard{probabilities: softmax(out.Logits.Data, w.Calibration.Key)}
	if w.Network != KeyPlain {
		heard.harmony = out.Hidden
	}
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
