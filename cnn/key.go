package cnn

import (
	"sort"

	"earworm/cnn/layer"
	"earworm/schema"
)

// keyHeard is what the key network made of a recording.
type keyHeard struct {
	probabilities []float64 // (12, 2): tonic, mode
	hidden        Map       // (1, 12, 32)
}

// keyBlock is how many frames the key network's front reads at a time, even as
// its pools are.
const keyBlock = 256

// ReadKey turns what the key network says into ranked keys.
func ReadKey(out KeyOut[Map], c Calibration) schema.KeyHeard { return readKey(out, c).estimate() }

func readKey(out KeyOut[Map], c Calibration) keyHeard {
	return keyHeard{softmax(out.Logits.Data, c.Key), out.Hidden}
}

// KeyInput is the key network's input from compressed frames of 232 bands.
func KeyInput(x []float32, cents float64) Map {
	x = Retune(x, cents)
	KeyFrontEnd.Standardise(x)
	return Map{layer.Shape{Frames: len(x) / KeyBands, Bands: KeyBands, Channels: 1}, x}
}

// alternatives is how many other answers an estimate ranks.
const alternatives = 4

func (k keyHeard) estimate() schema.KeyHeard {
	ranked := make([]schema.KeyCandidate, 0, len(k.probabilities))
	for i, p := range k.probabilities {
		key := schema.KeyOf(i/keyModes, i%keyModes == 1)
		ranked = append(ranked, schema.KeyCandidate{Name: key, Camelot: key.Camelot(), Probability: p})
	}
	sort.SliceStable(ranked, func(i, j int) bool { return ranked[i].Probability > ranked[j].Probability })
	return schema.KeyHeard{
		Name: ranked[0].Name, Camelot: ranked[0].Camelot, Confidence: ranked[0].Probability,
		Alternatives: ranked[1 : 1+alternatives],
	}
}
