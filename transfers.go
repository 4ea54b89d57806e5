package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"earworm/schema/sqlite"
	"earworm/transfer"
)

func exportCommand() *command {
	var store storeSettings
	return &command{
		name:  "export",
		brief: "print the whole catalogue as NDJSON, for earworm import",
		about: `
Prints tracks, what each model version heard in them, labels, the version that
serves and the vectors of others. Workers and people may go on meanwhile. What
can be made again is not in it: pictures and the figures of the catalogue; nor
are batches, tokens and jobs.`,
		examples: `
earworm export >catalogue.ndjson
earworm export --cassandra db1,db2,db3 | zstd >catalogue.ndjson.zst`,
		flags: store.flags,
		run: func(ctx context.Context, c console, _ []string) (err error) {
			opened, err := store.open(ctx)
			if err != nil {
				return err
			}
			defer closing(&err, opened.Close)
			counts, err := opened.Counts(ctx)
			if err != nil {
				return err
			}
			bar := newProgress(c.err, counts.Tracks, time.Now())
			defer bar.end()
			out := bufio.NewWriterSize(c.out, 1<<20)
			total, err := transfer.Export(ctx, opened, out, func() { bar.step(time.Now()) })
			if err == nil {
				err = out.Flush()
			}
			if err != nil {
				return err
			}
			bar.end()
			complain(c.err, "exported "+moved(total))
			return nil
		},
	}
}

func importCommand() *command {
	var store storeSettings
	return &command{
		name: "import", operands: "FILE",
		brief: "add what earworm export printed to the store",
		about: `
Reads FILE through first, and stores nothing where a line of it is wrong. What
the store has stays: labels are added to those there, and of an analysis that both
have the store's stays. Importing twice is importing once; one that was stopped
is finished by doing it again. FILE may come from either kind of store.`,
		examples: `
earworm import catalogue.ndjson
earworm import --cassandra db1,db2,db3 catalogue.ndjson`,
		flags: store.flags,
		run: func(ctx context.Context, c console, operands []string) (err error) {
			if len(operands) != 1 {
				return usagef("import wants one FILE; got %d", len(operands))
			}
			from, err := os.Open(operands[0])
			if err != nil {
				return err
			}
			defer from.Close()
			opened, err := store.open(ctx)
			if err != nil {
				return err
			}
			defer closing(&err, opened.Close)
			var bar *progress
			total, err := transfer.Import(ctx, opened, from, func(of transfer.Total) {
				if bar == nil {
					bar = newProgress(c.err, of.Tracks, time.Now())
				}
				bar.step(time.Now())
			})
			if bar != nil {
				bar.end()
			}
			if err != nil {
				return err
			}
			complain(c.err, "imported "+moved(total))
			return nil
		},
	}
}

// moved says in words what an export holds.
func moved(t transfer.Total) string {
	return fmt.Sprintf("tracks: %d, analyses: %d, labels: %d, vectors of others: %d", t.Tracks, t.Analyses, t.Labels, t.Vectors)
}

func backupCommand() *command {
	var store sqliteSettings
	return &command{
		name: "backup", operands: "FILE",
		brief: "copy an SQLite store that is in use",
		about: `
Writes the store as it is at one moment to FILE, which must not be there yet,
while workers and people go on. To restore, stop earworm and put FILE in the
store's place. Of Cassandra, nodetool snapshot does this.`,
		examples: `
earworm backup earworm-monday.db
earworm backup --store /var/lib/earworm/earworm.db /backup/earworm.db`,
		flags: store.flags,
		run: func(ctx context.Context, _ console, operands []string) (err error) {
			if len(operands) != 1 {
				return usagef("backup wants one FILE; got %d", len(operands))
			}
			path, err := store.file()
			if err != nil {
				return err
			}
			if _, err := os.Stat(path); err != nil {
				return hinted{fmt.Errorf("store: %w", err), "--store PATH says where the store is"}
			}
			opened, err := sqlite.Open(ctx, path)
			if err != nil {
				return err
			}
			defer closing(&err, opened.Close)
			err = opened.Backup(ctx, operands[0])
			if errors.Is(err, os.ErrExist) {
				return hinted{err, "name a file that is not there yet"}
			}
			return err
		},
	}
}
