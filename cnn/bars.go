package cnn

import "math"

// evidenceBeats is how many beats count at most: neighbours are not
// independent, and long tracks would otherwise be sure of anything.
const evidenceBeats = 48

// meterEvidence gathers what speaks for each of Meters: the network's answer
// for the whole, the downbeats under bars of each, and what beats are alike.
func (r rhythmHeard) meterEvidence(frames []float64) MeterEvidence {
	e := MeterEvidence{
		Head: softmax(r.meter, 1), Bars: make([]float64, len(Meters)), Alike: barLikeness(r.front, frames),
	}
	for i, p := range e.Head {
		e.Head[i] = math.Log(p + 1e-9)
	}
	if len(frames) < fewestBeats {
		return e
	}
	heard := beatLogits(r.downbeats, frames)
	for i, bars := range feltBars {
		e.Bars[i] = math.Inf(-1)
		for _, inBar := range bars {
			_, stands := barPhase(heard, inBar)
			e.Bars[i] = max(e.Bars[i], stands)
		}
	}
	return e
}

// fewestBeats are the beats under which bars are not looked for.
const fewestBeats = 8

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
