package render

import (
	"math/rand/v2"

	"earworm/samples/midi"
	"earworm/samples/score"
)

// An ensemble has, for each of four registers from the bass up, the General
// MIDI programs that may play it.
type ensemble struct {
	desks   [registers][]uint8
	odds    int
	doubles bool // the outer registers an octave further out
	drums   bool // a bass drum and a snare may march along
}

const registers = 4

var ensembles = []ensemble{
	{odds: 4, desks: [registers][]uint8{{42, 43, 48}, {42, 41, 48}, {41, 40, 48}, {40, 48}}},                                                 // string quartet
	{odds: 4, doubles: true, desks: [registers][]uint8{{48, 49, 43}, {48, 49}, {48, 49}, {48, 49, 44}}},                                      // string orchestra
	{odds: 5, doubles: true, drums: true, desks: [registers][]uint8{{58, 57, 61}, {57, 60, 66, 61}, {56, 60, 71, 65}, {56, 71, 73, 72}}},     // wind band
	{odds: 5, doubles: true, drums: true, desks: [registers][]uint8{{43, 58, 70, 48}, {42, 60, 57, 48}, {60, 71, 41, 68}, {40, 73, 56, 48}}}, // orchestra
	{odds: 2, desks: [registers][]uint8{{70, 58}, {60, 70}, {71, 68}, {73, 68, 71}}},                                                         // winds
	{odds: 1, desks: [registers][]uint8{{52, 53}, {52, 53}, {52, 53}, {52, 53, 54}}},                                                         // choir
	{odds: 2, desks: [registers][]uint8{{19, 20, 16}, {19, 20}, {19, 20}, {19, 20}}},                                                         // organ
	{odds: 2, desks: [registers][]uint8{{6, 43}, {6}, {6}, {6, 40, 73}}},                                                                     // continuo
	{odds: 3, desks: [registers][]uint8{{0, 1}, {0, 1}, {0, 1}, {0, 1}}},                                                                     // piano
	{odds: 2, desks: [registers][]uint8{{0, 42}, {0}, {0, 40}, {40, 41, 42, 60, 68, 71, 73}}},                                                // solo and piano
	{odds: 1, desks: [registers][]uint8{{24, 32}, {24, 46}, {24, 46}, {24, 46}}},                                                             // guitar or harp
}

// registerTops are the MIDI notes below which a voice is in the first, second
// and third register.
var registerTops = [registers - 1]float64{48, 60, 70}

func register(pitch float64) int {
	for r, top := range registerTops {
		if pitch < top {
			return r
		}
	}
	return registers - 1
}

// orchestrate gives the whole of a score to another ensemble: each part by
// where it lies, keyboard music note by note.
func orchestrate(rng *rand.Rand, s *score.Score) {
	e := drawEnsemble(rng)
	desk := deskOf(s)
	var notes []score.Note
	var controls []score.Control
	for _, c := range s.Controls {
		if c.Status&0x0F == midi.DrumChannel {
			controls = append(controls, c)
		}
	}
	s.Controls = controls
	for r, programs := range e.desks {
		s.Program(uint8(r), pick(rng, programs))
		s.Program(uint8(registers+r), pick(rng, programs))
		for _, at := range []uint8{0, registers} {
			s.Controller(0, at+uint8(r), 7, uint8(80+rng.IntN(45)))
		}
	}
	doubled := e.doubles && rng.IntN(2) == 0
	for _, n := range s.Notes {
		if n.Channel == midi.DrumChannel {
			notes = append(notes, n)
			continue
		}
		r := desk(n)
		n.Channel = uint8(r)
		notes = append(notes, n)
		switch {
		case !doubled:
		case r == 0 && n.Pitch > 40:
			n.Channel, n.Pitch = registers, n.Pitch-octave
			notes = append(notes, n)
		case r == registers-1 && n.Pitch < 84:
			n.Channel, n.Pitch = 2*registers-1, n.Pitch+octave
			notes = append(notes, n)
		}
	}
	s.Notes = notes
	swell(rng, s)
	if e.drums && rng.IntN(2) == 0 {
		march(rng, s)
	}
	s.Sort()
}

const octave = 12

func drawEnsemble(rng *rand.Rand) ensemble {
	var hat []ensemble
	for _, e := range ensembles {
		for range e.odds {
			hat = append(hat, e)
		}
	}
	return pick(rng, hat)
}

// deskOf says which register plays a note: that of its channel where there are
// three or more, which are voices, else its own.
func deskOf(s *score.Score) func(score.Note) int {
	var sum, count [16]float64
	voices := 0
	for _, n := range s.Notes {
		if n.Channel == midi.DrumChannel {
			continue
		}
		if count[n.Channel] == 0 {
			voices++
		}
		sum[n.Channel] += float64(n.Pitch)
		count[n.Channel]++
	}
	if voices < 3 {
		return func(n score.Note) int { return register(float64(n.Pitch)) }
	}
	return func(n score.Note) int { return register(sum[n.Channel] / count[n.Channel]) }
}

// swell lets all parts grow and fade together.
func swell(rng *rand.Rand, s *score.Score) {
	const step, least = 0.5, 60
	level, slope := between(rng, 80, 127), 0.0
	for at := 0.0; at < s.Length; at += step {
		slope = 0.8*slope + 2.5*rng.NormFloat64()
		level = min(max(level+slope, least), 127)
		for channel := range uint8(2 * registers) {
			s.Controller(at, channel, 11, uint8(level))
		}
	}
}

// march adds a bass drum on the downbeat (and on the third of four), a snare on
// the other beats, and now and then cymbals, as bands play anthems and dances.
func march(rng *rand.Rand, s *score.Score) {
	const bass, snare, cymbal = 36, 38, 49
	strike := func(at float64, drum, velocity int) {
		s.Notes = append(s.Notes, score.Note{
			On: at, Off: at + 0.2, Channel: midi.DrumChannel, Pitch: uint8(drum), Velocity: uint8(velocity + rng.IntN(16)),
		})
	}
	loud, offbeat, clash := 40+rng.IntN(60), rng.IntN(2) == 0, rng.IntN(3) == 0
	for i, b := range s.Beats {
		if b.Position == 0 {
			return // bars unknown
		}
		strong := b.Position == 1 || b.Position == 3 && s.Meter.Beats%4 == 0
		switch {
		case strong:
			strike(b.At, bass, loud)
			if clash && b.Position == 1 {
				strike(b.At, cymbal, loud*2/3)
			}
		case offbeat || rng.IntN(3) > 0:
			strike(b.At, snare, loud*2/3)
		}
		if offbeat && !strong && i+1 < len(s.Beats) {
			strike((b.At+s.Beats[i+1].At)/2, snare, loud/2)
		}
	}
}
