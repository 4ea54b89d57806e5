package render

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"earworm/samples/compose"
	"earworm/schema"
)

// loadPalette gathers the corpus's drum patterns and chord sequences for the
// composer. A file that cannot be read as such is left out.
func loadPalette(dir string, index []entry) (*compose.Palette, error) {
	p := &compose.Palette{
		Progressions: map[bool][]compose.Progression{},
		Grooves:      map[string][]compose.Groove{},
	}
	for _, e := range index {
		switch e.format {
		case "pat":
			data, err := os.ReadFile(filepath.Join(dir, e.path))
			if err != nil {
				return nil, fmt.Errorf("read corpus: %w", err)
			}
			addSteps(p, e, string(data))
		case "sty":
			data, err := os.ReadFile(filepath.Join(dir, e.path))
			if err != nil {
				return nil, fmt.Errorf("read corpus: %w", err)
			}
			addStyle(p, e, string(data))
		case "chords":
			data, err := os.ReadFile(filepath.Join(dir, e.path))
			if err != nil {
				return nil, fmt.Errorf("read corpus: %w", err)
			}
			if bars := readChart(string(data)); len(bars) >= 8 && e.key != schema.UnknownKey {
				p.Progressions[e.minorMode] = append(p.Progressions[e.minorMode],
					compose.Progression{Minor: e.minorMode, Bars: bars, Genre: "chart"})
			}
		}
	}
	return p, addNumerals(p, filepath.Join(dir, "chordprog", "progressions.json"))
}

// genreWords finds the composer's name for a groove in a file's name, in this
// order: "waltz" before "jazz", so that a jazz waltz is found as one.
var genreWords = []struct{ word, groove string }{
	{"fill", ""},
	{"break b", ""},
	{"drumroll", ""},
	{"roll", ""},
	{"ending", ""},
	{"snare", ""},
	{"kick", ""},
	{"tb03", ""},
	{"- break", ""},
	{"breakbeat", "breakbeat"},
	{"funkybreak", "breakbeat"},
	{"jazz waltz", "jazz waltz"},
	{"waltz", "waltz"},
	{"bossa", "bossa"},
	{"samba", "samba"},
	{"cha", "cha cha"},
	{"mambo", "mambo"},
	{"rumba", "rumba"},
	{"rhumba", "rumba"},
	{"salsa", "salsa"},
	{"afro", "salsa"},
	{"latin", "salsa"},
	{"clave", "salsa"},
	{"songo", "salsa"},
	{"merengue", "salsa"},
	{"beguine", "rumba"},
	{"calypso", "rumba"},
	{"tango", "tango"},
	{"habanera", "habanera"},
	{"reggae", "reggae"},
	{"drop", "one drop"},
	{"steppers", "steppers"},
	{"ska", "ska"},
	{"disco", "disco"},
	{"house", "house"},
	{"techno", "techno"},
	{"italo", "disco"},
	{"dnb", "amen"},
	{"jungle", "amen"},
	{"amen", "amen"},
	{"trap", "trap"},
	{"dubstep", "half time"},
	{"garage", "two step"},
	{"hiphop", "hip hop"},
	{"miami", "breakbeat"},
	{"electro", "breakbeat"},
	{"funk", "funk"},
	{"soul", "soul"},
	{"rnb", "soul"},
	{"rhythm", "soul"},
	{"slow", "ballad"},
	{"ballad", "ballad"},
	{"shuffle", "shuffle"},
	{"blues", "shuffle"},
	{"boogie", "shuffle"},
	{"swing", "swing"},
	{"jazz", "swing"},
	{"march", "march"},
	{"polka", "polka"},
	{"paso", "march"},
	{"twist", "rock"},
	{"rock", "rock"},
	{"pop", "pop"},
	{"foxtrot", "two beat"},
	{"country", "train"},
	{"break", "breakbeat"},
	{"pattern", "breakbeat"},
}

// grooveName is the composer's name for what a file holds, "" for what is no
// groove: a fill, a break, a bass line.
func grooveName(path string) string {
	name := strings.ToLower(filepath.Base(path))
	if strings.Contains(name, "break") && strings.Contains(path, "Drum Machine") {
		return ""
	}
	for _, w := range genreWords {
		if strings.Contains(name, w.word) || strings.Contains(strings.ToLower(path), "/"+w.word) {
			return w.groove
		}
	}
	return "rock"
}

const (
	quarterTicks = 24
	dottedTicks  = 36
)

// addSteps adds a step pattern. Sixteen or 32 steps are sixteenth notes; 12 or
// 24 are three to the beat, in 12/8 or as triplets in 4/4.
func addSteps(p *compose.Palette, e entry, text string) {
	name := grooveName(e.path)
	if name == "" || strings.Contains(e.path, "TB03") {
		return
	}
	add := func(step, beat int) {
		if g, err := compose.ParseGroove(text, step); err == nil {
			g.Name, g.Beats = e.path, beat
			p.Grooves[name] = append(p.Grooves[name], g)
		}
	}
	switch g, err := compose.ParseGroove(text, 1); {
	case err != nil:
	case g.Ticks%16 == 0:
		add(quarterTicks/4, quarterTicks)
	case g.Ticks%12 == 0 && e.meter.String() == "3/4":
		add(quarterTicks/4, quarterTicks)
	case g.Ticks%12 == 0:
		add(quarterTicks/2, dottedTicks)
		add(quarterTicks/3, quarterTicks)
	}
}

// percussion are General MIDI's names, as style files spell them.
var percussion = map[string]int{
	"Acoustic_Bass_Drum": 35, "Bass_Drum_1": 36, "Side_Stick": 37, "Acoustic_Snare": 38,
	"Hand_Clap": 39, "Electric_Snare": 40, "Low_Floor_Tom": 41, "Closed_Hi-Hat": 42,
	"High_Floor_Tom": 43, "Pedal_Hi-Hat": 44, "Low_Tom": 45, "Open_Hi-Hat": 46,
	"Low-Mid_Tom": 47, "Hi-Mid_Tom": 48, "Crash_Cymbal_1": 49, "High_Tom": 50,
	"Ride_Cymbal_1": 51, "Chinese_Cymbal": 52, "Ride_Bell": 53, "Tambourine": 54,
	"Splash_Cymbal": 55, "Cowbell": 56, "Crash_Cymbal_2": 57, "Ride_Cymbal_2": 59,
	"Hi_Bongo": 60, "Low_Bongo": 61, "Mute_Hi_Conga": 62, "Open_Hi_Conga": 63, "Low_Conga": 64,
	"High_Timbale": 65, "Low_Timbale": 66, "Cabasa": 69, "Maracas": 70, "Claves": 75,
}

// addStyle adds the drum patterns of an accompaniment style.
func addStyle(p *compose.Palette, e entry, text string) {
	name := grooveName(e.path)
	if name == "" || e.meter == (schema.Meter{}) {
		return
	}
	bar := float64(compose.BarTicks(e.meter))
	for _, pattern := range strings.Split(text, "(drum-pattern")[1:] {
		g := compose.Groove{Name: e.path, Beats: compose.BeatTicks(e.meter)}
		length := 0.0
		for _, line := range strings.Split(pattern, "(drum ")[1:] {
			line, _, _ = strings.Cut(line, ")")
			fields := strings.Fields(line)
			if len(fields) < 2 {
				continue
			}
			drum, known := percussion[fields[0]]
			at := 0.0
			for _, f := range fields[1:] {
				if known && f[0] == 'X' {
					g.Strokes = append(g.Strokes, compose.Stroke{Tick: int(math.Round(at)), Drum: drum, Velocity: 0.8})
				}
				if f[0] == 'X' || f[0] == 'R' {
					at += noteLength(f[1:])
				}
			}
			length = max(length, at)
		}
		bars := math.Round(length / bar)
		if bars < 1 || math.Abs(length-bars*bar) > 1 || len(g.Strokes) < 3 {
			continue
		}
		g.Ticks = int(bars * bar)
		p.Grooves[name] = append(p.Grooves[name], g)
	}
}

// noteLength reads a duration such as "4", "4.", "8/3" or "2+8" as ticks: a
// sum of parts of a whole note, dotted by ".", a triplet by "/3".
func noteLength(s string) float64 {
	total := 0.0
	for part := range strings.SplitSeq(s, "+") {
		scale := 1.0
		part, triplet := strings.CutSuffix(part, "/3")
		if triplet {
			scale = 2.0 / 3
		}
		part, dotted := strings.CutSuffix(part, ".")
		if dotted {
			scale *= 1.5
		}
		if n, err := strconv.ParseFloat(part, 64); err == nil && n > 0 {
			total += 4 * quarterTicks / n * scale
		}
	}
	return total
}

// readChart reads the bars of a chord chart, relative to its tonic. A bar
// without a chord repeats the one before; a chart that changes its tonic ends
// there.
func readChart(text string) []compose.Bar {
	tonic, known := 0, false
	var bars []compose.Bar
	last := compose.Chord{Tones: compose.Quality("maj")}
	for line := range strings.SplitSeq(text, "\n") {
		if t, ok := strings.CutPrefix(line, "# tonic: "); ok {
			if known {
				break
			}
			key, err := schema.ParseKey(strings.TrimSpace(t))
			if err != nil {
				return nil
			}
			tonic, known = key.Tonic(), true
		}
		cells := strings.Split(line, "|")
		if len(cells) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		for _, cell := range cells[1 : len(cells)-1] {
			var bar compose.Bar
			for word := range strings.FieldsSeq(cell) {
				if c, ok := chartChord(word, tonic); ok {
					last = c
				}
				bar = append(bar, last)
			}
			if len(bar) > 0 {
				bars = append(bars, bar)
			}
		}
	}
	return bars
}

// chartChord reads a chord such as "Bb:min7/5". A dot or N is none.
func chartChord(word string, tonic int) (compose.Chord, bool) {
	root, quality, ok := strings.Cut(word, ":")
	if !ok {
		return compose.Chord{}, false
	}
	key, err := schema.ParseKey(root)
	if err != nil {
		return compose.Chord{}, false
	}
	return compose.Chord{Root: (key.Tonic() - tonic + 12) % 12, Tones: compose.Quality(quality)}, true
}

// addNumerals adds progressions in roman numerals. One that neither begins nor
// ends at home leaves its key open, and is left out.
func addNumerals(p *compose.Palette, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read corpus: %w", err)
	}
	var lists map[string][]string
	if err := json.Unmarshal(data, &lists); err != nil {
		return fmt.Errorf("read corpus: %s: %w", filepath.Base(path), err)
	}
	for list, minor := range map[string]bool{"prog_maj": false, "prog_min": true} {
		for _, text := range lists[list] {
			numerals, _, _ := strings.Cut(text, "=")
			progression, err := compose.ParseProgression(numerals, minor)
			if err != nil {
				continue
			}
			bars := progression.Bars
			if bars[0][0].Root == 0 || bars[len(bars)-1][0].Root == 0 {
				p.Progressions[minor] = append(p.Progressions[minor], progression)
			}
		}
	}
	return nil
}
