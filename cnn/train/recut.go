package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"earworm/cnn"
	"earworm/schema"
)

// Recordings with labelled bars are nearly all in 4/4. What is left of them
// without one beat of each bar is in 3/4, and sounds as recordings do (Morais,
// Fuentes & McFee 2025, "Skip that beat", section 3). Since the seams would
// give it away, music is also cut so that its meter stays, or turns from
// three to two.

// recutting is a way of leaving parts of the music out, over and over.
type recutting struct {
	bar   int          // beats in a bar of what it can be made of
	every int          // beats, after which it begins anew
	leave int          // how many of these are left out, one after the other
	share float64      // of each other beat that remains
	meter schema.Meter // of what remains; zero: the same
	odds  float64      // of it to be drawn
}

// waltz turns common time into three.
var waltz = recutting{bar: 4, every: 4, leave: 1, share: 1, meter: schema.Meter{Beats: 3, Unit: 4}, odds: 0.2}

var recuttings = []recutting{
	waltz,
	{bar: 4, every: 12, leave: 4, share: 1, odds: 0.12},
	{bar: 4, every: 4, share: 0.75, meter: schema.Meter{Beats: 12, Unit: 8}, odds: 0.05},
	{bar: 3, every: 3, leave: 1, share: 1, meter: schema.Meter{Beats: 2, Unit: 4}, odds: 0.08},
	{bar: 3, every: 9, leave: 3, share: 1, odds: 0.12},
	{bar: 3, every: 3, share: 0.75, meter: schema.Meter{Beats: 9, Unit: 8}, odds: 0.05},
}

// barBeats is how many beats the item's bars have, 0 where they are not known,
// change, or have neither three nor four; bars of two are taken by pairs.
func (it Item) barBeats() int {
	if len(it.Beats) < fewestRecut || len(it.Positions) != len(it.Beats) || it.MeterWeight == 0 {
		return 0
	}
	inBar := slices.Max(it.Positions)
	for i, p := range it.Positions[1:] {
		if p != it.Positions[i]%inBar+1 {
			return 0
		}
	}
	switch class := cnn.MeterClass(it.Meter); {
	case class == 0 && inBar == 3:
		return 3
	case class == 1 && (inBar == 2 || inBar == 4):
		return 4
	}
	return 0
}

// fewestRecut are the beats that an item has at least to be cut.
const fewestRecut = 12

// recut leaves parts of one example in a few out.
func (a augment) recut(e Example) Example {
	dice := a.rng.Float64()
	if e.Source == GameMusic {
		dice /= recordedOdds
	}
	bar := e.barBeats()
	for _, r := range recuttings {
		if r.bar != bar || r.share < 1 && e.Meter.Beats != bar {
			continue
		}
		if dice < r.odds {
			return r.cut(e, a.rng)
		}
		dice -= r.odds
	}
	return e
}

// recordedOdds is how much more often recordings are cut: they have so little
// else in three.
const recordedOdds = 2

// seam is how many frames before a beat the music is cut: its sound begins
// before the beat, by half a window.
const seam = 2

// cut leaves out what the recutting says; rng draws which of the beats, but
// never a single downbeat.
func (r recutting) cut(e Example, rng *rand.Rand) Example {
	left := rng.IntN(r.every)
	if r.leave == 1 {
		left = 1 + rng.IntN(r.every-1)
	}
	out := e
	out.Mel, out.Beats, out.Positions = nil, nil, nil
	bands := cnn.RhythmFrontEnd.Bands
	frames := len(e.Mel) / bands
	frame := func(s float64) int { return min(max(int(math.Round(s*cnn.RhythmFPS))-seam, 0), frames) }
	first := slices.Index(e.Positions, 1)
	for i := first; i+1 < len(e.Beats); i++ {
		place := (i - first) % r.every
		if (place-left+r.every)%r.every < r.leave {
			continue
		}
		from, to := e.Beats[i], e.Beats[i]+r.share*(e.Beats[i+1]-e.Beats[i])
		within := from - float64(frame(from))/cnn.RhythmFPS
		position := e.Positions[i]
		if r.meter.Beats > 0 {
			position = place%r.bar + 1
			if r.leave == 1 && place > left {
				position--
			}
			out.Meter = r.meter
		}
		out.Beats = append(out.Beats, float64(len(out.Mel)/bands)/cnn.RhythmFPS+within)
		out.Positions = append(out.Positions, position)
		out.Mel = append(out.Mel, e.Mel[frame(from)*bands:frame(to)*bands]...)
	}
	out.TempoBPM /= r.share
	return out
}

// Recut is the source of recordings that were cut to be in three.
const Recut = GameMusic + ", cut to three"

// inThree is every recording in common time, where its bars are known, cut to be
// in three; only its meter counts.
func inThree(examples []Example) []Example {
	rng := rand.New(rand.NewPCG(34, 44))
	var all []Example
	for _, e := range examples {
		if e.Source != GameMusic || e.barBeats() != waltz.bar {
			continue
		}
		cut := waltz.cut(e, rng)
		cut.Source, cut.TempoWeight, cut.BeatWeight = Recut, 0, 0
		all = append(all, cut)
	}
	return all
}
