package main

import (
	"context"
	"errors"
)

func workerCommand() *command {
	var w fleetSettings
	return &command{
		name:  "worker",
		brief: "take tracks from the queue and analyse them",
		about: `
One worker process of a fleet: it takes jobs from Redis and writes what it
hears to the store. Run as many as there are machines. Tracks that the store
calls pending are enqueued at start. SIGTERM lets running tracks finish and
gives the others back.`,
		examples: `
earworm worker --redis redis://queue:6379 --cassandra db1,db2,db3
EARWORM_REDIS=redis://queue:6379 EARWORM_CASSANDRA=db1 earworm worker --concurrency 8`,
		flags: w.declare,
		run: func(ctx context.Context, c console, _ []string) (err error) {
			if w.queue.redis == "" {
				return hinted{usageError{errors.New("worker wants --redis, the queue to take tracks from")}, "earworm serve works by itself, without one"}
			}
			f, err := w.open(ctx, c)
			if err != nil {
				return err
			}
			defer closing(&err, f.close)
			f.log.InfoContext(ctx, "working",
				"queue", w.queue.name(), "store", w.store.name(), "concurrency", w.work.concurrency,
				"model_version", f.model.Version())
			return f.work(ctx)
		},
	}
}
