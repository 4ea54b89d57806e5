package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"earworm/labels"
	"earworm/schema"
)

// labelConfig is what the label command reads from its settings.
type labelConfig struct {
	store storeSettings
	label schema.Label
	back  string
	json  bool
}

func labelCommand() *command {
	var l labelConfig
	return &command{
		name: "label", operands: "TRACK",
		brief: "say what a track's tempo, key or meter is",
		about: `
What a person says of a track wins over every analysis, past and future. A
label speaks of tempo, key, meter or a downbeat, or takes back an earlier one;
labels are only ever added, so that their history stays. Without any of these
it lists what was said of the track, oldest first.`,
		examples: `
earworm label 5d41402abc4b2a76b9719d911017c592 --tempo 92 --key 'F# minor' --meter 7/8 --note 'counted by ear'
earworm label 5d41402abc4b2a76b9719d911017c592
earworm label 5d41402abc4b2a76b9719d911017c592 --take-back 2026-05-01T10:00:00.123Z`,
		flags: func(s *settings) {
			s.Var(value[float64]{dst: &l.label.TempoBPM, kind: "BPM", parse: parseTempo, format: figure}, "tempo", "beats a minute, 20 to 400")
			s.Var(value[schema.Key]{dst: &l.label.Key, kind: "key", parse: parseKeyFlag, format: schema.Key.String}, "key", "a tonic and a mode, such as 'F# minor'")
			s.Var(value[schema.Meter]{dst: &l.label.Meter, kind: "meter", parse: parseMeterFlag, format: schema.Meter.String}, "meter", "a time signature, such as 7/8")
			s.Float64Var(&l.label.DownbeatS, "downbeat", 0, "a time at which a bar begins, in `seconds`")
			s.StringVar(&l.label.Note, "note", "", "`text` for whoever reads it later, at most 2,000 characters")
			s.StringVar(&l.label.Author, "author", "", "`name` of who says so (default: the user)")
			s.StringVar(&l.back, "take-back", "", "`time` of a label of this track that was a mistake")
			s.BoolVar(&l.json, "json", false, "print an object a line (NDJSON)")
			l.store.flags(s)
		},
		run: l.run,
	}
}

func parseTempo(text string) (float64, error) {
	bpm, err := strconv.ParseFloat(text, 64)
	if err != nil || !labels.TempoFits(bpm) {
		return 0, fmt.Errorf("want %d to %d BPM", labels.SlowestBPM, labels.FastestBPM)
	}
	return bpm, nil
}

func parseKeyFlag(text string) (schema.Key, error) {
	key, err := schema.ParseKey(text)
	if err != nil {
		return key, errors.New("want a tonic and a mode, such as 'F# minor'")
	}
	return key, nil
}

func parseMeterFlag(text string) (schema.Meter, error) {
	meter, err := schema.ParseMeter(text)
	if err != nil {
		return meter, errors.New("want a time signature, such as 7/8")
	}
	return meter, nil
}

// figure writes a number in full, or nothing for 0.
func figure(x float64) string {
	if x == 0 {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func (l *labelConfig) run(ctx context.Context, c console, operands []string) (err error) {
	if len(operands) != 1 {
		return usagef("label wants one TRACK; got %d", len(operands))
	}
	said, err := l.said(schema.TrackID(operands[0]))
	if err != nil {
		return usageError{err}
	}
	store, err := l.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	if _, err := store.Track(ctx, said.TrackID); err != nil {
		return noTrack(err, said.TrackID)
	}
	known, err := store.TrackLabels(ctx, said.TrackID)
	if err != nil {
		return err
	}
	if labels.SaysNothing(said) && said.Note == "" {
		return l.print(c, known...)
	}
	if err := labels.Check(said, known); err != nil {
		return err
	}
	if err := store.AddLabel(ctx, said); err != nil {
		return err
	}
	return l.print(c, said)
}

// said is the label that the flags make.
func (l *labelConfig) said(id schema.TrackID) (schema.Label, error) {
	said := l.label
	said.TrackID, said.At = id, time.Now().UTC().Truncate(time.Millisecond)
	said.Note, said.Author = strings.TrimSpace(said.Note), strings.TrimSpace(said.Author)
	if said.Author == "" {
		said.Author = person()
	}
	if l.back != "" {
		at, err := time.Parse(time.RFC3339, l.back)
		if err != nil {
			return said, fmt.Errorf("take-back is %q; want the time of a label as earworm label TRACK lists it", l.back)
		}
		said.TakesBack = at.UTC()
	}
	return said, nil
}

func (l *labelConfig) print(c console, some ...schema.Label) error {
	if l.json {
		return printLines(c.out, some)
	}
	for _, label := range some {
		if _, err := fmt.Fprintln(c.out, labelLine(label)); err != nil {
			return err
		}
	}
	return nil
}

// labelLine is a label in words.
func labelLine(l schema.Label) string {
	words := []string{l.At.UTC().Format(labels.TimeForm), l.Author}
	if l.TempoBPM != 0 {
		words = append(words, figure(l.TempoBPM)+" BPM")
	}
	if l.Key != schema.UnknownKey {
		words = append(words, l.Key.String())
	}
	if l.Meter != (schema.Meter{}) {
		words = append(words, l.Meter.String())
	}
	if l.DownbeatS != 0 {
		words = append(words, "a bar begins at "+figure(l.DownbeatS)+" s")
	}
	if !l.TakesBack.IsZero() {
		words = append(words, "takes back "+l.TakesBack.UTC().Format(labels.TimeForm))
	}
	if l.Note != "" {
		words = append(words, strconv.Quote(l.Note))
	}
	return printable(strings.Join(words, "  "))
}

// noTrack says in a line that there is no such track.
func noTrack(err error, id schema.TrackID) error {
	if errors.Is(err, schema.ErrNotFound) {
		return fmt.Errorf("there is no track %q in the store", id)
	}
	return err
}
