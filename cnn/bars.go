package cnn

import "math"

// barEvidence is how much a meter gains, in log probability, by each standard
// error that the downbeats heard under its bars stand out from the other beats.
const barEvidence = 2.0

// evidenceBeats is how many beats count at most: neighbours are not
// independent, and long tracks would otherwise be sure of anything.
const evidenceBeats = 48

// weighMeters multiplies the probabilities of Meters by the evidence of the
// downbeats under bars of each, in place.
func weighMeters(p, downbeats, frames []float64) {
	if len(frames) < 8 {
		return
	}
	heard := beatLogits(downbeats, frames)
	var sum float64
	for i := range p {
		best := math.Inf(-1)
		for _, inBar := range feltBars[i] {
			_, stands := barPhase(heard, inBar)
			best = max(best, stands)
		}
		p[i] *= math.Exp(barEvidence * best)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// feltBars are the beats a bar that each of Meters is felt in: 2/4 is heard as
// 4/4, and 6/8 in dotted quarters.
var feltBars = [...][]int{{3}, {4, 2}, {5}, {2}, {7}}

// beatLogits reads, for each beat, how likely a downbeat it is: the log odds of
// the strongest frame around it.
func beatLogits(downbeats, frames []float64) []float64 {
	const least = 0.02 // no frame is quite sure
	logits := make([]float64, len(frames))
	for i, f := range frames {
		at := int(math.Round(f))
		strongest := least
		for t := max(0, at-1); t <= min(len(downbeats)-1, at+1); t++ {
			strongest = max(strongest, downbeats[t])
		}
		strongest = min(strongest, 1-least)
		logits[i] = math.Log(strongest / (1 - strongest))
	}
	return logits
}

// barPhase finds the beat that begins the first bar, where bars have inBar
// beats: the phase whose beats have the highest mean. stands is by how many
// standard errors that mean is above the mean of all.
func barPhase(logits []float64, inBar int) (first int, stands float64) {
	if inBar < 1 || len(logits) < 2*inBar {
		return 0, 0
	}
	var mean, squares float64
	for _, v := range logits {
		mean += v
		squares += v * v
	}
	n := float64(len(logits))
	mean /= n
	deviation := math.Sqrt(max(squares/n-mean*mean, 0)) + 0.1
	best := math.Inf(-1)
	for phase := range inBar {
		var sum, count float64
		for i := phase; i < len(logits); i += inBar {
			sum += logits[i]
			count++
		}
		if sum/count > best {
			best, first = sum/count, phase
			share := count / n
			stands = (best - mean) / deviation * math.Sqrt(min(n, evidenceBeats)*share/(1-share+1/n))
		}
	}
	return first, stands
}
