// Package picture draws a recording for those who look at it: its waveform, the
// spectrogram a network sees, and what the networks answer along the way. What
// it makes is small, bounded however long the recording is, and made once.
package picture

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
)

// Picture is one drawing of a recording, under the name of its kind.
type Picture struct {
	Kind string
	Data []byte // at most MaxBytes
}

// The kinds. All but Spectrum and its tiles are curves.
const (
	Waveform = "waveform" // 2 rows: peak and RMS, 0 to 255 for 0 to 1
	Beats    = "beats"    // 2 rows: how likely a beat, a downbeat
	Tempo    = "tempo"    // 1 row: the tempo classes, relative to the likeliest
	Keys     = "keys"     // 24 rows, majors from C to B, then minors: how likely each
	Spectrum = "spectrum" // JSON: a Scale
)

// Tile is the kind of the n-th tile of the spectrogram: an 8-bit grey PNG, low
// notes at its bottom.
func Tile(n int) string { return fmt.Sprintf("spectrum-%d", n) }

const (
	// MaxBytes is the most that one picture takes.
	MaxBytes = 1 << 20
	// maxPoints bounds a curve; where a recording has more, neighbours share one.
	maxPoints = 1 << 17
	// maxTiles bounds the spectrogram, at four hours.
	maxTiles = 240

	tileFrames = 300
	// waveformHop is how many samples share a point of the waveform at first.
	waveformHop = 220
)

// Scale says how to read the tiles of a spectrogram.
type Scale struct {
	StepS      float64 `json:"step_s"`      // between columns
	TileFrames int     `json:"tile_frames"` // columns of a whole tile
	Tiles      int     `json:"tiles"`
	Bands      int     `json:"bands"` // rows
	MinHz      float64 `json:"min_hz"`
	PerOctave  int     `json:"bands_per_octave"`
}

// Recorder draws while a recording is heard. A nil Recorder draws nothing.
// One goroutine's.
type Recorder struct {
	scale    Scale
	waveform *curve
	beats    *curve
	tempo    *curve
	keys     *curve
	column   [2]float64 // of the waveform: peak, sum of squares
	samples  int        // in it
	tile     []uint8    // (frames, bands)
	tiles    []Picture
	err      error
}

// NewRecorder begins a drawing of sound at rate Hz. The scale's Tiles and
// TileFrames are the Recorder's to fill in.
func NewRecorder(rate int, s Scale, keyStepS, beatStepS float64) *Recorder {
	s.TileFrames, s.Tiles = tileFrames, 0
	return &Recorder{
		scale:    s,
		waveform: newCurve(2, float64(waveformHop)/float64(rate)),
		beats:    newCurve(2, beatStepS),
		keys:     newCurve(24, keyStepS),
		tempo:    newCurve(1, 0),
	}
}

// Sound takes in samples, -1 to 1.
func (r *Recorder) Sound(samples []float32) {
	if r == nil {
		return
	}
	for len(samples) > 0 {
		n := min(len(samples), waveformHop-r.samples)
		// Without their sign, the bits of floats sort as the floats do, and a
		// processor has the greater of two whole numbers without a branch.
		peak, squares := math.Float32bits(float32(r.column[0])), float32(0)
		for _, v := range samples[:n] {
			squares += v * v
			peak = max(peak, math.Float32bits(v)&^(1<<31))
		}
		r.column[0], r.column[1] = float64(math.Float32frombits(peak)), r.column[1]+float64(squares)
		samples = samples[n:]
		if r.samples += n; r.samples == waveformHop {
			r.waveformPoint()
		}
	}
}

func (r *Recorder) waveformPoint() {
	if r.samples > 0 {
		r.waveform.add(r.column[0], math.Sqrt(r.column[1]/float64(r.samples)))
	}
	r.column, r.samples = [2]float64{}, 0
}

// loudest is the level, in the front end's logarithms, that is drawn white.
const loudest = 7

// Spectrum takes in frames (frames, Bands) as the network sees them, from 0 up.
func (r *Recorder) Spectrum(frames []float32) {
	if r == nil {
		return
	}
	for _, v := range frames {
		if len(r.tiles) == maxTiles {
			return
		}
		level := uint8(max(0, min(63, v*(64/float32(loudest))))) // 64 levels do, and pack better
		if r.tile = append(r.tile, level<<2); len(r.tile) == tileFrames*r.scale.Bands {
			r.endTile()
		}
	}
}

func (r *Recorder) endTile() {
	wide := len(r.tile) / r.scale.Bands
	if wide == 0 {
		return
	}
	img := image.NewGray(image.Rect(0, 0, wide, r.scale.Bands))
	for x := range wide {
		for b, v := range r.tile[x*r.scale.Bands : (x+1)*r.scale.Bands] {
			img.Pix[(r.scale.Bands-1-b)*img.Stride+x] = v
		}
	}
	var data bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&data, img); err != nil {
		r.err = fmt.Errorf("draw spectrogram: %w", err)
		return
	}
	r.tiles = append(r.tiles, Picture{Tile(len(r.tiles)), data.Bytes()})
	r.tile = r.tile[:0]
}

// Beat takes in how likely a frame is a beat and a downbeat.
func (r *Recorder) Beat(beats, downbeats []float64) {
	if r == nil {
		return
	}
	for i, b := range beats {
		r.beats.add(b, downbeats[i])
	}
}

// Tempo takes in how likely each tempo class is.
func (r *Recorder) Tempo(probabilities []float64) {
	if r == nil {
		return
	}
	most := 1e-9
	for _, p := range probabilities {
		most = max(most, p)
	}
	for _, p := range probabilities {
		r.tempo.add(p / most)
	}
}

// Key takes in how likely each of the 24 keys is in the next stretch.
func (r *Recorder) Key(probabilities [24]float64) {
	if r != nil {
		r.keys.add(probabilities[:]...)
	}
}

// Pictures ends the drawing and gives all of it.
func (r *Recorder) Pictures() ([]Picture, error) {
	if r == nil {
		return nil, nil
	}
	r.waveformPoint()
	r.endTile()
	r.scale.Tiles = len(r.tiles)
	scale, err := json.Marshal(r.scale)
	if err != nil || r.err != nil {
		return nil, fmt.Errorf("draw: %w", firstOf(r.err, err))
	}
	pictures := slices.Concat(r.tiles, []Picture{{Spectrum, scale}})
	for kind, c := range map[string]*curve{Waveform: r.waveform, Beats: r.beats, Keys: r.keys, Tempo: r.tempo} {
		pictures = append(pictures, Picture{kind, c.encode()})
	}
	return pictures, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// curve is values from 0 to 1 over time, in rows. When it is full, neighbours
// become one, and the step doubles: so its size does not follow the length.
type curve struct {
	rows   int
	step   float64 // s between points
	fold   int     // values that share a point
	held   int     // values in the last point
	values []uint8 // (points, rows)
	most   int     // points
}

func newCurve(rows int, step float64) *curve {
	return &curve{rows: rows, step: step, fold: 1, most: maxPoints / max(1, rows/4)}
}

func (c *curve) add(values ...float64) {
	if c.held == 0 {
		if len(c.values) == c.most*c.rows {
			c.halve()
		}
		c.values = append(c.values, make([]uint8, c.rows)...)
	}
	last := c.values[len(c.values)-c.rows:]
	for i, v := range values {
		last[i] = max(last[i], uint8(math.Round(255*max(0, min(1, v)))))
	}
	c.held = (c.held + 1) % c.fold
}

func (c *curve) halve() {
	for i := range c.most / 2 {
		for row := range c.rows {
			c.values[i*c.rows+row] = max(c.values[2*i*c.rows+row], c.values[(2*i+1)*c.rows+row])
		}
	}
	c.values = c.values[:c.most/2*c.rows]
	c.fold, c.step = 2*c.fold, 2*c.step
}

// encode writes "EWC1", the step as float32, rows and points as uint32, all
// little-endian, then the values point by point.
func (c *curve) encode() []byte {
	b := append(make([]byte, 0, 16+len(c.values)), "EWC1"...)
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(c.step)))
	b = binary.LittleEndian.AppendUint32(b, uint32(c.rows))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.values)/c.rows))
	return append(b, c.values...)
}
