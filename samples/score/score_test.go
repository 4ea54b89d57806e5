package score_test

import (
	"math"
	"slices"
	"testing"

	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

func scale() *score.Score {
	s := &score.Score{Key: schema.KeyOf(9, true), Meter: schema.Meter{Beats: 3, Unit: 4}, Length: 6}
	s.Program(score.Lead, 73)
	for i := range 12 {
		at := float64(i) * 0.5
		s.Notes = append(s.Notes,
			score.Note{On: at, Off: at + 0.5, Channel: score.Lead, Pitch: uint8(60 + i), Velocity: 90},
			score.Note{On: at, Off: at + 0.1, Channel: midi.DrumChannel, Pitch: 42, Velocity: 90})
		s.Beats = append(s.Beats, score.Beat{At: at, Position: i%3 + 1})
	}
	return s
}

func TestTempoMatchesBeats(t *testing.T) {
	t.Parallel()
	s := scale()
	if got := s.Tempo(); math.Abs(got-120) > 1e-9 {
		t.Errorf("tempo is %g; want 120", got)
	}
	s.Stretch(1.25)
	if got := s.Tempo(); math.Abs(got-96) > 1e-9 {
		t.Errorf("stretched by 1.25 the tempo is %g; want 96", got)
	}
}

func TestTransposeMovesTheLabelAlong(t *testing.T) {
	t.Parallel()
	for _, key := range schema.Keys() {
		for by := -11; by <= 11; by++ {
			s := scale()
			s.Key = key
			before := s.Clone()
			s.Transpose(by)
			if want := ((key.Tonic()+by)%12 + 12) % 12; s.Key.Tonic() != want || s.Key.Minor() != key.Minor() {
				t.Fatalf("%v by %d is %v", key, by, s.Key)
			}
			for i, n := range s.Notes {
				moved := int(n.Pitch) - int(before.Notes[i].Pitch)
				if n.Channel == midi.DrumChannel && moved != 0 {
					t.Fatalf("a drum moved by %d", moved)
				}
				if n.Channel != midi.DrumChannel && moved != by {
					t.Fatalf("a note moved by %d; want %d", moved, by)
				}
			}
			s.Transpose(-by)
			if s.Key != key {
				t.Fatalf("%v by %d and back is %v", key, by, s.Key)
			}
		}
	}
	if score.TransposeKey(schema.UnknownKey, 5) != schema.UnknownKey {
		t.Error("an unknown key became known")
	}
}

func TestCutKeepsTimeAndPrograms(t *testing.T) {
	t.Parallel()
	c := scale().Cut(1.25, 4.25)
	if c.Length != 3 || len(c.Beats) != 6 || c.Beats[0].Position != 1 || c.Beats[0].At != 0.25 {
		t.Errorf("cut has length %g and beats %v", c.Length, c.Beats)
	}
	if len(c.Controls) != 1 || c.Controls[0].At != 0 || c.Controls[0].Data[0] != 73 {
		t.Errorf("controls are %v; want the program at 0", c.Controls)
	}
	for _, n := range c.Notes {
		if n.On < 0 || n.Off > c.Length || n.Off <= n.On {
			t.Errorf("note %+v is outside the cut", n)
		}
	}
}

// What is written as MIDI and read again sounds the same to a tick.
func TestMIDIRoundTrip(t *testing.T) {
	t.Parallel()
	want := scale()
	want.Sort()
	data, err := midi.Write(want.MIDI())
	if err != nil {
		t.Fatal(err)
	}
	f, err := midi.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	got := score.FromMIDI(f)
	if len(got.Notes) != len(want.Notes) {
		t.Fatalf("%d notes; want %d", len(got.Notes), len(want.Notes))
	}
	for i, n := range got.Notes {
		w := want.Notes[i]
		if n.Pitch != w.Pitch || n.Channel != w.Channel || math.Abs(n.On-w.On) > 1e-3 || math.Abs(n.Off-w.Off) > 1e-3 {
			t.Errorf("note %d is %+v; want %+v", i, n, w)
		}
	}
	if math.Abs(got.Length-want.Length) > 1e-3 {
		t.Errorf("length is %g; want %g", got.Length, want.Length)
	}
}

// Keys end as on a synthesizer, however often they were struck: a letting go ends
// all that sounds, another stroke what sounded before it.
func TestKeysEndAsOnASynthesizer(t *testing.T) {
	t.Parallel()
	const on, off = midi.NoteOn, midi.NoteOff
	type key struct {
		tick   int64
		status byte
	}
	tests := map[string]struct {
		keys []key
		want [][2]float64
	}{
		"struck once":                {[]key{{0, on}, {500, off}}, [][2]float64{{0, 0.5}}},
		"struck thrice, let go once": {[]key{{0, on}, {500, on}, {1000, on}, {1500, off}}, [][2]float64{{0, 0.5}, {0.5, 1}, {1, 1.5}}},
		"two voices at once":         {[]key{{0, on}, {0, on}, {500, off}, {1000, off}}, [][2]float64{{0, 0.5}, {0, 0.5}}},
		"never let go":               {[]key{{0, on}, {500, on}}, [][2]float64{{0, 0.5}, {0.5, 2}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var track midi.Track
			for _, k := range test.keys {
				track = append(track, midi.Event{Tick: k.tick, Status: k.status, Data: []byte{60, 64}})
			}
			track = append(track, midi.Event{Tick: 2000, Status: midi.Meta, Type: midi.TrackName})
			var got [][2]float64
			for _, n := range score.FromMIDI(&midi.File{Division: 500, Tracks: []midi.Track{track}}).Notes {
				got = append(got, [2]float64{n.On, n.Off})
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("notes are %v; want %v", got, test.want)
			}
		})
	}
}
