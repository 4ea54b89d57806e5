package score

import (
	"cmp"
	"math"
	"slices"

	"earworm/samples/midi"
)

// Files of our own run at a fixed tempo, so that a tick is a fixed time:
// half a millisecond, finer than any synthesiser's block.
const (
	division       = 1000
	usPerQuarter   = 500_000
	ticksPerSecond = division * 1e6 / usPerQuarter
)

// MIDI writes the score as a file of one track at a fixed tempo: its ticks are
// times, not notation.
func (s *Score) MIDI() *midi.File {
	tick := func(at float64) int64 { return int64(math.Round(max(at, 0) * ticksPerSecond)) }
	track := midi.Track{{
		Status: midi.Meta, Type: midi.SetTempo,
		Data: []byte{usPerQuarter >> 16, usPerQuarter >> 8 & 0xFF, usPerQuarter & 0xFF},
	}}
	for _, c := range s.Controls {
		e := midi.Event{Tick: tick(c.At), Status: c.Status, Data: c.Data[:]}
		if k := e.Kind(); k == midi.ProgramChange || k == midi.Pressure {
			e.Data = c.Data[:1]
		}
		track = append(track, e)
	}
	for _, n := range s.Notes {
		on, off := tick(n.On), max(tick(n.Off), tick(n.On)+1)
		track = append(track,
			midi.Event{Tick: on, Status: midi.NoteOn | n.Channel, Data: []byte{n.Pitch, n.Velocity}},
			midi.Event{Tick: off, Status: midi.NoteOff | n.Channel, Data: []byte{n.Pitch, 64}})
	}
	// At one tick, what ends comes first, then controls, then what begins:
	// a repeated note is not cut by its predecessor's end.
	slices.SortStableFunc(track, func(a, b midi.Event) int {
		return cmp.Or(cmp.Compare(a.Tick, b.Tick), cmp.Compare(order(a), order(b)))
	})
	track = append(track, midi.Event{
		Tick: max(tick(s.Length), track[len(track)-1].Tick), Status: midi.Meta, Type: midi.TrackName,
	})
	return &midi.File{Division: division, Tracks: []midi.Track{track}}
}

func order(e midi.Event) int {
	switch e.Kind() {
	case midi.Meta:
		return 0
	case midi.NoteOff:
		return 1
	case midi.NoteOn:
		return 3
	default:
		return 2
	}
}

// FromMIDI takes the notes and controls out of a file. It knows no labels.
// As on a synthesizer, a key that is struck again ends what it sounded before, and
// one that is let go all of it: there are files that strike a dozen times and let
// go once.
func FromMIDI(f *midi.File) *Score {
	s := &Score{}
	tempo := f.Tempo()
	type voice struct{ channel, pitch uint8 }
	sounding := map[voice][]int{}
	for _, e := range f.Merged() {
		at := tempo.Seconds(e.Tick)
		s.Length = max(s.Length, at)
		switch e.Kind() {
		case midi.NoteOn, midi.NoteOff:
			v := voice{e.Channel(), e.Data[0]}
			struck := e.Kind() == midi.NoteOn && e.Data[1] > 0
			open := sounding[v]
			if len(open) > 0 && !(struck && s.Notes[open[0]].On == at) {
				for _, i := range open {
					s.Notes[i].Off = at
				}
				open = open[:0]
			}
			if struck {
				s.Notes = append(s.Notes, Note{On: at, Off: -1, Channel: v.channel, Pitch: v.pitch, Velocity: e.Data[1]})
				open = append(open, len(s.Notes)-1)
			}
			sounding[v] = open
		case midi.Controller, midi.ProgramChange, midi.Pressure, midi.PitchBend:
			c := Control{At: at, Status: e.Status}
			copy(c.Data[:], e.Data)
			s.Controls = append(s.Controls, c)
		}
	}
	for i := range s.Notes {
		if s.Notes[i].Off < 0 {
			s.Notes[i].Off = s.Length
		}
	}
	return s
}
