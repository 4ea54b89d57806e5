// Package midi reads and writes Standard MIDI Files: enough for scores of our
// own making and for those that other programs leave behind. Time is in ticks;
// TempoMap turns ticks into seconds.
package midi

import (
	"cmp"
	"slices"
)

// Status bytes of channel messages, to be or-ed with the channel (0 to 15),
// and of the two kinds of event that belong to no channel.
const (
	NoteOff       byte = 0x80
	NoteOn        byte = 0x90
	KeyPressure   byte = 0xA0
	Controller    byte = 0xB0
	ProgramChange byte = 0xC0
	Pressure      byte = 0xD0
	PitchBend     byte = 0xE0
	SysEx         byte = 0xF0
	SysExMore     byte = 0xF7
	Meta          byte = 0xFF
)

// Types of meta events.
const (
	TrackName     byte = 0x03
	EndOfTrack    byte = 0x2F
	SetTempo      byte = 0x51
	TimeSignature byte = 0x58
	KeySignature  byte = 0x59
)

// DrumChannel is the channel that General MIDI gives to percussion.
const DrumChannel = 9

// Event is one message of a track.
type Event struct {
	Tick   int64  // from the start of the track
	Status byte   // with its channel; Meta, SysEx or SysExMore
	Type   byte   // of a Meta event; else 0
	Data   []byte // one or two bytes of a channel message; the payload of the others
}

// Kind is the status without its channel.
func (e Event) Kind() byte {
	if e.Status >= SysEx {
		return e.Status
	}
	return e.Status & 0xF0
}

// Channel is the channel of a channel message, 0 to 15.
func (e Event) Channel() uint8 { return e.Status & 0x0F }

// Track is a list of events by rising tick. The end of track is not in it:
// Write adds it.
type Track []Event

// File is a Standard MIDI File of format 0 or 1.
type File struct {
	Division int // ticks a quarter note, 1 to 32767
	Tracks   []Track
}

// TrackEvent is an event and the track it stands in.
type TrackEvent struct {
	Event
	Track int
}

// Merged lists the events of all tracks by rising tick. Those of one tick keep
// the order of their tracks.
func (f *File) Merged() []TrackEvent {
	var all []TrackEvent
	for i, t := range f.Tracks {
		for _, e := range t {
			all = append(all, TrackEvent{Event: e, Track: i})
		}
	}
	slices.SortStableFunc(all, func(a, b TrackEvent) int { return cmp.Compare(a.Tick, b.Tick) })
	return all
}

// dataBytes is how many bytes follow a channel message's status.
func dataBytes(status byte) int {
	switch status & 0xF0 {
	case ProgramChange, Pressure:
		return 1
	default:
		return 2
	}
}
