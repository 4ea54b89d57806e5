package compose

import (
	"fmt"
	"slices"
	"strings"

	"earworm/schema"
)

// Chord is a chord relative to the tonic.
type Chord struct {
	Root  int   // semitones above the tonic
	Tones []int // semitones above Root, rising from 0
}

// Bar is the chords of a bar, which share it evenly.
type Bar []Chord

// Progression is a chord sequence in a mode, to be repeated.
type Progression struct {
	Minor bool
	Bars  []Bar
	Genre string
}

var (
	majorScale = []int{0, 2, 4, 5, 7, 9, 11}
	minorScale = []int{0, 2, 3, 5, 7, 8, 10}
	majorTriad = []int{0, 4, 7}
	minorTriad = []int{0, 3, 7}
	dimTriad   = []int{0, 3, 6}
	augTriad   = []int{0, 4, 8}
	susFour    = []int{0, 5, 7}
	susTwo     = []int{0, 2, 7}
	powerChord = []int{0, 7}
)

// qualities are chord suffixes as lead sheets and charts write them, without
// root, longest first where one begins another.
var qualities = []struct {
	suffix string
	tones  []int
}{
	{"hdim7", []int{0, 3, 6, 10}},
	{"m7b5", []int{0, 3, 6, 10}},
	{"minmaj7", []int{0, 3, 7, 11}},
	{"min7", []int{0, 3, 7, 10}},
	{"min9", []int{0, 3, 7, 10, 14}},
	{"min6", []int{0, 3, 7, 9}},
	{"min", minorTriad},
	{"maj7", []int{0, 4, 7, 11}},
	{"maj9", []int{0, 4, 7, 11, 14}},
	{"maj6", []int{0, 4, 7, 9}},
	{"maj", majorTriad},
	{"M7", []int{0, 4, 7, 11}},
	{"m7", []int{0, 3, 7, 10}},
	{"dim7", []int{0, 3, 6, 9}},
	{"dim", dimTriad},
	{"aug", augTriad},
	{"sus4", susFour},
	{"sus2", susTwo},
	{"dom7", []int{0, 4, 7, 10}},
	{"13", []int{0, 4, 7, 10, 21}},
	{"11", []int{0, 4, 7, 10, 14}},
	{"9", []int{0, 4, 7, 10, 14}},
	{"7", []int{0, 4, 7, 10}},
	{"6", []int{0, 4, 7, 9}},
	{"5", powerChord},
	{"1", []int{0}},
}

// Quality reads a chord's suffix in chart notation, such as "min7"; what it
// does not know it reads as a major triad.
func Quality(suffix string) []int {
	for _, q := range qualities {
		if strings.HasPrefix(suffix, q.suffix) {
			return q.tones
		}
	}
	return majorTriad
}

// numerals are in an order in which none is tried before a longer one.
var numerals = []struct {
	text   string
	degree int
}{{"VII", 6}, {"III", 2}, {"VI", 5}, {"IV", 3}, {"II", 1}, {"V", 4}, {"I", 0}}

// Roman reads a chord written as a roman numeral, capital for a major third,
// with degrees of the natural minor scale where minor is true: "VI" is a major
// sixth up in major and a minor one in minor. "b" and "#" before it alter the
// root; after it, "7" is the scale's seventh and other suffixes are a chart's.
func Roman(s string, minor bool) (Chord, error) {
	rest, alter := s, 0
	for strings.HasPrefix(rest, "b") || strings.HasPrefix(rest, "#") {
		if rest[0] == 'b' {
			alter--
		} else {
			alter++
		}
		rest = rest[1:]
	}
	steps := majorScale
	if minor {
		steps = minorScale
	}
	for _, n := range numerals {
		if len(rest) < len(n.text) || !strings.EqualFold(rest[:len(n.text)], n.text) {
			continue
		}
		lower := rest[0] == 'i' || rest[0] == 'v'
		rest = rest[len(n.text):]
		c := Chord{Root: (steps[n.degree] + alter + 12) % 12, Tones: majorTriad}
		switch {
		case strings.HasPrefix(rest, "dim"), rest == "o", lower && !minor && n.degree == 6, lower && minor && n.degree == 1 && alter == 0:
			c.Tones = dimTriad
		case strings.HasPrefix(rest, "sus"), strings.HasPrefix(rest, "aug"), strings.HasPrefix(rest, "dom"):
			c.Tones = Quality(rest)
		case lower:
			c.Tones = minorTriad
		}
		if rest == "7" {
			c.Tones = withSeventh(c, steps)
		}
		return c, nil
	}
	return Chord{}, fmt.Errorf("chord is %q; want a roman numeral", s)
}

// withSeventh adds the seventh that the scale gives a chord, the small one where
// it gives both or none.
func withSeventh(c Chord, steps []int) []int {
	for _, seventh := range []int{10, 11} {
		if slices.Contains(steps, (c.Root+seventh)%12) {
			return append(slices.Clone(c.Tones), seventh)
		}
	}
	return append(slices.Clone(c.Tones), 10)
}

// ParseProgression reads roman numerals, one bar each; a bar of several chords
// joins them by commas: "I vi IV,V I".
func ParseProgression(text string, minor bool) (Progression, error) {
	p := Progression{Minor: minor}
	for field := range strings.FieldsSeq(text) {
		var bar Bar
		for numeral := range strings.SplitSeq(field, ",") {
			c, err := Roman(numeral, minor)
			if err != nil {
				return Progression{}, fmt.Errorf("progression %q: %w", text, err)
			}
			bar = append(bar, c)
		}
		p.Bars = append(p.Bars, bar)
	}
	if len(p.Bars) == 0 {
		return Progression{}, fmt.Errorf("progression %q: no chords", text)
	}
	return p, nil
}

// The built-in progressions, by mode. They begin or end at home, so that the
// key is plain.
var builtIn = map[bool][]Progression{
	false: mustParse(false,
		"I V vi IV", "I IV V I", "I vi IV V", "I IV I V", "I vi ii V", "I iii IV V",
		"I IV vi V I IV V I", "I V vi iii IV I IV V", "I bVII IV I", "I ii IV V",
		"I I IV I V IV I V", "I V IV I", "I IV ii V", "I vi IV,V I", "ii7 V7 I I",
		"I I IV IV V V I I", "I vi ii7 V7 I IV,V I I", "I,V vi,IV I,V I", "IV V I I",
		"I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I IV I I IV V I I", "I III vi IV"),
	true: mustParse(true,
		"i VI III VII", "i iv V i", "i VII VI V", "i iv i V", "i VI iv V", "i VII i VII",
		"i i iv iv V V i i", "i iv VII III VI iv V i", "i VI VII i", "i III VII iv",
		"i v VI VII", "iidim V7 i i", "i iv,V i i", "i VI iv,V i", "i VII VI VII",
		"i7 iv7 i7 i7 iv7 iv7 i7 i7 VI V7 i7 V7", "i,V i,iv V i", "i i VI V", "i bII i V"),
}

func mustParse(minor bool, texts ...string) []Progression {
	var all []Progression
	for _, t := range texts {
		p, err := ParseProgression(t, minor)
		if err != nil {
			panic("compose: " + err.Error())
		}
		all = append(all, p)
	}
	return all
}

// scale is a key's notes.
type scale struct {
	tonic int
	minor bool
	steps []int
}

func scaleOf(k schema.Key) scale {
	s := scale{tonic: k.Tonic(), minor: k.Minor(), steps: majorScale}
	if s.minor {
		s.steps = minorScale
	}
	return s
}

// pitch is the note of a degree, counted in scale steps from the tonic of
// octave 4; over a chord the note bends to the chord's own third and leading
// tone, as melodies over a dominant in minor do.
func (s scale) pitch(degree int, over Chord) int {
	octave, step := degree/7, degree%7
	if step < 0 {
		octave, step = octave-1, step+7
	}
	p := s.steps[step]
	for _, t := range over.Tones {
		tone := (over.Root + t) % 12
		if tone == p+1 && s.minor && step == 6 {
			p = tone
			break
		}
	}
	return 60 + s.tonic + p + 12*octave
}

// holds tells whether a pitch is a tone of the chord.
func (s scale) holds(pitch int, c Chord) bool {
	for _, t := range c.Tones {
		if (pitch-s.tonic-c.Root-t)%12 == 0 {
			return true
		}
	}
	return false
}

// root is the chord's root as a pitch, in the octave that begins at low.
func (s scale) root(c Chord, low int) int {
	p := low + ((s.tonic+c.Root-low)%12+12)%12
	return p
}
