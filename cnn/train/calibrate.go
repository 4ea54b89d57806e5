package train

import (
	"fmt"
	"math"
	"os"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

// Calibrate fits the weights' calibration on the validation items: temperatures
// and the weights of what speaks for a meter, each where it makes what was
// right likeliest.
func Calibrate(w *cnn.Weights, validation []Example) {
	w.Calibration = cnn.Calibration{}
	if w.Network == "key" {
		w.Calibration.Key = keyTemperature(w, validation)
		return
	}
	outs := make([]cnn.RhythmOut[cnn.Map], len(validation))
	inParallel(len(validation), func(i int) { outs[i] = w.Rhythm(plainRhythm(validation[i])) })
	w.Calibration.Tempo = tempoTemperature(outs, validation)
	var known []cnn.MeterEvidence
	var classes []int
	for i, e := range validation {
		if class := cnn.MeterClass(e.truth("rhythm").Meter); class >= 0 {
			known, classes = append(known, cnn.ReadEvidence(outs[i])), append(classes, class)
		}
	}
	if len(known) > 0 {
		m := fitMeters(known, classes)
		w.Calibration.Meter = &m
	}
}

// calibrateFile fits the calibration of a weight file and writes it back.
func calibrateFile(name string, validation []Example) error {
	file, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	w, err := cnn.ParseWeights(file)
	if err != nil {
		return fmt.Errorf("calibrate %q: %w", name, err)
	}
	Calibrate(w, validation)
	return save(name, w)
}

// unlikely bounds the loss of an answer that was sure and wrong.
const unlikely = 1e-3

func keyTemperature(w *cnn.Weights, validation []Example) float64 {
	outs := make([]cnn.KeyOut[cnn.Map], len(validation))
	inParallel(len(validation), func(i int) { outs[i] = w.Key(plainKey(validation[i])) })
	return likeliest(func(temperature float64) (loss float64) {
		for i, e := range validation {
			truth := e.truth("key")
			if truth.Key == schema.UnknownKey {
				continue
			}
			heard := cnn.ReadKey(outs[i], cnn.Calibration{Key: temperature})
			loss += surprise(heard.Confidence, heard.Name == truth.Key)
		}
		return loss
	})
}

func tempoTemperature(outs []cnn.RhythmOut[cnn.Map], validation []Example) float64 {
	return likeliest(func(temperature float64) (loss float64) {
		for i, e := range validation {
			truth := e.truth("rhythm")
			if truth.TempoBPM == 0 {
				continue
			}
			heard := cnn.ReadTempo(outs[i], temperature)[0]
			loss += surprise(heard.Probability, eval.TempoExact(truth.TempoBPM, heard.BPM))
		}
		return loss
	})
}

// surprise is the loss of an answer given with a confidence, in nats.
func surprise(confidence float64, right bool) float64 {
	if !right {
		confidence = 1 - confidence
	}
	return -math.Log(max(confidence, unlikely))
}

// likeliest finds the temperature of least loss, between a third and three.
func likeliest(loss func(temperature float64) float64) float64 {
	best, least := 1.0, math.Inf(1)
	for step := -20; step <= 20; step++ {
		temperature := math.Pow(3, float64(step)/20)
		if l := loss(temperature); l < least {
			best, least = temperature, l
		}
	}
	return best
}

// fitMeters fits the regression over meters to evidence and the classes that
// were right, by gradient descent.
func fitMeters(known []cnn.MeterEvidence, classes []int) cnn.MeterReading {
	n := len(cnn.Meters)
	m := cnn.MeterReading{Head: 1, Bars: 1, Bias: make([]float64, n)}
	const (
		steps = 3000
		rate  = 0.05
		decay = 0.01 // of the biases: rare meters are few
	)
	for range steps {
		var head, bars float64
		bias := make([]float64, n)
		for i, e := range known {
			for c, p := range m.Read(e) {
				off := p
				if c == classes[i] {
					off--
				}
				head += off * e.Head[c]
				bars += off * e.Bars[c]
				bias[c] += off
			}
		}
		scale := rate / float64(len(known))
		m.Head -= scale * head
		m.Bars -= scale * bars
		for c := range bias {
			m.Bias[c] -= scale*bias[c] + rate*decay*m.Bias[c]
		}
	}
	return m
}
