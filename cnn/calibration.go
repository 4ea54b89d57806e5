package cnn

import (
	"errors"
	"math"
	"slices"
)

// Calibration turns what a network says into probabilities that come true. It
// is fitted on validation items, after training, and travels in the weights'
// header; the zero Calibration takes the network at its word.
type Calibration struct {
	// Temperatures divide the logits (Guo et al. 2017, eq. 9); 0 is 1.
	Tempo float64 `json:"tempo_temperature,omitempty"`
	Key   float64 `json:"key_temperature,omitempty"`
	// Together tells how key networks are believed that answer together; one of
	// them carries it.
	Together *Together `json:"together,omitempty"`
	// Meter weighs the evidence of meters; nil is plainMeter.
	Meter *MeterReading `json:"meter,omitempty"`
}

// Together is how far key networks can be believed that answer together: by the
// mean of their log probabilities, divided by a temperature that rises as they
// disagree.
type Together struct {
	With        []string `json:"with"` // versions of the other networks
	Temperature float64  `json:"temperature"`
	Doubt       float64  `json:"doubt"` // of the temperature's logarithm, for each nat of disagreement
}

// apart is how far key networks disagree: their Jensen-Shannon divergence in
// nats (Lin 1991, eq. 5.1), 0 where they say the same.
func apart(said [][]float64) (nats float64) {
	for class := range said[0] {
		var mean float64
		for _, p := range said {
			mean += p[class] / float64(len(said))
		}
		for _, p := range said {
			if p[class] > 0 {
				nats += p[class] * math.Log(p[class]/mean) / float64(len(said))
			}
		}
	}
	return nats
}

// pool makes one distribution of what several networks say.
func (t Together) pool(said [][]float64) []float64 {
	if len(said) == 1 {
		return said[0]
	}
	logs := make([]float64, len(said[0]))
	for _, p := range said {
		for class, v := range p {
			logs[class] += math.Log(v+1e-9) / float64(len(said))
		}
	}
	return softmax(logs, t.Temperature*math.Exp(t.Doubt*apart(said)))
}

// together is the calibration that key networks have for one another: what one
// of them carries for just these others, else none.
func together(keys []*Weights) Together {
	for _, w := range keys {
		var others []string
		for _, o := range keys {
			if o != w {
				others = append(others, o.Version)
			}
		}
		if t := w.Calibration.Together; t != nil && slices.Equal(t.With, others) {
			return *t
		}
	}
	return Together{Temperature: 1}
}

// MeterReading is a multinomial logistic regression over Meters: how much the
// network's own log probability of a meter, the evidence of the downbeats under
// its bars and the likeness of beats count, and what is added for each.
type MeterReading struct {
	Head  float64     `json:"head"`
	Bars  float64     `json:"bars"`
	Alike [][]float64 `json:"alike,omitempty"` // (len(Meters), len(barLags)); none: likeness does not count
	Bias  []float64   `json:"bias"`            // (len(Meters))
}

// plainMeter reads meters from weights without a calibration.
var plainMeter = MeterReading{Head: 1, Bars: 2, Bias: make([]float64, len(Meters))}

func (c Calibration) meter() MeterReading {
	if c.Meter == nil {
		return plainMeter
	}
	return *c.Meter
}

// check tells whether the calibration fits this program's meters and lags.
func (c Calibration) check() error {
	if t := c.Together; c.Tempo < 0 || c.Key < 0 || t != nil && !(t.Temperature > 0) {
		return errors.New("calibration has a temperature that is not above zero")
	}
	m := c.Meter
	if m == nil {
		return nil
	}
	fits := len(m.Bias) == len(Meters) && (m.Alike == nil || len(m.Alike) == len(Meters))
	for _, row := range m.Alike {
		fits = fits && len(row) == len(barLags)
	}
	if !fits {
		return errors.New("calibration does not fit this program's meters")
	}
	return nil
}

// Read gives the probabilities of Meters from their evidence.
func (r MeterReading) Read(e MeterEvidence) []float64 {
	logits := make([]float64, len(Meters))
	for i := range logits {
		logits[i] = r.Head*e.Head[i] + r.Bars*e.Bars[i] + r.Bias[i]
		if r.Alike != nil {
			for lag, weight := range r.Alike[i] {
				logits[i] += weight * e.Alike[lag]
			}
		}
	}
	return softmax(logits, 1)
}

// MeterEvidence is what speaks for each of Meters.
type MeterEvidence struct {
	Head []float64 // log probability that the network gives it
	Bars []float64 // by how many standard errors its downbeats stand out

	Alike []float64 // (len(barLags)): how alike beats are at each distance; not by meter
}

// softmax turns logits, divided by a temperature (0 is 1), into probabilities.
func softmax[F float32 | float64](logits []F, temperature float64) []float64 {
	if temperature == 0 {
		temperature = 1
	}
	top := math.Inf(-1)
	for _, v := range logits {
		top = math.Max(top, float64(v))
	}
	p := make([]float64, len(logits))
	var sum float64
	for i, v := range logits {
		p[i] = math.Exp((float64(v) - top) / temperature)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}
