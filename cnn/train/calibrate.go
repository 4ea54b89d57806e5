package train

import (
	"fmt"
	"math"
	"os"
	"runtime"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

// Calibrate fits the weights' calibration, each part where it makes what was
// right likeliest: temperatures and the weights of what the network itself says
// of a meter on validation items, where it is not surer than it should be; those
// of the likeness of beats, which it was not trained on, on training items.
func Calibrate(w *cnn.Weights, training, validation []Example) {
	w.Calibration = cnn.Calibration{}
	if w.Network == "key" {
		w.Calibration.Key = keyTemperature(w, validation)
		return
	}
	outs := rhythms(w, validation)
	w.Calibration.Tempo = tempoTemperature(outs, validation)
	fitting := thin(training, likenessItems)
	m := fitLikeness(meterItems(rhythms(w, fitting), fitting))
	m = fitWitnesses(m, meterItems(outs, validation))
	w.Calibration.Meter = &m
}

// likenessItems is about how many training items the likeness is fitted on.
const likenessItems = 2000

// thin takes examples at even distances, about n in all.
func thin(examples []Example, n int) []Example {
	var kept []Example
	step := max(1, len(examples)/n)
	for i := 0; i < len(examples); i += step {
		kept = append(kept, examples[i])
	}
	return kept
}

func rhythms(w *cnn.Weights, examples []Example) []cnn.RhythmOut[cnn.Map] {
	outs := make([]cnn.RhythmOut[cnn.Map], len(examples))
	inParallel(runtime.GOMAXPROCS(0), len(examples), func(i int) { outs[i] = w.Rhythm(plainRhythm(examples[i])) })
	return outs
}

// calibrateFile fits the calibration of a weight file and writes it back.
func calibrateFile(name string, training, validation []Example) error {
	file, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	w, err := cnn.ParseWeights(file)
	if err != nil {
		return fmt.Errorf("calibrate %q: %w", name, err)
	}
	Calibrate(w, training, validation)
	return save(name, w)
}

// unlikely bounds the loss of an answer that was sure and wrong.
const unlikely = 1e-3

func keyTemperature(w *cnn.Weights, validation []Example) float64 {
	outs := make([]cnn.KeyOut[cnn.Map], len(validation))
	inParallel(runtime.GOMAXPROCS(0), len(validation), func(i int) { outs[i] = w.Key(plainKey(validation[i])) })
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
