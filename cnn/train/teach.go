package train

import (
	"math"
	"runtime"
	"slices"
)

// labelShare is how much of a target a certain label is, where there are
// teachers; what labels do not say is the teachers' to say.
const labelShare = 0.5

// teach has the teachers hear what a network is to be trained on, and keeps with
// each example what they say together: (12, 2) tonics and modes, the mean of
// their log probabilities. It is at once distillation (Hinton, Vinyals & Dean
// 2015, "Distilling the knowledge in a neural network", section 2, at
// temperature 1) and, of sound without a label, self-training with a student who
// hears it changed (Xie et al. 2020, "Self-training with noisy student").
func teach(c Config, examples []Example) {
	if len(c.Teachers) == 0 {
		return
	}
	inParallel(runtime.GOMAXPROCS(0), len(examples), func(i int) {
		if examples[i].Nothing {
			return // that it is nothing is known for certain
		}
		x := plainKey(examples[i])
		logs := make([]float64, keyClasses)
		for _, t := range c.Teachers {
			for class, p := range probabilities(t.Key(x).Logits.Data) {
				logs[class] += math.Log(p+1e-9) / float64(len(c.Teachers))
			}
		}
		examples[i].Taught = probabilities(logs)
	})
}

// probabilities is the softmax of logits.
func probabilities[F float32 | float64](logits []F) []float64 {
	p, top := make([]float64, len(logits)), slices.Max(logits)
	var sum float64
	for i, v := range logits {
		p[i] = math.Exp(float64(v - top))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// keyTarget is the target, (12, 2) tonics and modes, for an example transposed by
// semitones: its label, as far as that is to be trusted, and what the teachers
// say of the sound.
func keyTarget(e Example, semitones int) []float32 {
	target := make([]float32, keyClasses)
	moved := func(class int) int { return (class + 2*(semitones+12)) % keyClasses }
	label := e.KeyWeight
	if e.Taught != nil {
		label *= labelShare
	}
	switch {
	case e.Nothing:
		flat(target)
	case label > 0:
		class := 2 * e.Key.Tonic()
		if e.Key.Minor() {
			class++
		}
		oneHot(target, moved(class), label)
	}
	for class, p := range e.Taught {
		target[moved(class)] += float32((1 - label) * p)
	}
	return target
}
