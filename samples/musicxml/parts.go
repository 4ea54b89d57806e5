package musicxml

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"earworm/schema"
)

type document struct {
	XMLName xml.Name
	Parts   []struct {
		Measures []measure `xml:"measure"`
	} `xml:"part"`
}

type measure struct {
	Implicit string    `xml:"implicit,attr"`
	Elements []element `xml:",any"`
}

// element is anything that stands in a measure; only the order tells when a
// note sounds, so that all kinds must be read as one.
type element struct {
	XMLName   xml.Name
	Divisions float64 `xml:"divisions"`
	Time      *struct {
		Beats string `xml:"beats"`
		Type  string `xml:"beat-type"`
	} `xml:"time"`
	Transpose *struct {
		Chromatic int `xml:"chromatic"`
		Octave    int `xml:"octave-change"`
	} `xml:"transpose"`

	Pitch *struct {
		Step   string  `xml:"step"`
		Alter  float64 `xml:"alter"`
		Octave int     `xml:"octave"`
	} `xml:"pitch"`
	Duration float64   `xml:"duration"`
	Chord    *struct{} `xml:"chord"`
	Grace    *struct{} `xml:"grace"`
	Ties     []struct {
		Type string `xml:"type,attr"`
	} `xml:"tie"`

	Tempo string `xml:"tempo,attr"` // of a sound
	Sound *struct {
		Tempo string `xml:"tempo,attr"`
	} `xml:"sound"`

	Root *struct {
		Step  string  `xml:"root-step"`
		Alter float64 `xml:"root-alter"`
	} `xml:"root"`
	Kind string `xml:"kind"`
}

// reader walks a part.
type reader struct {
	score     *Score
	part      int
	divisions float64
	transpose int
	tied      map[int]int // pitch -> index of the note that goes on
}

// score lays the parts beside one another: each measure lasts as long as its
// longest part.
func (d document) score() (*Score, error) {
	s := &Score{Parts: len(d.Parts)}
	readers := make([]*reader, len(d.Parts))
	count := 0
	for i, p := range d.Parts {
		readers[i] = &reader{score: s, part: i, divisions: 1, tied: map[int]int{}}
		count = max(count, len(p.Measures))
	}
	meter := schema.Meter{Beats: 4, Unit: 4}
	start, into := 0.0, 0.0
	for n := range count {
		length, implicit := 0.0, false
		for i, p := range d.Parts {
			if n >= len(p.Measures) {
				continue
			}
			m := p.Measures[n]
			if t := m.meter(); t != (schema.Meter{}) {
				meter = t
			}
			implicit = implicit || m.Implicit == "yes"
			length = max(length, readers[i].measure(m, start))
		}
		whole := 4 * float64(meter.Beats) / float64(meter.Unit)
		if length == 0 {
			length = whole
		}
		switch {
		case n == 0 && length < whole-0.01:
			into = whole - length
		case !implicit || into >= whole-0.01:
			into = 0
		}
		s.Measures = append(s.Measures, Measure{Start: start, Length: length, Into: into, Meter: meter})
		start += length
		into += length
		if start > maxQuarts {
			return nil, fmt.Errorf("%w: longer than %g quarter notes", ErrFormat, float64(maxQuarts))
		}
	}
	if len(s.Notes) == 0 {
		return nil, fmt.Errorf("%w: no notes", ErrFormat)
	}
	return s, nil
}

func (m measure) meter() schema.Meter {
	for _, e := range m.Elements {
		if e.Time != nil {
			if t, err := schema.ParseMeter(e.Time.Beats + "/" + e.Time.Type); err == nil {
				return t
			}
		}
	}
	return schema.Meter{}
}

// measure reads a part's measure, which begins at start, and returns how long
// it lasts.
func (r *reader) measure(m measure, start float64) float64 {
	at, end, onset := 0.0, 0.0, 0.0
	for _, e := range m.Elements {
		length := min(e.Duration/r.divisions, maxQuarts)
		if !(length > 0) { // nor NaN
			length = 0
		}
		switch e.XMLName.Local {
		case "attributes":
			if e.Divisions > 0 {
				r.divisions = e.Divisions
			}
			if e.Transpose != nil {
				r.transpose = e.Transpose.Chromatic + 12*e.Transpose.Octave
			}
		case "backup":
			at = max(at-length, 0)
		case "forward":
			at += length
		case "note":
			if e.Grace != nil {
				continue
			}
			if e.Chord == nil {
				onset = at
				at += length
			}
			if e.Pitch != nil {
				r.note(e, start+onset, length)
			}
		case "harmony":
			r.chord(e, start+at)
		case "direction":
			if e.Sound != nil {
				r.tempo(e.Sound.Tempo, start+at)
			}
		case "sound":
			r.tempo(e.Tempo, start+at)
		}
		end = max(end, at)
	}
	return end
}

func (r *reader) note(e element, on, length float64) {
	class, ok := pitchClass(e.Pitch.Step, e.Pitch.Alter)
	pitch := 12*(e.Pitch.Octave+1) + class + r.transpose
	if !ok || pitch < 0 || pitch > 127 || length <= 0 {
		return
	}
	begins, ends := false, false
	for _, t := range e.Ties {
		begins = begins || t.Type == "start"
		ends = ends || t.Type == "stop"
	}
	open, known := r.tied[pitch]
	if ends && known {
		r.score.Notes[open].Length = on + length - r.score.Notes[open].On
	} else {
		open = len(r.score.Notes)
		r.score.Notes = append(r.score.Notes, Note{Part: r.part, On: on, Length: length, Pitch: pitch})
	}
	delete(r.tied, pitch)
	if begins {
		r.tied[pitch] = open
	}
}

func (r *reader) chord(e element, at float64) {
	if e.Root == nil {
		return
	}
	if root, ok := pitchClass(e.Root.Step, e.Root.Alter); ok {
		r.score.Chords = append(r.score.Chords, Chord{
			At: at, Root: (root%12 + 12) % 12, Kind: strings.TrimSpace(e.Kind),
		})
	}
}

func (r *reader) tempo(text string, at float64) {
	bpm, err := strconv.ParseFloat(text, 64)
	if err == nil && bpm >= 20 && bpm <= 400 {
		r.score.Tempos = append(r.score.Tempos, Tempo{At: at, BPM: bpm})
	}
}

// pitchClass is a step with its alteration, in semitones above C; it may lie
// outside 0 to 11, as B sharp does.
func pitchClass(step string, alter float64) (int, bool) {
	if len(step) != 1 || !(alter >= -3 && alter <= 3) {
		return 0, false
	}
	class := strings.IndexByte("C D EF G A B", step[0])
	return class + int(alter), class >= 0 && step != " "
}
