package cnn

import (
	"math"
	"time"

	"earworm/cnn/layer"
	"earworm/dsp"
	"earworm/picture"
	"earworm/schema"
)

// hearing is a recording on its way through the networks. They take it five
// minutes at a time, with a margin of the sound before and after, and what was
// heard is then let go: so memory does not follow the length of a recording. A
// window's loudness and tuning are those of all that was heard by its end; most
// recordings are one window.
type hearing struct {
	model  *Model
	ear    *listener
	rhythm rhythmEar
	key    keyEar
	// How many frames at the head of what is held were answered for before.
	rhythmBefore, keyBefore int
	took                    Took
	draw                    *picture.Recorder
}

// Took is how long parts of a hearing took: the network of tempo, meter and beats
// with what follows from its answers, and that of keys.
type Took struct{ Rhythm, Key time.Duration }

// since adds what went by to a part, and gives the time it is now.
func since(began time.Time, part *time.Duration) (now time.Time) {
	now = time.Now()
	*part += now.Sub(began)
	return now
}

const (
	windowSeconds = 300
	rhythmWindow  = windowSeconds * RhythmFPS
	rhythmMargin  = 20 * RhythmFPS
	keyWindow     = windowSeconds * 5 // frames of the key front end
)

// newHearing begins to hear through an ear; nil where all was listened to before.
func newHearing(m *Model, ear *listener) *hearing {
	return &hearing{model: m, ear: ear, rhythm: newRhythmEar(m.rhythm), key: newKeyEar(m.key)}
}

// likenessFrames are those in which beats are compared: the first ten minutes.
const likenessFrames = 2 * rhythmWindow

// write takes in sound, and has windows heard that are whole.
func (h *hearing) write(samples []float32) {
	h.ear.write(samples)
	began, heard := time.Now(), &h.ear.heard
	if held := len(heard.Rhythm)/rhythmBands - h.rhythmBefore; held >= rhythmWindow+rhythmMargin {
		h.rhythm.window(heard.Rhythm, h.rhythmBefore, rhythmWindow, h.ear.rms())
		heard.Rhythm = drop(heard.Rhythm, (h.rhythmBefore+rhythmWindow-rhythmMargin)*rhythmBands)
		h.rhythmBefore = rhythmMargin
	}
	began = since(began, &h.took.Rhythm)
	wide := KeyFrontEnd.Bands
	if held := len(heard.Key)/wide - h.keyBefore; held >= keyWindow+keyReach {
		h.key.window(heard.Key, h.keyBefore, keyWindow, h.ear.rms(), h.ear.tuning.Cents())
		heard.Key = drop(heard.Key, (h.keyBefore+keyWindow-keyReach)*wide)
		h.keyBefore = keyReach
	}
	since(began, &h.took.Key)
}

// drop lets go of the first n values, in place.
func drop(values []float32, n int) []float32 { return values[:copy(values, values[n:])] }

// finish hears what is left, heard included, and answers.
func (h *hearing) finish(heard Heard) (schema.Analysis, error) {
	if err := heard.check(); err != nil {
		return schema.Analysis{}, err
	}
	began := time.Now()
	h.rhythm.rest(heard.Rhythm, h.rhythmBefore, heard.RMS)
	rhythm := h.rhythm.finish()
	began = since(began, &h.took.Rhythm)
	h.key.rest(heard.Key, h.keyBefore, heard.RMS, heard.Tuning)
	key := h.key.finish()
	began = since(began, &h.took.Key)
	h.draw.Beat(rhythm.beats, rhythm.downbeats)
	h.draw.Tempo(rhythm.tempo)
	a := schema.Analysis{
		ModelVersion: h.model.Version(),
		DurationS:    float64(heard.Samples) / dsp.SampleRate,
		LoudnessDB:   decibels(heard.RMS),
		TuningCents:  heard.Tuning,
		Key:          rankKeys(key.probabilities),
		Embedding:    h.model.whitening.Whiten(embedding(rhythm.sound, key.harmony)),
	}
	rhythm.estimate(&a)
	since(began, &h.took.Rhythm)
	a.Cost.NetworkMS = float64(h.took.Rhythm+h.took.Key) / float64(time.Millisecond)
	return a, nil
}

// rhythmEar hears a recording through the rhythm network, window by window.
type rhythmEar struct {
	net          eager
	heard        rhythmHeard
	tempo, meter []float64 // logits, summed over frames
	front        []float64 // (rhythmChannels), summed over frames
	frames       int
}

func newRhythmEar(w *Weights) rhythmEar {
	return rhythmEar{
		net: eager{w}, heard: rhythmHeard{calibration: w.Calibration},
		tempo: make([]float64, TempoClasses), meter: make([]float64, len(Meters)), front: make([]float64, rhythmChannels),
	}
}

// window hears n frames of magnitudes (frames, 81), with those before them and
// a margin of those after.
func (r *rhythmEar) window(magnitudes []float32, before, n int, rms float64) {
	last := min(len(magnitudes)/rhythmBands, before+n+rhythmMargin)
	front := rhythmFront(r.net, magnitudes[:last*rhythmBands], rms)
	out := bodyAtSpeeds(r.net, front)
	for i, v := range out.Tempo.Data {
		r.tempo[i] += float64(v) * float64(n)
	}
	for i, v := range out.Meter.Data {
		r.meter[i] += float64(v) * float64(n)
	}
	answered := front.Data[before*rhythmChannels : (before+n)*rhythmChannels]
	for i, v := range answered {
		r.front[i%rhythmChannels] += float64(v)
	}
	if r.frames < likenessFrames {
		r.heard.front.Data = append(r.heard.front.Data, answered...)
	}
	r.heard.appendBeats(out.Beats.Data[before*beatOutputs : (before+n)*beatOutputs])
	r.frames += n
}

// rest hears all frames after those before, in as many windows as it takes.
func (r *rhythmEar) rest(magnitudes []float32, before int, rms float64) {
	for left := len(magnitudes)/rhythmBands - before; left > 0; left = len(magnitudes)/rhythmBands - before {
		n := min(left, rhythmWindow)
		r.window(magnitudes, before, n, rms)
		keep := min(before+n, rhythmMargin)
		magnitudes, before = magnitudes[(before+n-keep)*rhythmBands:], keep
	}
}

func (r *rhythmEar) finish() rhythmHeard {
	scale := 1 / math.Max(1, float64(r.frames))
	for _, sums := range [][]float64{r.tempo, r.meter, r.front} {
		for i := range sums {
			sums[i] *= scale
		}
	}
	h := r.heard
	h.tempo, h.sound = softmax(r.tempo, h.calibration.Tempo), r.front
	h.meter = make([]float32, len(r.meter))
	for i, v := range r.meter {
		h.meter[i] = float32(v)
	}
	h.front.Shape = layer.Shape{Frames: len(h.front.Data) / rhythmChannels, Bands: 1, Channels: rhythmChannels}
	return h
}

// keyEar hears a recording through the key network, window by window.
type keyEar struct {
	sums    keySums
	drawing *keyDrawing // nil: none
}

func newKeyEar(w *Weights) keyEar { return keyEar{sums: newKeySums(w)} }

// window hears n frames of magnitudes (frames, 232), a whole number of strides,
// with their neighbours: block by block, so that maps stay small.
func (k *keyEar) window(magnitudes []float32, before, n int, rms, cents float64) {
	wide := KeyFrontEnd.Bands
	end := before + n
	frames := len(magnitudes) / wide / keyStride * keyStride
	net := k.sums.net
	for from := before; from < end; from += keyBlock {
		to := min(end, from+keyBlock)
		first, last := max(0, from-keyReach), min(frames, to+keyReach)
		x := make([]float32, (last-first)*wide)
		KeyFrontEnd.Compress(x, magnitudes[first*wide:last*wide], rms)
		y := KeyFront(net.weights.Network, net, KeyInput(x, cents))
		row, stride := y.Bands*y.Channels, (last-first)/y.Frames
		front := y.Data[(from-first)/stride*row : (to-first)/stride*row]
		k.sums.add(front, to-from)
		k.drawing.add(x[(from-first)*wide:(to-first)*wide], front, to-from)
	}
}

func (k *keyEar) rest(magnitudes []float32, before int, rms, cents float64) {
	n := (len(magnitudes)/KeyFrontEnd.Bands - before) / keyStride * keyStride
	if n > 0 {
		k.window(magnitudes, before, n, rms, cents)
	}
}

func (k *keyEar) finish() keyHeard {
	k.drawing.answer()
	return k.sums.answer()
}
