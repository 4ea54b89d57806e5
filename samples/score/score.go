// Package score holds music as notes in seconds, with what is known of it: its
// beats, key and meter. Every source of samples and training audio becomes a
// Score, so that cutting, transposing and stretching are written once, and move
// the labels along with the notes.
package score

import (
	"cmp"
	"math"
	"slices"

	"earworm/samples/midi"
	"earworm/schema"
)

// Lead is the channel that carries the melody in scores of our own making.
const Lead = 0

// Note is one sounding note.
type Note struct {
	On, Off  float64 // s
	Channel  uint8   // 0 to 15; midi.DrumChannel is percussion
	Pitch    uint8   // MIDI note number
	Velocity uint8   // 1 to 127
}

// Control is a channel message that is no note: a program, a controller, a bend.
type Control struct {
	At     float64 // s
	Status byte    // with its channel
	Data   [2]byte // the second is 0 where the message has one
}

// Beat is a felt beat.
type Beat struct {
	At       float64 // s
	Position int     // in its bar, from 1: the downbeat
}

// Score is a piece of music and its labels.
type Score struct {
	Notes    []Note
	Controls []Control
	Beats    []Beat       // rising; nil: unknown
	Key      schema.Key   // UnknownKey: unknown
	Meter    schema.Meter // zero: unknown
	Genre    string
	Length   float64 // s
}

// Tempo is the rate of the felt beats in BPM: of the median interval, so that
// a hold does not count. It is 0 where beats are unknown.
func (s *Score) Tempo() float64 {
	if len(s.Beats) < 3 {
		return 0
	}
	gaps := make([]float64, len(s.Beats)-1)
	for i := range gaps {
		gaps[i] = s.Beats[i+1].At - s.Beats[i].At
	}
	slices.Sort(gaps)
	return 120 / (gaps[len(gaps)/2] + gaps[(len(gaps)-1)/2])
}

// Sort puts notes, controls and beats in order of time.
func (s *Score) Sort() {
	slices.SortStableFunc(s.Notes, func(a, b Note) int { return cmp.Compare(a.On, b.On) })
	slices.SortStableFunc(s.Controls, func(a, b Control) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(s.Beats, func(a, b Beat) int { return cmp.Compare(a.At, b.At) })
}

// Warp moves all of the score by f, which maps old seconds to new and must rise.
func (s *Score) Warp(f func(float64) float64) {
	for i, n := range s.Notes {
		s.Notes[i].On, s.Notes[i].Off = f(n.On), f(n.Off)
	}
	for i, c := range s.Controls {
		s.Controls[i].At = f(c.At)
	}
	for i, b := range s.Beats {
		s.Beats[i].At = f(b.At)
	}
	s.Length = f(s.Length)
}

// Stretch makes the score longer by a factor; its tempo falls by it.
func (s *Score) Stretch(factor float64) {
	s.Warp(func(t float64) float64 { return t * factor })
}

// lowest and highest are the piano's ends; a note transposed beyond them comes
// back by octaves.
const (
	lowest  = 21
	highest = 108
	octave  = 12
)

// Transpose moves all but the drums by semitones, and the key with them.
func (s *Score) Transpose(semitones int) {
	for i, n := range s.Notes {
		if n.Channel == midi.DrumChannel {
			continue
		}
		p := int(n.Pitch) + semitones
		for p < lowest {
			p += octave
		}
		for p > highest {
			p -= octave
		}
		s.Notes[i].Pitch = uint8(p)
	}
	s.Key = TransposeKey(s.Key, semitones)
}

// TransposeKey moves a key by semitones, up or down; an unknown one stays so.
func TransposeKey(k schema.Key, semitones int) schema.Key {
	if k == schema.UnknownKey {
		return k
	}
	tonic := (k.Tonic() + semitones%octave + octave) % octave
	return schema.KeyOf(tonic, k.Minor())
}

// Detune moves all but the drums by cents, -100 to 100, by the fine tuning that
// General MIDI synthesisers understand. Labels stay.
func (s *Score) Detune(cents float64) {
	value := int(math.Round(8192 + cents/100*8192))
	value = min(max(value, 0), 16383)
	var tuning []Control
	for channel := range uint8(16) {
		if channel == midi.DrumChannel {
			continue
		}
		for _, d := range [][2]byte{
			{101, 0},
			{100, 1}, // registered parameter 1: fine tuning
			{6, byte(value >> 7)},
			{38, byte(value & 0x7F)},
			{101, 127},
			{100, 127}, // none: later data entries mean nothing
		} {
			tuning = append(tuning, Control{Status: midi.Controller | channel, Data: d})
		}
	}
	s.Controls = append(tuning, s.Controls...)
}

// ring is how much of a note that began before a cut must remain for it to
// begin again at the cut.
const ring = 0.4

// Cut is the score from one second to another, moved to begin at 0. Programs
// and controllers that held at the cut hold at its start. The receiver stays
// as it is.
func (s *Score) Cut(from, to float64) *Score {
	c := &Score{Key: s.Key, Meter: s.Meter, Genre: s.Genre, Length: to - from}
	for _, n := range s.Notes {
		if n.On < from && n.Off-from >= ring {
			n.On = from
		}
		if n.On < from || n.On >= to || n.Off <= n.On {
			continue
		}
		n.On, n.Off = n.On-from, min(n.Off, to)-from
		c.Notes = append(c.Notes, n)
	}
	for _, x := range s.Controls {
		if x.At >= to {
			continue
		}
		x.At = max(x.At-from, 0)
		c.Controls = append(c.Controls, x)
	}
	for _, b := range s.Beats {
		if b.At >= from && b.At < to {
			c.Beats = append(c.Beats, Beat{At: b.At - from, Position: b.Position})
		}
	}
	c.Sort()
	return c
}

// Clone is a deep copy.
func (s *Score) Clone() *Score {
	c := *s
	c.Notes = slices.Clone(s.Notes)
	c.Controls = slices.Clone(s.Controls)
	c.Beats = slices.Clone(s.Beats)
	return &c
}

// Program adds a General MIDI program (0 to 127) on a channel from the start.
func (s *Score) Program(channel, program uint8) {
	s.Controls = append(s.Controls, Control{Status: midi.ProgramChange | channel, Data: [2]byte{program}})
}

// Controller sets a controller on a channel from a time on.
func (s *Score) Controller(at float64, channel, number, value uint8) {
	s.Controls = append(s.Controls, Control{
		At: at, Status: midi.Controller | channel, Data: [2]byte{number, value},
	})
}
