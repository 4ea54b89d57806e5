package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"earworm/cnn"
	"earworm/cnn/layer"
)

const (
	rhythmFrames = 1200 // 24 s
	keyFrames    = 140  // 28 s
	keyClasses   = 24   // (12, 2): tonic from C, major and minor

	// maxStretch is the greatest change of speed in training, as a logarithm:
	// it spreads what tempi there are over all that lie between them.
	maxStretch = 0.22
	// tempoSpread is the deviation of the target over tempo classes.
	tempoSpread = 0.8
	// smoothing is the share of a one-hot target that all classes get.
	smoothing = 0.06
)

// rhythmTarget is what the rhythm network should have said.
type rhythmTarget struct {
	beats       []float32 // (frames, 1, 2): beat, downbeat
	beatWeights [2]float32
	tempo       []float32 // (TempoClasses), sums to its weight
	meter       []float32 // (Meters), sums to its weight
}

// Augmentations are the ways in which each draw of an example is made to sound
// anew; Config.Without leaves some out, to measure what they are worth.
var Augmentations = []string{"speed", "equaliser", "recut", "transposition", "detuning"}

// augment makes examples sound anew, but for what is left out.
type augment struct {
	rng     *rand.Rand
	without []string
}

func (a augment) does(what string) bool { return !slices.Contains(a.without, what) }

// rhythmExample writes an augmented input of rhythmFrames to x (frames, 81, 1)
// and returns its targets: a part of the excerpt, played faster or slower,
// through an equaliser, with bands lost, some with beats left out.
func (a augment) rhythmExample(e Example, x []float32) rhythmTarget {
	rng := a.rng
	if a.does("recut") {
		e = a.recut(e)
	}
	bands := cnn.RhythmFrontEnd.Bands
	have := len(e.Mel) / bands
	speed := 1.0
	if a.does("speed") && rng.Float64() < 0.8 {
		speed = math.Exp((2*rng.Float64() - 1) * maxStretch)
	}
	room := float64(have) - speed*rhythmFrames
	start := rng.Float64() * math.Max(0, room)
	tables := a.equaliser(bands)
	silence := float32(0)
	for t := range rhythmFrames {
		row := x[t*bands : (t+1)*bands]
		at := start + float64(t)*speed
		i := int(at)
		if i+1 >= have {
			for b := range row {
				row[b] = silence
			}
			continue
		}
		mix := float32(at - float64(i))
		low, high := e.Mel[i*bands:(i+1)*bands], e.Mel[(i+1)*bands:(i+2)*bands]
		for b := range row {
			row[b] = (1-mix)*tables[b][low[b]] + mix*tables[b][high[b]]
		}
	}
	cnn.RhythmFrontEnd.Standardise(x)
	return rhythmTargets(e.Item, start/cnn.RhythmFPS, speed, rhythmFrames)
}

// equaliser makes a table from quantised to float features for each band:
// random loudness, a tilt, a few broad bumps, and sometimes a band stop.
func (a augment) equaliser(bands int) [][256]float32 {
	tables := make([][256]float32, bands)
	if !a.does("equaliser") {
		for b := range tables {
			for q := range tables[b] {
				tables[b][q] = float32(q) / quantum
			}
		}
		return tables
	}
	rng := a.rng
	gain := rng.NormFloat64() * 4 // dB
	tilt := rng.NormFloat64() * 4
	bump, width, phase := rng.NormFloat64()*3, 1+3*rng.Float64(), rng.Float64()
	stopFrom, stopTo := bands, bands
	if rng.Float64() < 0.25 {
		stopFrom = rng.IntN(bands)
		stopTo = min(bands, stopFrom+1+rng.IntN(bands/6))
	}
	low, high := 0, bands
	if rng.Float64() < 0.2 {
		high = bands - rng.IntN(bands/3)
	}
	if rng.Float64() < 0.2 {
		low = rng.IntN(bands / 8)
	}
	for b := range tables {
		place := float64(b) / float64(bands)
		db := gain + tilt*(2*place-1) + bump*math.Sin(2*math.Pi*(width*place+phase))
		if b >= stopFrom && b < stopTo || b < low || b >= high {
			db = -60
		}
		factor := math.Pow(10, db/20)
		for q := range tables[b] {
			tables[b][q] = float32(math.Log1p(factor * expm1Table[q]))
		}
	}
	return tables
}

// expm1Table turns quantised features back to magnitudes.
var expm1Table = func() (t [256]float64) {
	for q := range t {
		t[q] = math.Expm1(float64(q) / quantum)
	}
	return t
}()

// rhythmTargets are the targets of frames heard from startS at a speed.
func rhythmTargets(it Item, startS, speed float64, frames int) rhythmTarget {
	t := rhythmTarget{
		beats: make([]float32, frames*2),
		tempo: make([]float32, cnn.TempoClasses),
		meter: make([]float32, len(cnn.Meters)),
	}
	if it.Nothing {
		t.beatWeights = [2]float32{1, 1} // none of the frames is a beat
		flat(t.tempo)
		flat(t.meter)
		return t
	}
	if it.BeatWeight > 0 {
		t.beatWeights[0] = float32(it.BeatWeight)
		if len(it.Positions) == len(it.Beats) {
			t.beatWeights[1] = float32(it.BeatWeight)
		}
		for i, s := range it.Beats {
			at := int(math.Round((s - startS) / speed * cnn.RhythmFPS))
			mark(t.beats, at, 0)
			if t.beatWeights[1] > 0 && it.Positions[i] == 1 {
				mark(t.beats, at, 1)
			}
		}
	}
	if class := cnn.ClassOfTempo(it.TempoBPM * speed); it.TempoWeight > 0 && class > -0.5 && class < cnn.TempoClasses-0.5 {
		var sum float64
		for i := range t.tempo {
			off := (float64(i) - class) / tempoSpread
			sum += math.Exp(-off * off / 2)
		}
		for i := range t.tempo {
			off := (float64(i) - class) / tempoSpread
			t.tempo[i] = float32(it.TempoWeight * math.Exp(-off*off/2) / sum)
		}
	}
	if class := cnn.MeterClass(it.Meter); it.MeterWeight > 0 && class >= 0 {
		oneHot(t.meter, class, it.MeterWeight)
	}
	return t
}

// mark makes a frame a target, and its neighbours half one.
func mark(targets []float32, frame, channel int) {
	for d := -1; d <= 1; d++ {
		at := (frame+d)*2 + channel
		if frame+d < 0 || at >= len(targets) {
			continue
		}
		value := float32(1)
		if d != 0 {
			value = 0.5
		}
		targets[at] = max(targets[at], value)
	}
}

// flat is the target that knows nothing: every class as likely.
func flat(target []float32) {
	for i := range target {
		target[i] = 1 / float32(len(target))
	}
}

func oneHot(target []float32, class int, weight float64) {
	for i := range target {
		target[i] = float32(weight * smoothing / float64(len(target)))
	}
	target[class] += float32(weight * (1 - smoothing))
}

// keyExample writes an augmented input of keyFrames to x (frames, 228, 1) and
// returns the target over (12, 2) tonics and modes. A piece is transposed by
// up to half an octave either way, for what lies beyond the highest and the
// lowest band, and detuned by what a tuning estimate may be wrong.
func (a augment) keyExample(e Example, x []float32) []float32 {
	rng := a.rng
	wide := cnn.KeyFrontEnd.Bands
	have := len(e.Pitch) / wide
	start := rng.IntN(max(1, have-keyFrames+1))
	tables := a.equaliser(wide)
	semitones, cents := 0, 0.0
	if a.does("transposition") {
		semitones = rng.IntN(12) - 6
	}
	if a.does("detuning") {
		cents = rng.NormFloat64() * 4
	}
	shift := semitones * cnn.KeyFrontEnd.PerOctave / 12
	rows := make([]float32, keyFrames*wide)
	for t := range min(keyFrames, have-start) {
		from := e.Pitch[(start+t)*wide:]
		for b := max(0, shift); b < min(wide, wide+shift); b++ {
			rows[t*wide+b] = tables[b][from[b-shift]]
		}
	}
	heard := cnn.KeyInput(rows, e.Tuning+cents)
	copy(x, heard.Data)
	return keyTarget(e, semitones)
}

// plainRhythm is the whole of an example's rhythm input as it was heard.
func plainRhythm(e Example) cnn.Map {
	bands := cnn.RhythmFrontEnd.Bands
	x := cnn.Map{Shape: layer.Shape{Frames: len(e.Mel) / bands, Bands: bands, Channels: 1}, Data: dequantise(e.Mel)}
	cnn.RhythmFrontEnd.Standardise(x.Data)
	return x
}

// plainKey is the whole of an example's key input as it was heard.
func plainKey(e Example) cnn.Map { return cnn.KeyInput(dequantise(e.Pitch), e.Tuning) }

func dequantise(q []byte) []float32 {
	x := make([]float32, len(q))
	for i, v := range q {
		x[i] = float32(v) / quantum
	}
	return x
}
