package train

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

// Calibrate fits the weights' calibration, each part where it makes what was
// right likeliest: temperatures and the weights of what the network itself says
// of a meter on validation items, where it is not surer than it should be; those
// of the likeness of beats, which it was not trained on, on training items.
// Key networks are fitted for themselves, and for answering together with those
// beside them.
func Calibrate(w *cnn.Weights, beside []*cnn.Weights, training, validation []Example) {
	w.Calibration = cnn.Calibration{}
	if cnn.IsKey(w.Network) {
		w.Calibration.Key = keyTemperature(w, validation)
		if len(beside) > 0 {
			w.Calibration.Together = keysTogether(w, beside, validation)
		}
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

// calibrateFile fits the calibration of the weight file that was trained and
// writes it back.
func calibrateFile(c Config, training, validation []Example) error {
	w, err := ReadWeights(c.Out)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	Calibrate(w, c.Beside, training, validation)
	return save(c.Out, w)
}

// unlikely bounds the loss of an answer that was sure and wrong.
const unlikely = 1e-3

func keyTemperature(w *cnn.Weights, validation []Example) float64 {
	outs := keys(w, validation)
	return likeliest(func(temperature float64) float64 {
		return keyLoss(validation, func(i int) schema.KeyHeard {
			return cnn.ReadKey(outs[i], cnn.Calibration{Key: temperature})
		})
	})
}

// keysTogether fits a temperature for networks that agree, and how it rises as
// they do not. Agreement never makes them surer than each of them is, as it would
// by the validation items: there excerpts are left out that are in another key
// than their piece, which recordings are not.
func keysTogether(w *cnn.Weights, beside []*cnn.Weights, validation []Example) *cnn.Together {
	var best cnn.Together
	var each []cnn.Calibration
	outs := make([][]cnn.KeyOut[cnn.Map], len(validation))
	for _, n := range append(slices.Clone(beside), w) {
		each = append(each, n.Calibration)
		for i, out := range keys(n, validation) {
			outs[i] = append(outs[i], out)
		}
	}
	for _, b := range beside {
		best.With = append(best.With, b.Version)
	}
	least := math.Inf(1)
	for doubt := 0.0; doubt <= mostDoubt; doubt += 0.25 {
		try := cnn.Together{With: best.With, Doubt: doubt}
		loss := func(temperature float64) float64 {
			try.Temperature = temperature
			return keyLoss(validation, func(i int) schema.KeyHeard { return cnn.ReadKeysTogether(outs[i], each, try) })
		}
		try.Temperature = max(1, likeliest(loss))
		if l := loss(try.Temperature); l < least {
			best, least = try, l
		}
	}
	return &best
}

// mostDoubt bounds how much disagreement may count.
const mostDoubt = 4

func keys(w *cnn.Weights, examples []Example) []cnn.KeyOut[cnn.Map] {
	outs := make([]cnn.KeyOut[cnn.Map], len(examples))
	inParallel(runtime.GOMAXPROCS(0), len(examples), func(i int) { outs[i] = w.Key(plainKey(examples[i])) })
	return outs
}

// keyLoss sums up the surprise of what is read of each example whose key is
// known.
func keyLoss(examples []Example, read func(i int) schema.KeyHeard) (loss float64) {
	for i, e := range examples {
		if truth := e.truth(cnn.KeyCircle).Key; truth != schema.UnknownKey {
			heard := read(i)
			loss += surprise(heard.Confidence, heard.Name == truth)
		}
	}
	return loss
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
