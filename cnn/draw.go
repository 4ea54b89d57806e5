package cnn

import (
	"context"

	"earworm/cnn/layer"
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
	h.draw, h.key.drawing = to, newKeyDrawing(to)
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
	to     *picture.Recorder
	sums   Map // (1, 12, 32), over the stretch
	frames int // in it
}

func newKeyDrawing(to *picture.Recorder) *keyDrawing {
	if to == nil {
		return nil
	}
	return &keyDrawing{to: to, sums: newMap(layer.Shape{Frames: 1, Bands: 12, Channels: keyHidden})}
}

// add takes in compressed frames (frames, 232) and the harmonies (frames/2, 12,
// 32) that the front of the network made of them.
func (d *keyDrawing) add(net eager, frames, harmonies []float32) {
	if d == nil {
		return
	}
	d.to.Spectrum(frames)
	for row := len(d.sums.Data); len(harmonies) > 0; harmonies = harmonies[row:] {
		for i, v := range harmonies[:row] {
			d.sums.Data[i] += 2 * v
		}
		if d.frames += 2; d.frames == drawnKeyFrames {
			d.answer(net)
		}
	}
}

// answer ends a stretch.
func (d *keyDrawing) answer(net eager) {
	if d == nil || d.frames == 0 {
		return
	}
	for i := range d.sums.Data {
		d.sums.Data[i] /= float32(d.frames)
	}
	var keys [24]float64
	for i, p := range readKey(KeyBody(net, d.sums), net.weights.Calibration).probabilities {
		keys[i%keyModes*12+i/keyModes] = p
	}
	d.to.Key(keys)
	clear(d.sums.Data)
	d.frames = 0
}
