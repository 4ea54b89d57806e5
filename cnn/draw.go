package cnn

import (
	"context"

	"earworm/dsp"
	"earworm/picture"
	"earworm/schema"
)

// NewRecorder begins a drawing of what this package's networks see and answer.
func NewRecorder() *picture.Recorder {
	f := KeyFrontEnd
	hop := float64(f.Hop) / float64(f.Rate)
	scale := picture.Scale{StepS: hop, Bands: f.Bands, MinHz: f.MinHz, PerOctave: f.PerOctave}
	return picture.NewRecorder(f.Rate, scale, drawnKeyFrames*hop, 1.0/RhythmFPS)
}

// Draw is Analyse, and has drawn on the way what the networks see and answer.
// It is a little slower for it: the key is answered anew every few seconds.
func (m *Model) Draw(ctx context.Context, audio dsp.SampleReader, to *picture.Recorder) (schema.Analysis, error) {
	h := newHearing(m, newListener())
	h.draw, h.key.drawing = to, newKeyDrawing(m, to)
	err := dsp.ReadTo(ctx, audio, func(samples []float32) {
		to.Sound(samples)
		h.write(samples)
	})
	if err != nil {
		return schema.Analysis{}, err
	}
	return h.finish(h.ear.finish())
}

// drawnKeyFrames is how long a stretch the key is answered for: 6.4 s.
const drawnKeyFrames = 32

// keyDrawing answers for the key of each stretch of a recording. A nil one
// draws nothing.
type keyDrawing struct {
	to   *picture.Recorder
	sums keySums // over the stretch
}

func newKeyDrawing(m *Model, to *picture.Recorder) *keyDrawing {
	if to == nil {
		return nil
	}
	return &keyDrawing{to, newKeySums(m.key)}
}

// add takes in so many compressed frames (frames, 232) and what the front of
// the key network made of them.
func (d *keyDrawing) add(compressed, front []float32, frames int) {
	if d == nil {
		return
	}
	d.to.Spectrum(compressed)
	for at := 0; at < frames; at += keyStride {
		d.sums.add(front[at*len(front)/frames:(at+keyStride)*len(front)/frames], keyStride)
		if d.sums.frames == drawnKeyFrames {
			d.answer()
		}
	}
}

// answer ends a stretch.
func (d *keyDrawing) answer() {
	if d == nil || d.sums.frames == 0 {
		return
	}
	var keys [24]float64
	for i, p := range d.sums.answer().probabilities {
		keys[i%keyModes*12+i/keyModes] = p
	}
	d.to.Key(keys)
}
