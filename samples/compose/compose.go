// Package compose writes music for a band: drums, bass, chords and melody in a
// style, key, meter and tempo that are known exactly, because they were asked
// for. It makes the samples in this repository and most of the training audio.
//
// Time inside the package is in ticks, 24 to the quarter note: a sixteenth is 6
// and a triplet eighth 8. Only the last step, playing, turns ticks into seconds.
package compose

import (
	"fmt"
	"math/rand/v2"

	"earworm/samples/score"
	"earworm/schema"
)

const (
	quarter   = 24 // ticks
	eighth    = quarter / 2
	sixteenth = quarter / 4
)

// Brief is what one would tell a band before it plays.
type Brief struct {
	Style    string // one of Styles
	Key      schema.Key
	Meter    schema.Meter
	TempoBPM float64 // of the felt beat, see BeatTicks
	LengthS  float64

	// Steady is a band that starts at full strength, never drops out and keeps
	// its tempo.
	Steady bool
	// Chords are what to accompany, one bar each, and then from the start
	// again; nil leaves the harmony to the band.
	Chords []Bar
	// NoLead and NoDrums send the player away.
	NoLead, NoDrums bool
	// Palette lends more progressions and grooves than the built-in ones.
	Palette *Palette
}

// Validate names what no band could play.
func (b Brief) Validate() error {
	if _, ok := styles[b.Style]; !ok {
		return fmt.Errorf("style is %q; want one of %v", b.Style, Styles())
	}
	switch {
	case b.Key == schema.UnknownKey:
		return fmt.Errorf("key is unknown; want one of %v", schema.Keys())
	case len(groupings[b.Meter.String()]) == 0:
		return fmt.Errorf("meter is %q; want one of %v", b.Meter, Meters())
	case b.TempoBPM < 20 || b.TempoBPM > 300:
		return fmt.Errorf("tempo is %g BPM; want 20 to 300", b.TempoBPM)
	case b.LengthS < 1 || b.LengthS > 3600:
		return fmt.Errorf("length is %g s; want 1 to 3600", b.LengthS)
	}
	return nil
}

// Compose writes a piece to a brief. Equal seeds give equal music. It panics on
// a brief that does not validate.
func Compose(rng *rand.Rand, b Brief) *score.Score {
	if err := b.Validate(); err != nil {
		panic("compose: " + err.Error())
	}
	s := newSong(rng, b)
	s.arrange()
	for bar := range s.bars {
		s.playBar(bar)
	}
	return s.perform()
}

// song is a piece while it is written. One goroutine.
type song struct {
	rng     *rand.Rand
	brief   Brief
	style   Style
	grid    grid
	bars    int
	harmony []Bar // one a bar of the progression, repeated
	scale   scale
	layers  []layer
	plan    []section // one a bar
	drums   *drummer
	hits    []hit // what was played, in ticks
}

// hit is a note in ticks.
type hit struct {
	tick, length int
	channel      uint8
	pitch        int
	velocity     float64 // 0 to 1
}

// layer is one player.
type layer struct {
	name    role
	channel uint8
	sound   uint8 // General MIDI program
	level   uint8 // channel volume
	play    func(bar int, b Bar)
}

type role string

const (
	lead   role = "lead"
	bass   role = "bass"
	comp   role = "comp"
	pad    role = "pad"
	second role = "second"
	drums  role = "drums"
)

func newSong(rng *rand.Rand, b Brief) *song {
	s := &song{rng: rng, brief: b, style: styles[b.Style]}
	s.grid = newGrid(rng, b.Meter)
	barSeconds := float64(s.grid.bar) / float64(s.grid.beat) * 60 / b.TempoBPM
	s.bars = int(b.LengthS/barSeconds) + 2
	s.scale = scaleOf(b.Key)
	if s.harmony = b.Chords; s.harmony == nil {
		s.harmony = s.chooseHarmony()
	}
	s.drums = newDrummer(s)
	s.layers = s.hire()
	return s
}

func (s *song) playBar(bar int) {
	b := s.harmony[bar%len(s.harmony)]
	at := s.plan[bar]
	for _, l := range s.layers {
		if at.silent[l.name] {
			continue
		}
		l.play(bar, b)
	}
	if !at.silent[drums] {
		s.drums.play(bar, at)
	}
}

// note adds a note to the song; tick counts from the start of the bar.
func (s *song) note(bar, tick, length int, channel uint8, pitch int, velocity float64) {
	s.hits = append(s.hits, hit{
		tick: bar*s.grid.bar + tick, length: max(length, 1),
		channel: channel, pitch: pitch, velocity: velocity,
	})
}

// chance is true with probability p.
func (s *song) chance(p float64) bool { return s.rng.Float64() < p }

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

func between(rng *rand.Rand, lo, hi float64) float64 { return lo + rng.Float64()*(hi-lo) }
