package cnn

import (
	"errors"
	"math"
)

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
	if c.Tempo < 0 || c.Key < 0 {
		return errors.New("calibration has a temperature below zero")
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
