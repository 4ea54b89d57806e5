package eval

import "math"

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
	Error float64 `json:"calibration_error"`
	Sure  [2]int  `json:"above_0.8"` // right, of
}

func (t *Trust) report() Sureness {
	right, of := t.Sure()
	return Sureness{Error: t.Error(), Sure: [2]int{int(right), int(of)}}
}
