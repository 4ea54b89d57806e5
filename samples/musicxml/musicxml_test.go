package musicxml_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"earworm/samples/musicxml"
	"earworm/schema"
)

// A pickup of a quarter in 3/4, a chord, a second voice by backup, a tie over
// the bar line, a tempo mark and a chord symbol.
const waltz = `<?xml version="1.0"?><score-partwise><part id="P1">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time></attributes>
 <direction><sound tempo="96"/></direction>
 <note><pitch><step>G</step><octave>4</octave></pitch><duration>2</duration></note></measure>
<measure number="1"><harmony><root><root-step>E</root-step><root-alter>-1</root-alter></root><kind>minor</kind></harmony>
 <note><pitch><step>C</step><octave>4</octave></pitch><duration>6</duration><tie type="start"/></note>
 <note><chord/><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch><duration>6</duration></note>
 <backup><duration>6</duration></backup>
 <note><rest/><duration>4</duration></note>
 <note><pitch><step>G</step><octave>3</octave></pitch><duration>2</duration></note></measure>
<measure number="2"><note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration><tie type="stop"/></note>
 <note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>
 <note><rest/><duration>4</duration></note></measure>
</part></score-partwise>`

func TestRead(t *testing.T) {
	t.Parallel()
	s, err := musicxml.Read([]byte(waltz))
	if err != nil {
		t.Fatal(err)
	}
	wantNotes := []musicxml.Note{
		{On: 0, Length: 1, Pitch: 67},
		{On: 1, Length: 4, Pitch: 60},
		{On: 1, Length: 3, Pitch: 63},
		{On: 3, Length: 1, Pitch: 55},
	}
	if !reflect.DeepEqual(s.Notes, wantNotes) {
		t.Errorf("notes are %+v; want %+v", s.Notes, wantNotes)
	}
	three := schema.Meter{Beats: 3, Unit: 4}
	wantMeasures := []musicxml.Measure{
		{Start: 0, Length: 1, Into: 2, Meter: three}, {Start: 1, Length: 3, Meter: three}, {Start: 4, Length: 3, Meter: three},
	}
	if !reflect.DeepEqual(s.Measures, wantMeasures) {
		t.Errorf("measures are %+v; want %+v", s.Measures, wantMeasures)
	}
	if want := []musicxml.Tempo{{At: 0, BPM: 96}}; !reflect.DeepEqual(s.Tempos, want) {
		t.Errorf("tempos are %+v; want %+v", s.Tempos, want)
	}
	if want := []musicxml.Chord{{At: 1, Root: 3, Kind: "minor"}}; !reflect.DeepEqual(s.Chords, want) {
		t.Errorf("chords are %+v; want %+v", s.Chords, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(waltz))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("<score-partwise><part><measure><note><duration>-1</duration></note></measure></part></score-partwise>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := musicxml.Read(data)
		if err != nil {
			if !errors.Is(err, musicxml.ErrFormat) {
				t.Fatalf("error is not ErrFormat: %v", err)
			}
			return
		}
		at := 0.0
		for i, m := range s.Measures {
			if m.Start != at || m.Length <= 0 || m.Into < 0 || math.IsNaN(m.Length) {
				t.Fatalf("measure %d is %+v; want a start of %g", i, m, at)
			}
			at += m.Length
		}
		for _, n := range s.Notes {
			if n.On < 0 || n.Length <= 0 || n.Pitch < 0 || n.Pitch > 127 {
				t.Fatalf("note %+v", n)
			}
		}
	})
}
