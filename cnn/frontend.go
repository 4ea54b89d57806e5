package cnn

import (
	"context"
	"math"

	"earworm/dsp"
)

// FrontEnd is how sound becomes a network's input: magnitudes of windows of
// Window samples every Hop, summed into Bands, brought to one loudness and
// bent by log1p. Training and serving share it; a weight file carries it, and
// is refused where it differs.
type FrontEnd struct {
	Kind      string  `json:"kind"` // "mel" or "log-frequency"
	Rate      int     `json:"rate_hz"`
	Window    int     `json:"window_samples"`
	Hop       int     `json:"hop_samples"`
	Bands     int     `json:"bands"`
	PerOctave int     `json:"bands_per_octave,omitempty"`
	MinHz     float64 `json:"min_hz"`
	MaxHz     float64 `json:"max_hz,omitempty"`
	Gain      float64 `json:"gain"`   // magnitudes are scaled so that the recording's RMS becomes this before log1p
	Center    float64 `json:"center"` // then x becomes (x - Center) · Scale
	Scale     float64 `json:"scale"`
}

// The front ends of the two networks.
var (
	RhythmFrontEnd = FrontEnd{
		Kind: "mel", Rate: dsp.SampleRate, Window: 1024, Hop: 441, Bands: rhythmBands,
		MinHz: 30, MaxHz: 10000, Gain: 1000, Center: 2, Scale: 0.7,
	}
	KeyFrontEnd = FrontEnd{
		Kind: "log-frequency", Rate: dsp.SampleRate, Window: 8192, Hop: 4410, Bands: KeyBands + 2*tuningMargin,
		PerOctave: keyPerOctave,
		MinHz:     dsp.MIDIToHz(keyLowestNote - (keyMarginBands+tuningMargin)*12.0/keyPerOctave),
		Gain:      300, Center: 1, Scale: 0.8,
	}
)

// tuningMargin is how many bands at either end are there to be shifted in.
const tuningMargin = 2

func (f FrontEnd) bank() *dsp.Bank {
	if f.Kind == "mel" {
		return dsp.MelBank(f.Bands, f.Window, f.Rate, f.MinHz, f.MaxHz)
	}
	return dsp.LogBank(f.Bands, f.PerOctave, f.Window, f.Rate, f.MinHz)
}

// RhythmFPS is the frame rate of beats, in frames a second.
const RhythmFPS = 50

// Heard is what is kept of a recording's sound: magnitudes, not yet scaled.
type Heard struct {
	Rhythm  []float32 // (frames, 81)
	Key     []float32 // (frames, 228+4)
	Tuning  float64   // cents
	RMS     float64   // 1 is a full-scale square wave
	Peak    float64
	Samples int
}

// listener turns sound into Heard as it arrives. One goroutine's.
type listener struct {
	rhythm, key         *dsp.STFT
	rhythmBank, keyBank *dsp.Bank
	tuning              dsp.Tuning
	heard               Heard
	squares             float64
}

func newListener() *listener {
	return &listener{
		rhythm:     dsp.NewSTFT(RhythmFrontEnd.Window, RhythmFrontEnd.Hop),
		key:        dsp.NewSTFT(KeyFrontEnd.Window, KeyFrontEnd.Hop),
		rhythmBank: RhythmFrontEnd.bank(),
		keyBank:    KeyFrontEnd.bank(),
	}
}

func (l *listener) write(samples []float32) {
	for _, v := range samples {
		l.squares += float64(v) * float64(v)
		l.heard.Peak = max(l.heard.Peak, math.Abs(float64(v)))
	}
	l.heard.Samples += len(samples)
	l.rhythm.Write(samples, l.rhythmFrame)
	l.key.Write(samples, l.keyFrame)
}

func (l *listener) finish() Heard {
	l.rhythm.Flush(l.rhythmFrame)
	l.key.Flush(l.keyFrame)
	l.heard.Tuning, l.heard.RMS = l.tuning.Cents(), l.rms()
	return l.heard
}

// rms is the level of all that was heard so far.
func (l *listener) rms() float64 { return math.Sqrt(l.squares / float64(max(1, l.heard.Samples))) }

func (l *listener) rhythmFrame(magnitude []float32) {
	l.heard.Rhythm = appendBands(l.heard.Rhythm, l.rhythmBank, magnitude)
}

func (l *listener) keyFrame(magnitude []float32) {
	l.heard.Key = appendBands(l.heard.Key, l.keyBank, magnitude)
	l.tuning.Add(magnitude, KeyFrontEnd.Window, KeyFrontEnd.Rate)
}

func appendBands(frames []float32, bank *dsp.Bank, magnitude []float32) []float32 {
	n := len(frames)
	for range bank.Bands() {
		frames = append(frames, 0)
	}
	bank.Apply(frames[n:], magnitude)
	return frames
}

// Listen hears a recording to its end, or until ctx ends. Errors are the
// reader's and the context's.
func Listen(ctx context.Context, audio dsp.SampleReader) (Heard, error) {
	l := newListener()
	if err := dsp.ReadTo(ctx, audio, l.write); err != nil {
		return Heard{}, err
	}
	return l.finish(), nil
}

// Compress brings magnitudes to the front end's loudness and bends them: the
// numbers that the feature cache of training keeps.
func (f FrontEnd) Compress(dst, magnitudes []float32, rms float64) {
	gain := f.Gain / math.Max(rms, 1e-9)
	for i, v := range magnitudes {
		dst[i] = float32(math.Log1p(gain * float64(v)))
	}
}

// Standardise is the front end's last step, in place.
func (f FrontEnd) Standardise(x []float32) {
	for i, v := range x {
		x[i] = float32((float64(v) - f.Center) * f.Scale)
	}
}

// Retune shifts compressed key frames of 232 bands by cents, so that the
// recording's A4 comes to lie on 440 Hz, and drops the margin: (frames, 228).
func Retune(x []float32, cents float64) []float32 {
	wide := KeyBands + 2*tuningMargin
	shift := cents / 100 * keyPerOctave / 12 // bands up in the recording
	whole := math.Floor(shift)
	low, high := float32(1-(shift-whole)), float32(shift-whole)
	y := make([]float32, len(x)/wide*KeyBands)
	for t := range len(x) / wide {
		row := x[t*wide+tuningMargin+int(whole):]
		for i := range KeyBands {
			v := low * row[i]
			if high > 0 {
				v += high * row[i+1]
			}
			y[t*KeyBands+i] = v
		}
	}
	return y
}
