package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"time"

	"earworm/queue"
	"earworm/schema"
)

// analyzeConfig is what the analyze command reads from its flags.
type analyzeConfig struct {
	csv, json, force bool
	store            sqliteSettings
	work             workSettings
}

func analyzeCommand() *command {
	var a analyzeConfig
	return &command{
		name: "analyze", operands: "FILE|FOLDER|URL|-…",
		brief: "estimate the tempo, key and time signature of audio files",
		about: `
Prints a table with a line for each track. A folder stands for the audio below
it, sorted by name; - reads files, folders and addresses from stdin, one a
line. What has been analysed before, and did not change since, is taken from
the store. Exit code 1 says that some tracks failed; the others are done.`,
		examples: `
earworm analyze song.mp3
earworm analyze --csv ~/Music > music.csv
find . -name '*.flac' | earworm analyze --json -`,
		flags: func(s *settings) {
			s.BoolVar(&a.csv, "csv", false, "print CSV with a header")
			s.BoolVar(&a.json, "json", false, "print an object a line (NDJSON), for failures too")
			s.BoolVar(&a.force, "force", false, "analyse again what is in the store already")
			a.store.flags(s)
			a.work.sources.private = true // a person asks, at their own machine
			a.work.flags(s)
		},
		run: a.run,
	}
}

func (a *analyzeConfig) run(ctx context.Context, c console, operands []string) error {
	if a.csv && a.json {
		return usagef("--csv and --json exclude each other")
	}
	inputs, err := expand(ctx, operands, c.in)
	if err != nil {
		return err
	}
	if len(inputs) == 0 {
		return errors.New("the list on stdin names no file")
	}
	var out report
	switch {
	case a.csv:
		out = &sheet{csv.NewWriter(c.out)}
	case a.json:
		out = &ndjson{c.out}
	default:
		out = &table{w: c.out}
	}
	failed, err := a.analyse(ctx, c, inputs, out)
	for _, in := range failed {
		complain(c.err, in.path+": "+in.reason())
	}
	if err == nil && len(failed) > 0 {
		return errReported
	}
	return err
}

// ending is how a job ended for good.
type ending struct {
	id      schema.TrackID
	failure *schema.Failure // nil: it is done
	took    time.Duration
}

// analyse sends the inputs through the queue to the worker and reports each in
// its turn. It returns those that failed.
func (a *analyzeConfig) analyse(ctx context.Context, c console, inputs []input, out report) (failed []input, err error) {
	jobs := distinct(inputs)
	if len(jobs) == 0 { // nothing that could be worked on
		return reportAll(inputs, out)
	}
	began := time.Now()
	local, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer local.close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	endings := make(chan ending, len(jobs))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		cancel(local.queue.Run(ctx, reporting(local.worker.Handle, endings)))
	}()
	defer func() { cancel(nil); <-stopped }()
	go func() {
		if err := local.submit(ctx, jobs, a.force); err != nil {
			cancel(err)
		}
	}()

	bar := newProgress(c.err, len(jobs), began)
	defer bar.end()
	if err := bar.above(began, func() error { return out.begin(inputs) }); err != nil {
		return nil, err
	}
	ended := make(map[schema.TrackID]ending, len(jobs))
	for _, in := range inputs {
		for in.failure == nil && ended[in.id].id == "" {
			select {
			case e := <-endings:
				ended[e.id] = e
				bar.step(time.Now())
			case <-ctx.Done():
				return failed, context.Cause(ctx)
			}
		}
		r, err := local.result(ctx, in, ended[in.id], began)
		if err != nil {
			return failed, err
		}
		if r.failure != nil {
			failed = append(failed, r.input)
		}
		if err := bar.above(time.Now(), func() error { return out.row(r) }); err != nil {
			return failed, fmt.Errorf("write the report: %w", err)
		}
	}
	return failed, nil
}

// distinct are the inputs to work on: those without a failure, each track once.
func distinct(inputs []input) []input {
	var jobs []input
	seen := map[schema.TrackID]bool{}
	for _, in := range inputs {
		if in.failure == nil && !seen[in.id] {
			seen[in.id] = true
			jobs = append(jobs, in)
		}
	}
	return jobs
}

// reportAll reports inputs of which none can be worked on.
func reportAll(inputs []input, out report) ([]input, error) {
	if _, people := out.(*table); people {
		return inputs, nil // the lines on stderr say it all
	}
	if err := out.begin(inputs); err != nil {
		return inputs, err
	}
	for _, in := range inputs {
		if err := out.row(result{input: in}); err != nil {
			return inputs, fmt.Errorf("write the report: %w", err)
		}
	}
	return inputs, nil
}

// reporting tells of every job that ended for good, one that will not be
// tried again.
func reporting(handle queue.Handler, endings chan<- ending) queue.Handler {
	return func(ctx context.Context, d queue.Delivery) error {
		began := time.Now()
		err := handle(ctx, d)
		failure, permanent := errors.AsType[*schema.Failure](err)
		if err == nil || permanent || d.Last {
			if err != nil && !permanent {
				failure = schema.Fail(schema.Internal, "%s", err)
			}
			endings <- ending{d.TrackID, failure, time.Since(began)}
		}
		return err
	}
}
