package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"earworm/release"
	"earworm/schema"
)

func forgetCommand() *command {
	var store storeSettings
	return &command{
		name: "forget", operands: "VERSION",
		brief: "delete what a model version heard, once another one serves",
		about: `
Deletes the analyses of VERSION and the vectors it made, track by track, and then
the version itself. What people said stays, and so do features: a track that has
no analysis of the version that serves gets them from its newest other one. What
was cut off is finished by doing it again.

It refuses the version that serves, and one that a batch is at. End the workers
of that version first: what they analyse afterwards brings it back.`,
		examples: `
earworm promote
earworm forget rhythm-2026.1+key-2026.1
earworm forget --cassandra db1,db2 rhythm-2026.1+key-2026.1`,
		flags: store.flags,
		run: func(ctx context.Context, c console, operands []string) (err error) {
			if len(operands) != 1 {
				return usagef("forget wants one VERSION; got %d", len(operands))
			}
			opened, err := store.open(ctx)
			if err != nil {
				return err
			}
			defer closing(&err, opened.Close)
			return forget(ctx, c, opened, operands[0])
		},
	}
}

func forget(ctx context.Context, c console, store schema.Store, version string) error {
	counts, err := store.Counts(ctx)
	if err != nil {
		return err
	}
	bar := newProgress(c.err, counts.Tracks, time.Now())
	defer bar.end()
	deleted, err := release.Forget(ctx, store, version, func(n int) { bar.reach(n, counts.Tracks, time.Now()) })
	bar.end()
	switch {
	case err == nil:
		complain(c.err, "forgot "+version+", which had heard "+plural(deleted, "track"))
		return nil
	case errors.Is(err, schema.ErrServing):
		return hinted{fmt.Errorf("%s serves readers; nothing was deleted", version), "earworm promote has another version serve"}
	case errors.Is(err, schema.ErrNotFound):
		return notHeard(version)
	case errors.Is(err, schema.ErrConflict):
		return hinted{fmt.Errorf("a batch by %s has not ended; nothing was deleted", version), "earworm batch lists them, earworm batch cancel ID ends one"}
	}
	complain(c.err, fmt.Sprintf("%s of %s deleted; earworm forget %s goes on", plural(deleted, "track"), version, version))
	return err
}
