package render

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// writeCorpus makes a corpus of a few pieces: an index, generated bands, two
// tunes, chord charts and drum patterns.
func writeCorpus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	index := []string{"path,format,key,meter,tempo,has_drums,source,licence,key_conf,mode,meter_conf,genre,title"}
	for i := range 6 {
		name := fmt.Sprintf("mma/m%d.mid", i)
		writeFile(t, filepath.Join(dir, name), bandFile(t, 90+10*i))
		index = append(index, fmt.Sprintf("%s,mid,C major,4/4,%d,1,mma,own,1,,1,test,%s", name, 90+10*i, name))
	}
	writeFile(t, filepath.Join(dir, "folk.abc"), []byte(jig))
	index = append(index, "folk.abc#7,abc,G major,6/8,,0,sshlien,CC0,0.95,maj,1,jig,A jig")
	writeFile(t, filepath.Join(dir, "rock.pat"), []byte("36 x-------x-------\n38 ----x-------x---\n"))
	index = append(index, "rock.pat,pat,,4/4,,1,drumpatterns,MIT,,,0.95,rock,rock")
	writeFile(t, filepath.Join(dir, "chart.txt"), []byte(chart))
	index = append(index, "chart.txt,chords,A minor,4/4,,0,billboard,CC0,0.95,,0.9,pop,chart")
	writeFile(t, filepath.Join(dir, "chordprog/progressions.json"), []byte(`{"prog_maj": ["I V vi IV =Hopeful", "vi V IV V =Sad"], "prog_min": ["i VI III VII =Dark"]}`))
	writeFile(t, filepath.Join(dir, "index.csv"), []byte(strings.Join(index, "\n")+"\n"))
	return dir
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// bandFile is 48 s of chords and drums at a tempo.
func bandFile(t *testing.T, bpm int) []byte {
	t.Helper()
	us := 60_000_000 / bpm
	track := midi.Track{{Status: midi.Meta, Type: midi.SetTempo, Data: []byte{byte(us >> 16), byte(us >> 8), byte(us)}}}
	for beat := range bpm * 48 / 60 {
		on := int64(beat * 96)
		for _, pitch := range []byte{60, 64, 67} {
			track = append(track, midi.Event{Tick: on, Status: midi.NoteOn, Data: []byte{pitch, 80}})
		}
		track = append(track, midi.Event{Tick: on, Status: midi.NoteOn | midi.DrumChannel, Data: []byte{36, 90}})
		for _, pitch := range []byte{60, 64, 67} {
			track = append(track, midi.Event{Tick: on + 90, Status: midi.NoteOff, Data: []byte{pitch, 0}})
		}
		track = append(track, midi.Event{Tick: on + 90, Status: midi.NoteOff | midi.DrumChannel, Data: []byte{36, 0}})
	}
	data, err := midi.Write(&midi.File{Division: 96, Tracks: []midi.Track{track}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const jig = `X:6
T:Another
M:4/4
K:C
CDEF|

X:7
T:A jig
M:6/8
L:1/8
K:G
|:D|GAB d2B|"G"gfe d2B|GAB dBG|AFD D2:|
`

const chart = `# title: A chart
# metre: 4/4
# tonic: A

0.0	silence
0.5	A, intro, | A:min | A:min7 | D:min . E:7 . | N |, (voice
9.5	B, verse, | F:maj | G:maj | A:min | A:min |
18.0	end
`

func TestReadIndexTrustsOnlyWhatIsSure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "index.csv"), []byte(
		"path,format,key,meter,tempo,source,key_conf,mode,meter_conf,genre\n"+
			"a.mid,mid,F# minor,3/4,92.5,x,0.8,,0.9,g\nb.mid,mid,F# minor,3/4,,x,0.79,,0.89,g\n"))
	got, err := readIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{path: "a.mid", format: "mid", source: "x", genre: "g", key: schema.KeyOf(6, true), meter: schema.Meter{Beats: 3, Unit: 4}, tempoBPM: 92.5, minorMode: true},
		{path: "b.mid", format: "mid", source: "x", genre: "g", minorMode: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("index is %+v; want %+v", got, want)
	}
}

// Only scores in the wanted meters remain; without any wish, all.
func TestMetersAreChosen(t *testing.T) {
	t.Parallel()
	three, four := schema.Meter{Beats: 3, Unit: 4}, schema.Meter{Beats: 4, Unit: 4}
	index := []entry{{path: "a", meter: three}, {path: "b", meter: four}, {path: "unsure"}}
	for _, c := range []struct {
		name   string
		meters []schema.Meter
		want   []string
	}{
		{"all", nil, []string{"a", "b", "unsure"}},
		{"three", []schema.Meter{three}, []string{"a"}},
		{"two of them", []schema.Meter{four, three}, []string{"a", "b"}},
	} {
		var got []string
		for _, e := range inMeters(index, c.meters) {
			got = append(got, e.path)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}

func TestPaletteIsRead(t *testing.T) {
	t.Parallel()
	dir := writeCorpus(t)
	index, err := readIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := loadPalette(dir, index)
	if err != nil {
		t.Fatal(err)
	}
	if g := p.Grooves["rock"]; len(g) != 1 || g[0].Ticks != 96 {
		t.Errorf("rock grooves are %+v; want one of a bar", g)
	}
	// "vi V IV V" has no home; the chart is in minor.
	if n := len(p.Progressions[false]); n != 1 {
		t.Errorf("%d progressions in major; want 1", n)
	}
	if n := len(p.Progressions[true]); n != 2 {
		t.Fatalf("%d progressions in minor; want 2", n)
	}
	bars := p.Progressions[true][0].Bars
	if len(bars) != 8 || len(bars[2]) != 4 || bars[2][0].Root != 5 || bars[2][1].Root != 5 || bars[2][2].Root != 7 {
		t.Errorf("bars of the chart are %+v", bars)
	}
}

func TestNoteLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"4": 24, "8": 12, "2.": 72, "8/3": 8, "4+8": 36, "x": 0} {
		if got := noteLength(text); math.Abs(got-want) > 1e-9 {
			t.Errorf("%q lasts %g ticks; want %g", text, got, want)
		}
	}
}

// A piece is on one side for good, and about one in validPieces is for
// validation, whose font training never hears.
func TestSplitsNeverMeet(t *testing.T) {
	t.Parallel()
	valid, all := 0, 4000
	for i := range all {
		piece := fmt.Sprintf("m%05d.mid", i)
		side := splitOf("mma", piece)
		if side != splitOf("mma", piece) {
			t.Fatalf("%s changed sides", piece)
		}
		if side == "valid" {
			valid++
		}
	}
	if share := float64(valid) / float64(all) * validPieces; share < 0.7 || share > 1.3 {
		t.Errorf("%d of %d pieces are for validation; want about 1 in %d", valid, all, validPieces)
	}
	if odds := fontOdds[validFont]; odds != 0 {
		t.Errorf("training hears the validation font %d times", odds)
	}
}

func TestPickup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		meter      string
		unit       fraction
		want       int64
	}{
		{"an eighth before", "|:D|GAB d2B|", "6/8", fraction{1, 8}, 240},
		{"none", "GAB d2B|gfe d2B|", "6/8", fraction{1, 8}, 0},
		{"broken rhythm is a whole", "A>B c2 d2 e2|", "4/4", fraction{1, 8}, 0},
		{"triplet", "(3ABc|d4 e4|", "4/4", fraction{1, 8}, 480},
		{"grace, chord symbol and ornament", `"Am"{g}!trill!A2|B4 c4|`, "4/4", fraction{1, 8}, 480},
		{"halves of a length", "A/B/ c//d// |e4|", "2/4", fraction{1, 4}, 720},
	} {
		m, err := schema.ParseMeter(c.meter)
		if err != nil {
			t.Fatal(err)
		}
		got, err := abcTune{body: c.body, unit: c.unit}.pickup(m)
		if err != nil || got != c.want {
			t.Errorf("%s: pickup is %d, %v; want %d", c.name, got, err, c.want)
		}
	}
	if _, err := (abcTune{body: "A8 B8|", unit: fraction{1, 8}}).pickup(schema.Meter{Beats: 3, Unit: 4}); err == nil {
		t.Error("a first bar that is too long was taken")
	}
}

func TestFindTune(t *testing.T) {
	t.Parallel()
	tune, err := findTune(jig, "7")
	if err != nil || tune.unit != (fraction{1, 8}) || !tune.chords || strings.Contains(tune.text, "Another") {
		t.Errorf("tune is %+v, %v", tune, err)
	}
	if _, err := findTune(jig, "8"); err == nil {
		t.Error("a tune that is not there was found")
	}
	if _, err := findTune("X:1\nM:3/4\nK:C\nABc|\nM:4/4\nABcd|", "1"); err == nil {
		t.Error("a tune that changes its meter was taken")
	}
}

func FuzzFirstBar(f *testing.F) {
	f.Add(`"Am"{g}A>B (3cde|`)
	f.Add("[1A/2//|")
	f.Fuzz(func(t *testing.T, body string) {
		length, err := firstBar(body)
		if err == nil && (math.IsNaN(length) || math.IsInf(length, 0)) {
			t.Fatalf("first bar of %q lasts %g", body, length)
		}
	})
}

// In a melody of the scale's chords, each bar gets its own.
func TestHarmonise(t *testing.T) {
	t.Parallel()
	s := &score.Score{Key: schema.KeyOf(7, false), Length: 8}
	for bar, pitches := range [][]uint8{{67, 71, 74}, {72, 76, 79}, {74, 78, 81}, {67, 71, 74}} {
		s.Beats = append(s.Beats, score.Beat{At: float64(2 * bar), Position: 1})
		for i, p := range pitches {
			at := float64(2*bar) + 0.5*float64(i)
			s.Notes = append(s.Notes, score.Note{On: at, Off: at + 0.5, Pitch: p, Velocity: 80})
		}
	}
	var roots []int
	for _, b := range harmonise(s) {
		roots = append(roots, b[0].Root)
	}
	if want := []int{0, 5, 7, 0}; !slices.Equal(roots, want) {
		t.Errorf("roots are %v; want %v", roots, want)
	}
}

// Humanising moves the beats along with the notes, and neither far.
func TestHumaniseKeepsBeatsWithNotes(t *testing.T) {
	t.Parallel()
	s := &score.Score{Length: 60}
	for i := range 120 {
		at := float64(i) / 2
		s.Beats = append(s.Beats, score.Beat{At: at, Position: 1})
		s.Notes = append(s.Notes, score.Note{On: at, Off: at + 0.4, Pitch: 60, Velocity: 80})
	}
	humanise(rand.New(rand.NewPCG(1, 1)), s, 0.008, 0.02)
	for i, n := range s.Notes {
		if off := math.Abs(n.On - s.Beats[i].At); off > 0.03 {
			t.Errorf("note %d is %.3f s from its beat", i, off)
		}
	}
	if bpm := s.Tempo(); math.Abs(bpm-120) > 5 {
		t.Errorf("tempo became %.1f", bpm)
	}
}

func TestHeardKeepsOnlyPlainKeys(t *testing.T) {
	t.Parallel()
	s := &score.Score{Key: schema.KeyOf(0, false)}
	for i, p := range []uint8{60, 64, 67, 65, 69, 72, 67, 71, 74, 60, 64, 67} {
		s.Notes = append(s.Notes, score.Note{On: float64(i), Off: float64(i + 1), Pitch: p, Velocity: 80})
	}
	if got := heard(s); got != s.Key {
		t.Errorf("C major is heard as %q", got)
	}
	s.Key = schema.KeyOf(6, true)
	if got := heard(s); got != schema.UnknownKey {
		t.Errorf("F# minor is heard in C major's chords")
	}
}

// A chart's key holds where its accompaniment sounds like it.
func TestAccompanimentsKeepTheKeyThatIsHeard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "c.mid"), bandFile(t, 100))
	for said, want := range map[schema.Key]schema.Key{
		schema.KeyOf(0, false): schema.KeyOf(0, false),
		schema.KeyOf(6, true):  schema.UnknownKey,
	} {
		e := entry{path: "c.mid", key: said, meter: schema.Meter{Beats: 4, Unit: 4}, tempoBPM: 100}
		got, err := (&mma{dir, []entry{e}}).take(t.Context(), rand.New(rand.NewPCG(1, 1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got.score.Key != want {
			t.Errorf("C major said to be %s is taken for %q; want %q", said, got.score.Key, want)
		}
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := Config{Corpus: "c", Out: "o", Hours: 1}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no corpus", func(c *Config) { c.Corpus = "" }, "corpus is empty"},
		{"no hours", func(c *Config) { c.Hours = 0 }, "hours is 0"},
		{"jobs", func(c *Config) { c.Jobs = -2 }, "jobs is -2; want 1 or more"},
		{"source", func(c *Config) { c.Sources = map[string]float64{"radio": 1} }, `source is "radio"`},
	} {
		cfg := good
		c.change(&cfg)
		if err := cfg.WithDefaults().Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v; want %q", c.name, err, c.want)
		}
	}
	if err := good.WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
}
