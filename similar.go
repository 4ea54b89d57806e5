package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"earworm/schema"
	"earworm/similar"
)

// similarConfig is what the similar command reads from its settings.
type similarConfig struct {
	store storeSettings
	want  similar.Want
	key   string
	json  bool
}

func similarCommand() *command {
	var q similarConfig
	return &command{
		name: "similar", operands: "TRACK",
		brief: "list the tracks most like a track",
		about: `
Compares what the serving model version heard, by the cosine of its vectors,
and prints the nearest tracks first. Flags narrow them: a range of tempi or a
share about the track's own, with half and double where asked; the same key, one
that mixes with it by the Camelot wheel, or a key by name; a time signature.`,
		examples: `
earworm similar 5d41402abc4b2a76b9719d911017c592
earworm similar --tempo-within 0.05 --octaves --key compatible 5d41402abc4b2a76b9719d911017c592
earworm similar --min-tempo 90 --max-tempo 110 --meter 3/4 --json 5d41402abc4b2a76b9719d911017c592`,
		flags: func(s *settings) {
			s.IntVar(&q.want.Limit, "limit", 10, "tracks to list, 1 to 100")
			s.Float64Var(&q.want.MinTempo, "min-tempo", 0, "slowest, `BPM`")
			s.Float64Var(&q.want.MaxTempo, "max-tempo", 0, "fastest, `BPM`")
			s.Float64Var(&q.want.TempoWithin, "tempo-within", 0, "`share` by which the tempo may differ from the track's own, such as 0.05")
			s.BoolVar(&q.want.Octaves, "octaves", false, "half and double of these tempi will do")
			s.StringVar(&q.key, "key", "", "same or compatible with the track's own, or a `key` such as 'F# minor'")
			s.Var(value[schema.Meter]{dst: &q.want.Meter, kind: "meter", parse: parseMeterFlag, format: schema.Meter.String}, "meter", "a time signature, such as 3/4")
			s.BoolVar(&q.json, "json", false, "print an object a line (NDJSON)")
			q.store.flags(s)
		},
		run: q.run,
	}
}

func (q *similarConfig) run(ctx context.Context, c console, operands []string) (err error) {
	if len(operands) != 1 {
		return usagef("similar wants one TRACK; got %d", len(operands))
	}
	want := q.want
	if want.Limit < 1 || want.Limit > similar.MostMatches {
		return usagef("limit is %d; want 1 to %d", want.Limit, similar.MostMatches)
	}
	if err := want.ReadKey(q.key); err != nil {
		return usageError{err}
	}
	store, err := q.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	id := schema.TrackID(operands[0])
	if _, err := store.Track(ctx, id); err != nil {
		return noTrack(err, id)
	}
	matches, err := similar.Searcher{Store: store}.Like(ctx, id, want)
	if errors.Is(err, schema.ErrNotFound) {
		return hinted{fmt.Errorf("the serving model version has not heard track %q", id), "earworm promote says which version serves"}
	}
	if refusal, ok := errors.AsType[*similar.Refusal](err); ok {
		return usageError{refusal}
	}
	if err != nil {
		return err
	}
	return q.print(c, matches)
}

func (q *similarConfig) print(c console, matches []similar.Match) error {
	if q.json {
		return printLines(c.out, matches)
	}
	if len(matches) == 0 {
		complain(c.err, "no track is like it within these bounds")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ALIKE\tBPM\tKEY\tMETER\tTRACK\tNAME")
	for _, m := range matches {
		var f schema.Features
		if m.Features != nil {
			f = *m.Features
		}
		fmt.Fprintf(w, "%.3f\t%.1f\t%s\t%s\t%s\t%s\n", m.Similarity, f.TempoBPM, f.Key, f.Meter, m.TrackID, printable(trackName(m.Source, m.Artist, m.Title)))
	}
	return w.Flush()
}
