package cnn

import (
	"math"
	"slices"
	"sort"

	"earworm/cnn/layer"
	"earworm/schema"
)

// rhythmHeard is what the rhythm network made of a recording.
type rhythmHeard struct {
	calibration      Calibration
	beats, downbeats []float64 // (frames) probabilities
	tempo            []float64 // (TempoClasses) probabilities
	meter            []float32 // (len(Meters)) logits
	front            Map       // (frames, 1, 32), of the first ten minutes
	sound            []float64 // (32): the mean of the front over all frames
}

// ReadRhythm turns what the rhythm network says into tempo, meter, beats and
// downbeats; the rest of the analysis is empty.
func ReadRhythm(out RhythmOut[Map], c Calibration) schema.Analysis {
	var a schema.Analysis
	readRhythm(out, c).estimate(&a)
	return a
}

// ReadEvidence gathers what speaks for each meter in what the rhythm network
// says.
func ReadEvidence(out RhythmOut[Map]) MeterEvidence {
	r := readRhythm(out, Calibration{})
	return r.meterEvidence(trackBeats(r.beats, tempoPath(r.beats, r.tempo)))
}

// ReadTempo ranks tempi by what the rhythm network says.
func ReadTempo(out RhythmOut[Map], c Calibration) []schema.TempoCandidate {
	return rankTempi(softmax(out.Tempo.Data, c.Tempo))
}

func readRhythm(out RhythmOut[Map], c Calibration) rhythmHeard {
	r := rhythmHeard{
		calibration: c, tempo: softmax(out.Tempo.Data, c.Tempo), meter: out.Meter.Data, front: out.Front,
	}
	r.appendBeats(out.Beats.Data)
	return r
}

func (r *rhythmHeard) appendBeats(logits []float32) {
	for i := 0; i < len(logits); i += beatOutputs {
		r.beats = append(r.beats, sigmoid(logits[i]))
		r.downbeats = append(r.downbeats, sigmoid(logits[i+1]))
	}
}

// frontBlock is how many frames the front reads at a time: its maps are large,
// and need not be held for a whole recording.
const frontBlock = 256

// rhythmFront runs the front over a recording block by block, each with the
// neighbours it looks at, so that the result is that of one pass.
func rhythmFront(e eager, magnitudes []float32, rms float64) Map {
	frames := len(magnitudes) / rhythmBands
	front := newMap(layer.Shape{Frames: frames, Bands: 1, Channels: rhythmChannels})
	for from := 0; from < frames; from += frontBlock {
		to := min(frames, from+frontBlock)
		first, last := max(0, from-frontReach), min(frames, to+frontReach)
		x := newMap(layer.Shape{Frames: last - first, Bands: rhythmBands, Channels: 1})
		RhythmFrontEnd.Compress(x.Data, magnitudes[first*rhythmBands:last*rhythmBands], rms)
		RhythmFrontEnd.Standardise(x.Data)
		y := RhythmFront(e, x)
		copy(front.Data[from*rhythmChannels:to*rhythmChannels], y.Data[(from-first)*rhythmChannels:])
	}
	return front
}

// estimate fills in tempo, meter, beats and downbeats.
func (r rhythmHeard) estimate(a *schema.Analysis) {
	ranked := rankTempi(r.tempo)
	period := 60 * RhythmFPS / ranked[0].BPM
	path := tempoPath(r.beats, r.tempo)
	frames := trackBeats(r.beats, path)
	bpm := ranked[0].BPM
	if p := beatPeriod(frames); p > 0 && math.Abs(math.Log2(p/period)) < sameTempo {
		bpm = 60 * RhythmFPS / p
	}
	a.Tempo = schema.Tempo{
		BPM: bpm, Confidence: ranked[0].Probability, Stability: steadiness(frames, 60*RhythmFPS/bpm),
		Alternatives: ranked[1:min(len(ranked), 1+alternatives)],
		Sections:     tempoSections(path, frames),
	}
	a.Meter = rankMeters(r.calibration.meter().Read(r.meterEvidence(frames)))
	if a.Tempo.Confidence < noPulse && a.Meter.Confidence < noBars {
		a.Meter = unknownMeter(a.Meter)
	}
	for _, f := range frames {
		a.Beats = append(a.Beats, float32(f/RhythmFPS))
	}
	inBar := a.Meter.BeatsPerBar
	switch {
	case inBar == 0:
		return
	case a.Meter.Name.Unit == 8 && inBar == 6:
		inBar = 2 // felt in dotted quarters
	}
	first, _ := barPhase(beatLogits(r.downbeats, frames), inBar)
	for i := first; i < len(a.Beats); i += inBar {
		a.Downbeats = append(a.Downbeats, a.Beats[i])
	}
}

// Below both confidences, of tempo and meter, there is no meter to speak of:
// speech and noise come to less.
const (
	noPulse = 0.14
	noBars  = 0.55
)

// unknownMeter says that there is no meter, and ranks what it might be all the
// same.
func unknownMeter(m schema.MeterHeard) schema.MeterHeard {
	first := schema.MeterCandidate{Name: m.Name, BeatsPerBar: m.BeatsPerBar, Probability: m.Confidence}
	return schema.MeterHeard{Alternatives: append([]schema.MeterCandidate{first}, m.Alternatives...)}
}

const (
	// sameTempo is 4 % in octaves: tempi closer than that are one tempo.
	sameTempo = 0.0566
	// peakReach is as much in classes, to either side.
	peakReach = 2
)

// rankTempi finds the peaks of the distribution over tempo classes, likeliest
// first: each with the probability within 4 % of it, at the mean tempo there.
func rankTempi(p []float64) []schema.TempoCandidate {
	left := slices.Clone(p)
	var ranked []schema.TempoCandidate
	for range 1 + alternatives {
		best, mass := 0, -1.0
		for i := range left {
			var sum float64
			for j := max(0, i-peakReach); j <= min(len(left)-1, i+peakReach); j++ {
				sum += left[j]
			}
			if sum > mass {
				best, mass = i, sum
			}
		}
		if mass <= 0 {
			break
		}
		var class float64
		for j := max(0, best-peakReach); j <= min(len(left)-1, best+peakReach); j++ {
			class += float64(j) * left[j] / mass
			left[j] = 0
		}
		ranked = append(ranked, schema.TempoCandidate{BPM: TempoOfClass(class), Probability: min(1, mass)})
	}
	sort.SliceStable(ranked, func(i, j int) bool { return ranked[i].Probability > ranked[j].Probability })
	return ranked
}

func rankMeters(p []float64) schema.MeterHeard {
	ranked := make([]schema.MeterCandidate, len(p))
	for i, m := range Meters {
		ranked[i] = schema.MeterCandidate{Name: m, BeatsPerBar: m.Beats, Probability: p[i]}
	}
	sort.SliceStable(ranked, func(i, j int) bool { return ranked[i].Probability > ranked[j].Probability })
	return schema.MeterHeard{
		Name: ranked[0].Name, BeatsPerBar: ranked[0].BeatsPerBar, Confidence: ranked[0].Probability,
		Alternatives: ranked[1:],
	}
}
