package cnn

import "math"

// Calibration turns what a network says into probabilities that come true. It
// is fitted on validation items, after training, and travels in the weights'
// header; the zero Calibration takes the network at its word.
type Calibration struct {
	// Temperatures divide the logits (Guo et al. 2017, eq. 9); 0 is 1.
	Tempo float64 `json:"tempo_temperature,omitempty"`
	Key   float64 `json:"key_temperature,omitempty"`
	// Meter weighs the evidence of meters; nil is plainMeter.
	Meter *MeterReading `json:"meter,omitempty"`
}

// MeterReading is a multinomial logistic regression over Meters: how much the
// network's own log probability of a meter and the evidence of the downbeats
// under its bars count, and what is added for each.
type MeterReading struct {
	Head float64   `json:"head"`
	Bars float64   `json:"bars"`
	Bias []float64 `json:"bias"` // (len(Meters))
}

// plainMeter reads meters from weights without a calibration.
var plainMeter = MeterReading{Head: 1, Bars: 2, Bias: make([]float64, len(Meters))}

func (c Calibration) meter() MeterReading {
	if c.Meter == nil || len(c.Meter.Bias) != len(Meters) {
		return plainMeter
	}
	return *c.Meter
}

// Read gives the probabilities of Meters from their evidence.
func (r MeterReading) Read(e MeterEvidence) []float64 {
	logits := make([]float64, len(Meters))
	for i := range logits {
		logits[i] = r.Head*e.Head[i] + r.Bars*e.Bars[i] + r.Bias[i]
	}
	return softmax(logits, 1)
}

// MeterEvidence is what speaks for each of Meters.
type MeterEvidence struct {
	Head []float64 // log probability that the network gives it
	Bars []float64 // by how many standard errors its downbeats stand out
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
