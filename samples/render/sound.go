package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"earworm/dsp"
	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/samples/synth"
)

// fontOdds is how often training hears each sound font.
var fontOdds = map[string]int{"MuseScore": 36, "FluidR3": 30, "OPL3": 18, "FluidR3Mono": 16}

// chooseFont draws the font of a split: validation has one to itself.
func (s *studio) chooseFont(rng *rand.Rand, split string) synth.Font {
	if split == "valid" {
		for _, f := range s.fonts {
			if f.Name == validFont {
				return f
			}
		}
	}
	var hat []synth.Font
	for _, f := range s.fonts {
		for range fontOdds[f.Name] {
			hat = append(hat, f)
		}
	}
	return pick(rng, hat)
}

// take is an excerpt on its way to audio.
type take struct {
	seed  uint64     // of all its dice
	rng   *rand.Rand // the dice of the step that it is at
	score *score.Score
	item  *Item
	rate  int     // Hz at which it is synthesised; played at dsp.SampleRate
	pace  float64 // how much longer a time-stretch makes it; 0 is none
	pcm   []float32

	without []string // Augmentations that are left out
}

// did records an augmentation.
func (t *take) did(what string) { t.item.Augment = append(t.item.Augment, what) }

func (t *take) chance(p float64) bool { return t.rng.Float64() < p }

// record plays an excerpt, sends the sound through a chain of what recordings
// go through, and writes audio and labels.
func (s *studio) record(ctx context.Context, rng *rand.Rand, e excerpt, item *Item) error {
	item.Piece = e.piece
	item.Split = splitOf(item.Source, e.piece)
	t := &take{seed: rng.Uint64(), score: e.score, item: item, rate: dsp.SampleRate, without: s.config.Without}
	if e.sound != nil {
		item.Nothing = true
		t.score, t.pcm = &score.Score{}, e.sound
		return s.finish(ctx, t)
	}
	if len(t.score.Notes) < fewestNotes {
		return fmt.Errorf("%s: %w", e.piece, errSparse)
	}
	t.at("font")
	font := s.chooseFont(t.rng, item.Split)
	item.Font = font.Name
	if item.Source != "band" && t.step("transpose", 1) { // the band is in any key by itself
		t.score.Transpose(t.rng.IntN(12) - 5)
	}
	if t.step("pitch", 1) {
		t.pitch()
	}
	if t.step("pause", 0.08) {
		t.pauseBefore()
	}
	if err := s.perform(ctx, t, e.band, font); err != nil {
		return fmt.Errorf("%s: %w", e.piece, err)
	}
	if t.step("time-stretch", 0.08) {
		t.stretch()
	}
	return s.finish(ctx, t)
}

// perform has the score played by a sound font, and what of it a voice and
// drums of another kind take over, by those.
func (s *studio) perform(ctx context.Context, t *take, band bool, font synth.Font) error {
	singer := t.singer(band)
	drums := t.drummer(s.chooseKit, band)
	hall := t.step("hall", 0.15)
	if hall {
		t.did("hall")
	}
	stereo, err := synth.Render(ctx, t.score, synth.Config{
		Font: font.Path, Rate: t.rate, Reverb: hall, Temp: s.temp, Commands: s.quick,
	})
	if err != nil {
		return err
	}
	t.pcm = synth.Mono(stereo)
	t.at("drum sounds")
	beaten, err := drums(ctx, t.rng, t.rate, len(t.pcm))
	if err != nil {
		return err
	}
	t.add(beaten, 1)
	t.at("voice sounds")
	level := between(t.rng, 0.5, 1.3)
	t.add(singer.sing(t.rng, t.rate, len(t.pcm)), level)
	return nil
}

// finish takes what was played through the chain and writes it down.
func (s *studio) finish(ctx context.Context, t *take) error {
	if err := s.augment(ctx, t); err != nil {
		return fmt.Errorf("%s: %w", t.item.Piece, err)
	}
	t.label()
	return writeAudio(filepath.Join(s.config.Out, t.item.Audio), t.pcm)
}

// pitch tunes the band: most are in tune or nearly; some were played or
// digitised off pitch, the latter at another speed, too.
func (t *take) pitch() {
	const wide = 40 // cents
	switch x := t.rng.Float64(); {
	case x < 0.2:
		t.item.TuningCents = between(t.rng, -wide, wide)
		t.score.Detune(t.item.TuningCents)
		t.did("tuning")
	case x < 0.35:
		cents := between(t.rng, -wide, wide)
		// Synthesised at another rate and played at the usual one, it is as a
		// tape at another speed.
		t.rate = int(math.Round(dsp.SampleRate * math.Exp2(-cents/1200)))
		t.item.TuningCents = 1200 * math.Log2(dsp.SampleRate/float64(t.rate))
		t.did("speed")
	case x < 0.6:
		t.item.TuningCents = t.rng.NormFloat64() * 3
		t.score.Detune(t.item.TuningCents)
	}
}

// pauseBefore lets the excerpt begin after a silence.
func (t *take) pauseBefore() {
	pause := between(t.rng, 0.3, 3)
	length := t.score.Length
	t.score = t.score.Cut(0, max(length-pause, 10))
	t.score.Warp(func(at float64) float64 { return at + pause })
	for i, c := range t.score.Controls {
		if c.At <= pause {
			t.score.Controls[i].At = 0
		}
	}
	t.did("pause")
}

// singer takes from a band of ours, now and then, the notes that are sung.
func (t *take) singer(band bool) choir {
	if !t.step("voice", 0.25) || !band {
		return choir{}
	}
	sung := t.takeOver(func(n score.Note) bool { return n.Channel == score.Lead })
	if sung == nil {
		return choir{}
	}
	t.did("voice")
	if t.rate != dsp.SampleRate {
		return choir{notes: sung} // the speed is what detunes it
	}
	return choir{notes: sung, cents: t.item.TuningCents}
}

// beaten makes n samples of drums at a rate; nil where nothing is beaten.
type beaten func(ctx context.Context, rng *rand.Rand, rate, n int) ([]float32, error)

// drummer takes out the strokes that other drums than the sound font's play: a
// drum machine those of a band of ours, a kit those of any music.
func (t *take) drummer(choose func(*rand.Rand, string) *drumkit, band bool) beaten {
	const machines, kits = 0.35, 0.3
	silent := func(context.Context, *rand.Rand, int, int) ([]float32, error) { return nil, nil }
	if !t.step("drums", machines+kits) {
		return silent
	}
	drummed := func(n score.Note) bool { return n.Channel == midi.DrumChannel }
	if t.chance(machines / (machines + kits)) {
		if !band {
			return silent
		}
		m := machine{strokes: t.takeOver(drummed)}
		if m.strokes != nil {
			t.did("drum machine")
		}
		return func(_ context.Context, rng *rand.Rand, rate, n int) ([]float32, error) {
			return m.play(rng, rate, n), nil
		}
	}
	kit := choose(t.rng, t.item.Split)
	if kit == nil {
		return silent
	}
	strokes := t.takeOver(func(n score.Note) bool { return drummed(n) && kit.has(n.Pitch) })
	if strokes == nil {
		return silent
	}
	t.item.Drums = kit.name
	t.did("drum kit")
	return func(ctx context.Context, rng *rand.Rand, rate, n int) ([]float32, error) {
		return kit.play(ctx, rng, strokes, rate, n)
	}
}

// takeOver takes notes out of the score, unless they are all that is in it.
func (t *take) takeOver(want func(score.Note) bool) []score.Note {
	var taken, rest []score.Note
	for _, n := range t.score.Notes {
		if want(n) {
			taken = append(taken, n)
		} else {
			rest = append(rest, n)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	t.score.Notes = rest
	return taken
}

// add mixes a part in at a level relative to the rest.
func (t *take) add(part []float32, level float64) {
	if part == nil {
		return
	}
	have, want := rms(t.pcm), rms(part)
	gain := float32(level * 0.6)
	if have > 0 && want > 0 {
		gain = float32(level * have / want)
	}
	for i := range t.pcm {
		t.pcm[i] += gain * part[i]
	}
}

// label takes the labels from the score, on the clock of the finished audio.
func (t *take) label() {
	scale := float64(t.rate) / dsp.SampleRate
	if t.pace > 0 {
		scale *= t.pace
	}
	t.item.Key, t.item.Meter, t.item.Genre = t.score.Key, t.score.Meter, t.score.Genre
	t.item.TempoBPM = math.Round(t.score.Tempo()/scale*100) / 100
	for _, b := range t.score.Beats {
		t.item.Beats = append(t.item.Beats, math.Round(b.At*scale*1e4)/1e4)
		if b.Position > 0 {
			t.item.Positions = append(t.item.Positions, b.Position)
		}
	}
	t.item.TuningCents = math.Round(t.item.TuningCents*10) / 10
}

// writeAudio writes the file under its name only when it is whole.
func writeAudio(path string, pcm []float32) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return fmt.Errorf("write audio: %w", err)
	}
	if err := errors.Join(synth.WriteWAV(f, pcm, 1, dsp.SampleRate, 16), f.Close()); err != nil {
		return fmt.Errorf("write audio: %w", err)
	}
	return os.Rename(path+".part", path)
}

func rms(pcm []float32) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(max(len(pcm), 1)))
}

func peakOf(pcm []float32) float32 {
	peak := float32(0)
	for _, v := range pcm {
		peak = max(peak, abs(v))
	}
	return peak
}

// fromOnset is the sound from where it first reaches a share of its peak.
func fromOnset(pcm []float32, share float32) []float32 {
	least := share * peakOf(pcm)
	start := 0
	for start < len(pcm) && abs(pcm[start]) < least {
		start++
	}
	return pcm[start:]
}
