package train

import (
	"math"
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
	if cnn.IsKey(w.Network) {
		w.Calibration.Key = keyTemperature(w, validation)
		return
	}
	outs := rhythms(w, validation)
	w.Calibration.Tempo = tempoTemperature(outs, validation)
	fitting := thin(training, likenessItems)
	fitting = append(fitting, inThree(fitting)...)
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
	inParallel(runtime.GOMAXPROCS(0), len(examples), func(i int) { outs[i] = w.RhythmAtSpeeds(plainRhythm(examples[i])) })
	return outs
}

// unlikely bounds the loss of an answer that was sure and wrong.
const unlikely = 1e-3

// keyTemperature fits the temperature of the key's answer.
func keyTemperature(w *cnn.Weights, validation []Example) float64 {
	outs := make([]cnn.KeyOut[cnn.Map], len(validation))
	inParallel(runtime.GOMAXPROCS(0), len(outs), func(i int) { outs[i] = w.Key(plainKey(validation[i])) })
	return likeliest(func(temperature float64) (loss float64) {
		for i, e := range validation {
			if truth := e.truth(w.Network).Key; truth != schema.UnknownKey {
				heard := cnn.ReadKey(outs[i], cnn.Calibration{Key: temperature})
				loss += surprise(heard.Confidence, heard.Name == truth)
			}
		}
		return loss
	})
}

// tempoTemperature fits the temperature of the tempo's answer. Recordings, where
// there are any, count as much as all that was rendered, as they do when an epoch
// is chosen.
func tempoTemperature(outs []cnn.RhythmOut[cnn.Map], validation []Example) float64 {
	return likeliest(func(temperature float64) float64 {
		var loss, n [2]float64 // rendered, recorded
		for i, e := range validation {
			truth := e.truth("rhythm")
			if truth.TempoBPM == 0 {
				continue
			}
			side := 0
			if e.Source == GameMusic {
				side = 1
			}
			heard := cnn.ReadTempo(outs[i], cnn.Calibration{Tempo: temperature})[0]
			loss[side] += surprise(heard.Probability, eval.TempoExact(truth.TempoBPM, heard.BPM))
			n[side]++
		}
		return eval.Share(loss[0], n[0]) + eval.Share(loss[1], n[1])
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
