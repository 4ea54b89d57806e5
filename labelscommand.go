package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"time"

	"earworm/labels"
)

// labelsConfig is what the labels command reads from its settings.
type labelsConfig struct {
	store  storeSettings
	json   bool
	absent bool
}

func labelsCommand() *command {
	var l labelsConfig
	return &command{
		name: "labels", operands: "export | import FILE",
		brief: "export what people said of tracks as ground truth, and import it",
		about: `
Export prints all labels, those taken back too, as CSV or NDJSON, each with its
track's source. Import reads either from FILE, or stdin (-), adds what the store
does not have, and changes nothing where a line is wrong. Twice is once: a label
is known by its track and time, and one that has no time by what it says and by
whom. What was said before stays.

A file of your own needs track_id or source, and some of tempo_bpm, key, meter,
downbeat_s; then at, author, note and takes_back as they apply.`,
		examples: `
earworm labels export >labels.csv
earworm labels export --json --cassandra db1 | gzip >labels.ndjson.gz
earworm labels import labels.csv
printf 'source,tempo_bpm,author\nfile:///music/a.flac,92,ann\n' | earworm labels import -`,
		flags: func(s *settings) {
			s.BoolVar(&l.json, "json", false, "export an object a line (NDJSON)")
			s.BoolVar(&l.absent, "skip-absent", false, "import the others where tracks are not in the store")
			l.store.flags(s)
		},
		run: l.run,
	}
}

func (l *labelsConfig) run(ctx context.Context, c console, operands []string) error {
	switch {
	case operands[0] == "export" && len(operands) == 1:
		return l.export(ctx, c)
	case operands[0] == "import" && len(operands) == 2:
		return l.read(ctx, c, operands[1])
	}
	return usagef("labels wants export, or import FILE")
}

func (l *labelsConfig) export(ctx context.Context, c console) (err error) {
	store, err := l.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	rows, err := labels.All(ctx, store)
	if err != nil {
		return err
	}
	write := labels.WriteCSV
	if l.json {
		write = labels.WriteNDJSON
	}
	out := bufio.NewWriter(c.out)
	if err := write(out, rows); err != nil {
		return err
	}
	complain(c.err, "exported "+plural(len(rows), "label"))
	return out.Flush()
}

func (l *labelsConfig) read(ctx context.Context, c console, path string) (err error) {
	from := c.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	rows, err := labels.Read(from)
	if err != nil {
		return err
	}
	store, err := l.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	plan, err := labels.Prepare(ctx, store, rows, time.Now())
	if err != nil {
		return err
	}
	if n := len(plan.Unknown); n > 0 && !l.absent {
		first := plan.Unknown[0]
		return hinted{
			fmt.Errorf("%s of tracks that are not in the store, the first in line %d, of %s; nothing was imported", plural(n, "label"), first.Line, first.TrackID),
			"--skip-absent imports the others",
		}
	}
	bar := newProgress(c.err, len(plan.Add), time.Now())
	defer bar.end()
	for _, label := range plan.Add {
		if err := store.AddLabel(ctx, label); err != nil {
			return err
		}
		bar.step(time.Now())
	}
	bar.end()
	complain(c.err, fmt.Sprintf("labels added: %d, known before: %d, of absent tracks: %d", len(plan.Add), plan.Known, len(plan.Unknown)))
	return nil
}
