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
	rng   *rand.Rand
	score *score.Score
	item  *Item
	rate  int     // Hz at which it is synthesised; played at dsp.SampleRate
	pace  float64 // how much longer a time-stretch makes it; 0 is none
	pcm   []float32
}

// did records an augmentation.
func (t *take) did(what string) { t.item.Augment = append(t.item.Augment, what) }

func (t *take) chance(p float64) bool { return t.rng.Float64() < p }

// record plays an excerpt, sends the sound through a chain of what recordings
// go through, and writes audio and labels.
func (s *studio) record(ctx context.Context, rng *rand.Rand, e excerpt, item *Item) error {
	item.Piece = e.piece
	item.Split = splitOf(item.Source, e.piece)
	if e.sound != nil {
		item.Nothing = true
		return s.finish(ctx, &take{rng: rng, score: &score.Score{}, item: item, rate: dsp.SampleRate, pcm: e.sound})
	}
	font := s.chooseFont(rng, item.Split)
	item.Font = font.Name
	t := &take{rng: rng, score: e.score, item: item, rate: dsp.SampleRate}
	if len(t.score.Notes) < fewestNotes {
		return fmt.Errorf("%s: %w", e.piece, errSparse)
	}
	if item.Source != "band" { // which is in any key by itself
		t.score.Transpose(rng.IntN(12) - 5)
	}
	t.pitch()
	t.pauseBefore()
	voice, kit := t.players(e.band)

	reverb := t.chance(0.15)
	stereo, err := synth.Render(ctx, t.score, synth.Config{
		Font: font.Path, Rate: t.rate, Reverb: reverb, Temp: s.temp, Commands: s.quick,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", e.piece, err)
	}
	t.pcm = synth.Mono(stereo)
	t.add(kit.play(t.rng, t.rate, len(t.pcm)), 1)
	t.add(voice.sing(t.rng, t.rate, len(t.pcm)), between(rng, 0.5, 1.3))
	t.stretch()
	return s.finish(ctx, t)
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

// pauseBefore lets some excerpts begin after a silence.
func (t *take) pauseBefore() {
	if !t.chance(0.08) {
		return
	}
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

// players takes from a band of ours the notes that are sung, and the strokes
// that a drum machine plays, instead of the sound font.
func (t *take) players(band bool) (choir, machine) {
	var voice choir
	var kit machine
	if !band {
		return voice, kit
	}
	sung, drummed := t.chance(0.25), t.chance(0.35)
	var rest []score.Note
	for _, n := range t.score.Notes {
		switch {
		case sung && n.Channel == score.Lead:
			voice.notes = append(voice.notes, n)
		case drummed && n.Channel == midi.DrumChannel:
			kit.strokes = append(kit.strokes, n)
		default:
			rest = append(rest, n)
		}
	}
	if len(rest) == 0 {
		return choir{}, machine{}
	}
	t.score.Notes = rest
	if voice.notes != nil {
		voice.cents = t.item.TuningCents
		if t.rate != dsp.SampleRate {
			voice.cents = 0 // the speed does it
		}
		t.did("voice")
	}
	if kit.strokes != nil {
		t.did("drum machine")
	}
	return voice, kit
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
