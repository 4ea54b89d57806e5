package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"earworm/samples/compose"
	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// folk is tunes in ABC notation, or as abc2midi made MIDI of it, played at tempos that are usual for them, half
// of them with a band that finds its own chords.
type folk struct {
	dir    string
	tunes  []entry
	rarest []entry // in meters other than 2, 3, 4 and 6
}

func openFolk(c Config, index []entry) (source, error) {
	if _, err := exec.LookPath("abc2midi"); err != nil {
		return nil, errors.New("abc2midi is not installed; try: apt-get install abcmidi")
	}
	s := &folk{dir: c.Corpus}
	for _, e := range index {
		usable := e.format == "abc" && strings.Contains(e.path, "#") || e.source == irish
		if !usable || e.meter == (schema.Meter{}) {
			continue
		}
		switch _, ok := folkTempo[e.meter.String()]; {
		case !ok:
		case e.meter.Beats == 5 || e.meter.Beats == 7 || e.meter.Beats == 11:
			s.rarest = append(s.rarest, e)
		// In the Balkans nine eighths are 2+2+2+3.
		case e.meter.String() == "9/8" && e.source == "sshlien":
		default:
			s.tunes = append(s.tunes, e)
		}
	}
	if len(s.tunes) == 0 {
		return nil, errors.New("the corpus has no usable tune")
	}
	return s, nil
}

func (s *folk) name() string { return "folk" }

// irish is the source whose tunes are there as MIDI alone.
const irish = "cre"

// folkTempo is how fast tunes of a meter are played, in felt beats a minute.
var folkTempo = map[string][2]float64{
	"2/4": {80, 140}, "4/4": {84, 160}, "2/2": {66, 116}, "3/4": {80, 190}, "3/8": {110, 200},
	"3/2": {60, 120}, "6/8": {62, 130}, "9/8": {70, 130}, "12/8": {60, 120},
	"5/4": {90, 180}, "5/8": {140, 250}, "7/8": {150, 250}, "7/4": {100, 200}, "7/16": {170, 250}, "11/8": {160, 250},
}

// ABC's own clock: abc2midi writes 480 ticks a quarter.
const abcDivision = 480

func (s *folk) take(ctx context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, s.tunes)
	if len(s.rarest) > 0 && rng.IntN(8) == 0 {
		e = pick(rng, s.rarest)
	}
	tune, err := s.read(ctx, e)
	if err != nil {
		return excerpt{}, err
	}
	meter := e.meter
	// Reels and hornpipes are written in four and felt in two.
	if meter.String() == "4/4" && e.source != "sshlien" && rng.IntN(2) == 0 {
		meter = schema.Meter{Beats: 2, Unit: 2}
	}
	tempo := between(rng, folkTempo[meter.String()][0], folkTempo[meter.String()][1])
	piece := tune.play(meter, tempo)
	if share := struck(piece); share < 0.7 {
		return excerpt{}, fmt.Errorf("%s: notes begin on %.0f %% of its downbeats", e.path, 100*share)
	}
	piece.Key, piece.Genre = e.key, e.genre
	s.arrange(rng, piece, tune, tempo)
	humanise(rng, piece, 0.008, 0.008)
	cut, err := cutOut(rng, piece)
	return excerpt{piece: e.path, score: cut}, err
}

// tune is a melody as abc2midi reads it.
type tune struct {
	file   *midi.File
	pickup int64 // ticks before the first bar line of a whole bar
	chords bool  // the tune comes with chords of its own
}

// read converts the tune of a collection and finds its first downbeat.
func (s *folk) read(ctx context.Context, e entry) (tune, error) {
	if e.source == irish {
		return s.readMelody(e)
	}
	path, number, _ := strings.Cut(e.path, "#")
	collection, err := os.ReadFile(filepath.Join(s.dir, path))
	if err != nil {
		return tune{}, err
	}
	abc, err := findTune(string(collection), number)
	if err != nil {
		return tune{}, fmt.Errorf("%s: %w", e.path, err)
	}
	pickup, err := abc.pickup(e.meter)
	if err != nil {
		return tune{}, fmt.Errorf("%s: %w", e.path, err)
	}
	dir, err := os.MkdirTemp("", "tune-")
	if err != nil {
		return tune{}, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "tune.abc"), filepath.Join(dir, "tune.mid")
	if err := os.WriteFile(in, []byte(abc.text), 0o600); err != nil {
		return tune{}, err
	}
	said, err := exec.CommandContext(ctx, "abc2midi", in, "-o", out).CombinedOutput()
	if err != nil {
		return tune{}, fmt.Errorf("%s: abc2midi: %w", e.path, err)
	}
	// A bar of a wrong length moves all downbeats after it.
	if strings.Contains(string(said), "time units while") {
		return tune{}, fmt.Errorf("%s: bars are uneven", e.path)
	}
	f, err := readMIDI(out)
	if err != nil {
		return tune{}, err
	}
	if f.Division != abcDivision {
		return tune{}, fmt.Errorf("%s: division is %d; want %d", e.path, f.Division, abcDivision)
	}
	return tune{file: f, pickup: pickup, chords: abc.chords}, nil
}

// readMelody reads a tune that is there as MIDI; what it plays tells where its
// bars begin.
func (s *folk) readMelody(e entry) (tune, error) {
	f, err := readMIDI(filepath.Join(s.dir, e.path))
	if err != nil {
		return tune{}, err
	}
	if f.Division != abcDivision {
		return tune{}, fmt.Errorf("%s: division is %d; want %d", e.path, f.Division, abcDivision)
	}
	ticks := func(units int) int64 { return int64(units * abcDivision / quarterTicks) }
	pickup, sure := findPickup(f, ticks(compose.BeatTicks(e.meter)), ticks(compose.BarTicks(e.meter)))
	if !sure {
		return tune{}, fmt.Errorf("%s: its bar lines are not to be found", e.path)
	}
	return tune{file: f, pickup: pickup}, nil
}

// play sets the tune to a tempo in felt beats of a meter.
func (t tune) play(meter schema.Meter, bpm float64) *score.Score {
	beat := compose.BeatTicks(meter) * abcDivision / quarterTicks
	usQuarter := int(math.Round(60e6 / bpm * abcDivision / float64(beat)))
	f := &midi.File{Division: abcDivision, Tracks: []midi.Track{{{
		Status: midi.Meta, Type: midi.SetTempo,
		Data: []byte{byte(usQuarter >> 16), byte(usQuarter >> 8), byte(usQuarter)},
	}}}}
	for _, track := range t.file.Tracks {
		var kept midi.Track
		for _, e := range track {
			if e.Status != midi.Meta {
				kept = append(kept, e)
			}
		}
		f.Tracks = append(f.Tracks, kept)
	}
	s := score.FromMIDI(f)
	s.Meter = meter
	perBar := compose.BarTicks(meter) / compose.BeatTicks(meter)
	s.Beats = gridBeats(f, beat, perBar, t.pickup, s.Length)
	return s
}

// struck is the share of downbeats on which a note begins: where it is low, the
// bar lines are not where they seem.
func struck(s *score.Score) float64 {
	const near = 0.01 // s
	hit, bars, next := 0, 0, 0
	for _, b := range s.Beats {
		if b.Position != 1 {
			continue
		}
		bars++
		for next < len(s.Notes) && s.Notes[next].On < b.At-near {
			next++
		}
		if next < len(s.Notes) && s.Notes[next].On <= b.At+near {
			hit++
		}
	}
	return float64(hit) / float64(max(bars, 1))
}

// melodyChannel is where abc2midi puts a tune.
const melodyChannel = 0

var folkLeads = []uint8{40, 40, 73, 74, 21, 22, 23, 24, 25, 105, 110, 71, 68, 46, 15, 0, 109, 75, 56, 65}

// accompaniments are the composer's styles that folk tunes are played in.
var accompaniments = []string{
	"folk", "folk", "country", "polka", "pop", "rock", "march", "waltz", "orchestra", "solo guitar",
	"balkan", "progressive", "baroque", "epic", "ska", "punk", "swing", "ballad",
}

// arrange chooses the instrument and, half the time, adds a band.
func (s *folk) arrange(rng *rand.Rand, piece *score.Score, t tune, bpm float64) {
	instrument := pick(rng, folkLeads)
	var controls []score.Control
	for _, c := range piece.Controls {
		if c.Status != midi.ProgramChange|melodyChannel {
			controls = append(controls, c)
		}
	}
	piece.Controls = controls
	piece.Program(melodyChannel, instrument)
	if t.chords && rng.IntN(2) == 0 {
		return // with the chords that it came with
	}
	var alone []score.Note
	for _, n := range piece.Notes {
		if n.Channel == melodyChannel {
			alone = append(alone, n)
		}
	}
	piece.Notes = alone
	if rng.IntN(10) < 6 {
		accompany(rng, piece, accompaniments, bpm)
	}
}

// stands is the meter that a band counts in where a piece is written in another
// with as many beats a bar.
var stands = map[string]string{"2/2": "2/4", "3/2": "3/4", "3/8": "3/4", "7/16": "7/8"}

// accompany adds a band that follows a melody's bars. It does nothing where no
// style plays in the meter.
func accompany(rng *rand.Rand, piece *score.Score, styles []string, bpm float64) {
	name := piece.Meter.String()
	if other, ok := stands[name]; ok {
		name = other
	}
	meter, err := schema.ParseMeter(name)
	if err != nil || piece.Key == schema.UnknownKey {
		return
	}
	start := firstDownbeat(piece)
	b := compose.Brief{
		Style: pick(rng, styles), Key: piece.Key, Meter: meter, TempoBPM: bpm,
		LengthS: max(piece.Length-start, 2), Chords: harmonise(piece), NoLead: true, Steady: true,
	}
	if b.Chords == nil || b.Validate() != nil {
		return
	}
	playAlong(piece, compose.Compose(rng, b), start)
}

// playAlong adds another score's notes, from a time on. Channels of the melody
// stay as they are.
func playAlong(piece, others *score.Score, start float64) {
	for _, n := range others.Notes {
		n.On, n.Off = n.On+start, n.Off+start
		piece.Notes = append(piece.Notes, n)
	}
	piece.Controls = append(piece.Controls, others.Controls...)
	piece.Sort()
}

func firstDownbeat(s *score.Score) float64 {
	for _, b := range s.Beats {
		if b.Position == 1 {
			return b.At
		}
	}
	return 0
}

// humanise moves notes as players do: each by a little, the tempo by a slow
// drift that the beats share.
func humanise(rng *rand.Rand, s *score.Score, spreadS, drift float64) {
	for i := range s.Notes {
		move := rng.NormFloat64() * spreadS / 2
		on := max(s.Notes[i].On+move, 0)
		s.Notes[i].Off = max(s.Notes[i].Off+move, on+0.02)
		s.Notes[i].On = on
	}
	// A rate that wanders and is pulled back, by steps of half a second.
	const step = 0.5
	at := []float64{0}
	for wander := 0.0; float64(len(at)-2)*step < s.Length; {
		wander = 0.9*wander + 0.44*rng.NormFloat64()
		at = append(at, at[len(at)-1]+step*math.Exp(wander*drift))
	}
	s.Warp(func(t float64) float64 {
		i := min(max(int(t/step), 0), len(at)-2)
		return at[i] + (t/step-float64(i))*(at[i+1]-at[i])
	})
}
