package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// trustBins are the bins of confidence, of equal width, that calibration is
// measured in.
const trustBins = 10

// Trust tells how far confidence can be believed: by bins of it, how many
// answers there were and how many of them were right.
type Trust struct {
	Answers, Right, Confidence [trustBins]float64
}

// note takes in one answer.
func (t *Trust) note(confidence, right float64) {
	bin := min(max(int(confidence*trustBins), 0), trustBins-1)
	t.Answers[bin]++
	t.Right[bin] += right
	t.Confidence[bin] += confidence
}

func (t *Trust) add(o Trust) {
	for i := range trustBins {
		t.Answers[i] += o.Answers[i]
		t.Right[i] += o.Right[i]
		t.Confidence[i] += o.Confidence[i]
	}
}

// Error is the expected calibration error: how far, on average, the share of
// right answers is from the confidence they were given with (Naeini, Cooper &
// Hauskrecht 2015, eq. 3).
func (t *Trust) Error() float64 {
	var off, answers float64
	for i := range trustBins {
		off += math.Abs(t.Right[i] - t.Confidence[i])
		answers += t.Answers[i]
	}
	return Share(off, answers)
}

// Chance is the range that Error would lie in, nine times in ten, if every
// confidence came true: with few answers luck alone makes for an error.
func (t *Trust) Chance() (from, to float64) {
	const times = 2000
	rng := rand.New(rand.NewPCG(1, 1))
	errs := make([]float64, times)
	for i := range errs {
		luck := *t
		for bin, n := range t.Answers {
			luck.Right[bin] = 0
			for range int(n) {
				luck.Right[bin] += count(rng.Float64() < t.Confidence[bin]/n)
			}
		}
		errs[i] = luck.Error()
	}
	slices.Sort(errs)
	return errs[times/20], errs[times-times/20]
}

// sureBin is the first of the bins above 0.8.
const sureBin = 8

// Sure counts the answers given with a confidence above 0.8.
func (t *Trust) Sure() (right, of float64) {
	for i := sureBin; i < trustBins; i++ {
		right += t.Right[i]
		of += t.Answers[i]
	}
	return right, of
}

// Known tells whether there were answers at all.
func (t *Trust) Known() bool { return t.Answers != [trustBins]float64{} }

// Sureness is how far confidence can be believed, for programs.
type Sureness struct {
	Error  float64    `json:"calibration_error"`
	Chance [2]float64 `json:"calibration_error_by_luck"` // between which it would lie, 9 times in 10, were every confidence true
	Sure   [2]int     `json:"above_0.8"`                 // right, of
}

func (t *Trust) report() Sureness {
	right, of := t.Sure()
	from, to := t.Chance()
	return Sureness{Error: t.Error(), Chance: [2]float64{from, to}, Sure: [2]int{int(right), int(of)}}
}
