package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"earworm/diff"
	"earworm/schema"
)

// diffConfig is what the diff command reads from its settings.
type diffConfig struct {
	store storeSettings
	limit int
	json  bool
}

func diffCommand() *command {
	var d diffConfig
	return &command{
		name: "diff", operands: "OLD NEW",
		brief: "compare what two model versions heard over the catalogue",
		about: `
Counts the tracks on which tempo, key and meter differ, and how: half and double,
a fifth, the relative key. Beside each version it says how many of people's
labels it agrees with. Then come the tracks that changed: first those where NEW
loses what a label confirms, then where it gains, then the surest changes.`,
		examples: `
earworm promote
earworm diff rhythm-2026.1+key-2026.1 rhythm-2026.2+key-2026.2
earworm diff --json --limit 300 --cassandra db1 rhythm-2026.1+key-2026.1 rhythm-2026.2+key-2026.2`,
		flags: func(s *settings) {
			s.IntVar(&d.limit, "limit", 20, fmt.Sprintf("changed tracks to list, 0 to %d", diff.MostChanged))
			s.BoolVar(&d.json, "json", false, "print one JSON object")
			d.store.flags(s)
		},
		run: d.run,
	}
}

func (d *diffConfig) run(ctx context.Context, c console, operands []string) (err error) {
	switch {
	case len(operands) != 2 || operands[0] == operands[1]:
		return hinted{usagef("diff wants two model versions, OLD and NEW"), "earworm promote lists them"}
	case d.limit < 0 || d.limit > diff.MostChanged:
		return usagef("limit is %d; want 0 to %d", d.limit, diff.MostChanged)
	}
	store, err := d.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	versions, err := store.ModelVersions(ctx)
	if err != nil {
		return err
	}
	for _, version := range operands {
		if !slices.Contains(versions, version) {
			return notHeard(version)
		}
	}
	counts, err := store.Counts(ctx)
	if err != nil {
		return err
	}
	bar := newProgress(c.err, counts.Tracks, time.Now())
	defer bar.end()
	found, err := diff.Compare(ctx, store, operands[0], operands[1], func(n int) { bar.reach(n, counts.Tracks, time.Now()) })
	if err != nil {
		return err
	}
	bar.end()
	report := difference(found, d.limit)
	if d.json {
		return json.NewEncoder(c.out).Encode(report)
	}
	return report.print(c.out)
}

// notHeard says that a model version is none of the store's.
func notHeard(version string) error {
	return hinted{fmt.Errorf("no track was analysed by model version %q", version), "earworm promote lists those that have been heard"}
}

// diffReport is what diff --json prints.
type diffReport struct {
	Old     string `json:"old"`
	New     string `json:"new"`
	Tracks  int    `json:"tracks"` // looked at
	Both    int    `json:"both"`   // heard by both: the changes are among these
	OnlyOld int    `json:"only_old"`
	OnlyNew int    `json:"only_new"`

	Tempo tempoChanges `json:"tempo"`
	Key   keyChanges   `json:"key"`
	Meter meterChanges `json:"meter"`

	Labels  diffLabels   `json:"labels"`
	Changed []diffChange `json:"changed"`
}

type tempoChanges struct {
	Changed int `json:"changed"` // by more than 4 %
	Halved  int `json:"halved"`
	Doubled int `json:"doubled"`
	Other   int `json:"other"`
}

type keyChanges struct {
	Changed  int `json:"changed"`
	Fifth    int `json:"fifth"`    // up or down, the mode kept
	Relative int `json:"relative"` // such as C major and A minor
	Other    int `json:"other"`
}

type meterChanges struct {
	Changed int         `json:"changed"`
	Pairs   []meterPair `json:"pairs"` // the most frequent first
}

// meterPair is a change of meter; an empty one was not known.
type meterPair struct {
	Old    schema.Meter `json:"old"`
	New    schema.Meter `json:"new"`
	Tracks int          `json:"tracks"`
}

// diffLabels say how far each version agrees with people, on the tracks of both.
type diffLabels struct {
	Old agreement `json:"old"`
	New agreement `json:"new"`
}

type agreement struct {
	Tempo rightOf `json:"tempo"`
	Key   rightOf `json:"key"`
	Meter rightOf `json:"meter"`
}

type rightOf struct {
	Right int `json:"right"`
	Of    int `json:"of"` // labels
}

func (r rightOf) String() string { return fmt.Sprintf("%d of %d", r.Right, r.Of) }

type diffChange struct {
	TrackID schema.TrackID `json:"track_id"`
	Source  string         `json:"source"`
	Title   string         `json:"title,omitempty"`
	Artist  string         `json:"artist,omitempty"`
	Old     diffHeard      `json:"old"`
	New     diffHeard      `json:"new"`
	Fixed   int            `json:"fixed"`  // labelled values that NEW alone gets right
	Broken  int            `json:"broken"` // that OLD alone does
}

type diffHeard struct {
	TempoBPM float64      `json:"tempo_bpm"`
	Key      schema.Key   `json:"key"`
	Meter    schema.Meter `json:"meter"`
}

// difference is a report in the form that is printed, with so many of the
// tracks that changed.
func difference(r diff.Report, limit int) diffReport {
	const octave, same = 8, diff.Ratios / 2
	d := diffReport{
		Old: r.Old, New: r.New, Tracks: r.Tracks, Both: r.Both, OnlyOld: r.OnlyOld, OnlyNew: r.OnlyNew,
		Tempo:   tempoChanges{Changed: r.Tempo, Halved: r.Ratios[same-octave], Doubled: r.Ratios[same+octave]},
		Key:     keyChanges{Changed: r.Key, Fifth: r.Moves[0][1] + r.Moves[0][11], Relative: r.Moves[1][0]},
		Meter:   meterChanges{Changed: r.Meter, Pairs: []meterPair{}},
		Labels:  diffLabels{agreementOf(r.OldRight), agreementOf(r.NewRight)},
		Changed: []diffChange{},
	}
	d.Tempo.Other = d.Tempo.Changed - d.Tempo.Halved - d.Tempo.Doubled
	d.Key.Other = d.Key.Changed - d.Key.Fifth - d.Key.Relative
	for pair, n := range r.Meters {
		if pair[0] != pair[1] {
			d.Meter.Pairs = append(d.Meter.Pairs, meterPair{pair[0], pair[1], n})
		}
	}
	slices.SortFunc(d.Meter.Pairs, func(a, b meterPair) int {
		if a.Tracks != b.Tracks {
			return b.Tracks - a.Tracks
		}
		return strings.Compare(a.Old.String()+" "+a.New.String(), b.Old.String()+" "+b.New.String())
	})
	for _, c := range r.Changed[:min(limit, len(r.Changed))] {
		d.Changed = append(d.Changed, diffChange{
			TrackID: c.Track.ID, Source: c.Track.Source, Title: c.Track.Title, Artist: c.Track.Artist,
			Old: heardBy(c.Old), New: heardBy(c.New), Fixed: c.Fixed, Broken: c.Broken,
		})
	}
	return d
}

func agreementOf(a schema.Agreement) agreement {
	return agreement{rightOf{a.TempoRight, a.Tempo}, rightOf{a.KeyRight, a.Key}, rightOf{a.MeterRight, a.Meter}}
}

func heardBy(a schema.Analysis) diffHeard {
	return diffHeard{a.Tempo.BPM, a.Key.Name, a.Meter.Name}
}

func (d diffReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "old     %s\nnew     %s\n", printable(d.Old), printable(d.New))
	fmt.Fprintf(&b, "tracks  %d: %d heard by both, %d by old alone, %d by new alone\n", d.Tracks, d.Both, d.OnlyOld, d.OnlyNew)
	share := func(n int) string {
		return fmt.Sprintf("%d changed (%.1f %%)", n, 100*float64(n)/float64(max(1, d.Both)))
	}
	fmt.Fprintf(&b, "tempo   %s: %d halved, %d doubled, %d otherwise\n", share(d.Tempo.Changed), d.Tempo.Halved, d.Tempo.Doubled, d.Tempo.Other)
	fmt.Fprintf(&b, "key     %s: %d by a fifth, %d to the relative key, %d otherwise\n", share(d.Key.Changed), d.Key.Fifth, d.Key.Relative, d.Key.Other)
	fmt.Fprintf(&b, "meter   %s", share(d.Meter.Changed))
	for i, p := range d.Meter.Pairs {
		fmt.Fprintf(&b, "%s %d %s to %s", map[bool]string{true: ":", false: ","}[i == 0], p.Tracks, orUnknown(p.Old), orUnknown(p.New))
	}
	fmt.Fprintf(&b, "\nlabels  old agrees on tempo %s, key %s, meter %s\n", d.Labels.Old.Tempo, d.Labels.Old.Key, d.Labels.Old.Meter)
	fmt.Fprintf(&b, "        new agrees on tempo %s, key %s, meter %s\n", d.Labels.New.Tempo, d.Labels.New.Key, d.Labels.New.Meter)
	if len(d.Changed) > 0 {
		b.WriteString("\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil || len(d.Changed) == 0 {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LABELS\tBPM\tKEY\tMETER\tTRACK\tNAME")
	for _, c := range d.Changed {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.evidence(),
			change(fmt.Sprintf("%.1f", c.Old.TempoBPM), fmt.Sprintf("%.1f", c.New.TempoBPM)), change(orUnknown(c.Old.Key), orUnknown(c.New.Key)),
			change(orUnknown(c.Old.Meter), orUnknown(c.New.Meter)), c.TrackID, printable(trackName(c.Source, c.Artist, c.Title)))
	}
	return table.Flush()
}

// evidence is what labels say of a change; empty where nobody has spoken.
func (c diffChange) evidence() string {
	var words []string
	if c.Broken > 0 {
		words = append(words, fmt.Sprintf("-%d", c.Broken))
	}
	if c.Fixed > 0 {
		words = append(words, fmt.Sprintf("+%d", c.Fixed))
	}
	return strings.Join(words, " ")
}

// change shows what was and what is, or what is all along.
func change(old, heard string) string {
	if old == heard {
		return heard
	}
	return old + " > " + heard
}

func orUnknown(what fmt.Stringer) string {
	if s := what.String(); s != "" {
		return s
	}
	return "?"
}

// trackName is how people call a track: by its tags, or else by its source.
func trackName(source, artist, title string) string {
	if title == "" {
		return source
	}
	return strings.TrimPrefix(artist+" - "+title, " - ")
}
