package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"earworm/batch"
	"earworm/schema"
	"earworm/selector"
)

// batchConfig is what the batch command reads from its settings.
type batchConfig struct {
	batches batchSettings
	json    bool
}

func batchCommand() *command {
	var b batchConfig
	return &command{
		name: "batch", operands: "[list | show|follow|pause|resume|cancel ID]",
		brief: "list the batches of reprocess, and pause, resume or cancel one",
		about: `
A batch that is paused or cancelled takes its jobs out of the queue; tracks that
are being worked on are finished. What is cancelled stays as it is, done in part;
paused ones go on where they were, also after weeks. Without an operand it lists
them, the newest first.`,
		examples: `
earworm batch
earworm batch pause 261125-1405-5f0c2d
earworm batch follow 261125-1405-5f0c2d
earworm batch list --json --redis redis://queue:6379 --cassandra db1`,
		flags: func(s *settings) {
			s.BoolVar(&b.json, "json", false, "print an object a line (NDJSON)")
			b.batches.flags(s)
		},
		run: b.run,
	}
}

func (b *batchConfig) run(ctx context.Context, c console, operands []string) (err error) {
	action, id, err := batchAction(operands)
	if err != nil {
		return err
	}
	made, done, err := b.batches.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, done)
	var status batch.Status
	switch action {
	case "list":
		all, err := made.list(ctx)
		if err != nil {
			return err
		}
		return b.list(c, all)
	case "show", "follow":
		status, err = made.status(ctx, id)
	default:
		status, err = made.change(ctx, id, action)
	}
	if err != nil {
		return err
	}
	if action == "follow" {
		return follow(ctx, c, made, status, b.json)
	}
	return printBatch(c.out, status, b.json)
}

// batchAction reads the operands: nothing, list, or what to do and with which batch.
func batchAction(operands []string) (action, id string, err error) {
	actions := []string{"list", "show", "follow", "pause", "resume", "cancel"}
	if len(operands) == 0 {
		return "list", "", nil
	}
	known := false
	for _, a := range actions {
		known = known || a == operands[0]
	}
	want := 2
	if operands[0] == "list" {
		want = 1
	}
	switch {
	case !known:
		return "", "", usagef("action is %q; want %s%s", operands[0], strings.Join(actions, ", "), didYouMean(operands[0], actions))
	case len(operands) != want && want == 1:
		return "", "", usagef("batch list wants nothing more; got %q", operands[1])
	case len(operands) != want:
		return "", "", hinted{usagef("batch %s wants one ID", operands[0]), "earworm batch lists them"}
	}
	return operands[0], strings.Join(operands[1:], ""), nil
}

func (b *batchConfig) list(c console, all []batch.Status) error {
	if b.json {
		return printLines(c.out, all)
	}
	if len(all) == 0 {
		complain(c.err, "there is no batch yet; earworm reprocess makes one")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BATCH\tSTATE\tPLANNED\tDONE\tFAILED\tLEFT\tMODEL\tTRACKS")
	for _, s := range all {
		left := ""
		if s.LeftS != nil {
			left = span(*s.LeftS)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", s.ID, s.State, s.Planned, s.Done, s.Failed, left, s.ModelVersion, selectorWords(s.Selector))
	}
	return w.Flush()
}

// printBatch prints one batch in words, or as an object.
func printBatch(w io.Writer, s batch.Status, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "batch     %s, %s\n", s.ID, s.State)
	fmt.Fprintf(&b, "tracks    %s\n", selectorWords(s.Selector))
	fmt.Fprintf(&b, "model     %s\n", s.ModelVersion)
	by := ""
	if s.CreatedBy != "" {
		by = " by " + printable(s.CreatedBy)
	}
	fmt.Fprintf(&b, "made      %s%s\n", s.CreatedAt.UTC().Format(time.RFC3339), by)
	fmt.Fprintf(&b, "progress  %s\n", progressOf(s))
	for _, code := range sortedKeys(s.Failures) {
		fmt.Fprintf(&b, "failed    %d %s: %s\n", s.Failures[code], code, code.Help())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// selectorWords is a batch's selector as a person reads it.
func selectorWords(raw json.RawMessage) string {
	s, err := selector.Parse(string(raw))
	if err != nil {
		return printable(string(raw)) // of a newer earworm
	}
	var words []string
	if s.Stale {
		words = append(words, "stale")
	}
	if s.ModelVersion != "" {
		words = append(words, "of model "+s.ModelVersion)
	}
	if s.Failed != "" {
		words = append(words, "failed as "+string(s.Failed))
	}
	if !s.Where.IsZero() {
		words = append(words, "where "+s.Where.String())
	}
	if len(s.IDs) > 0 {
		words = append(words, plural(len(s.IDs), "track")+" by name")
	}
	if len(words) == 0 {
		return "all"
	}
	return printable(strings.Join(words, ", "))
}

// progressOf says in words how far a batch is.
func progressOf(s batch.Status) string {
	words := fmt.Sprintf("%d of %d done", s.Done, s.Planned)
	if !s.Whole {
		words = fmt.Sprintf("%d of %d done that are planned so far", s.Done, s.Planned)
	}
	if s.Failed > 0 {
		var codes []string
		for _, code := range sortedKeys(s.Failures) {
			codes = append(codes, fmt.Sprintf("%d %s", s.Failures[code], code))
		}
		words += fmt.Sprintf(", %d failed (%s)", s.Failed, strings.Join(codes, ", "))
	}
	if s.LeftS != nil {
		words += ", about " + span(*s.LeftS) + " left"
	}
	return words
}

// unplanned is after how long without a planner a person is told.
const unplanned = 15 * time.Second

// follow shows how far a batch is until it has ended, and then prints it. When
// ctx ends it leaves the batch as it is, and says so.
func follow(ctx context.Context, c console, made batches, s batch.Status, asJSON bool) error {
	complain(c.err, "batch "+s.ID+" is "+string(s.State)+"; Ctrl-C leaves it so")
	bar, planned, told := newProgress(c.err, 0, time.Now()), time.Now(), false
	defer bar.end()
	for s.State == schema.BatchRunning || s.State == schema.BatchPaused {
		bar.show(s.ID + " " + string(s.State) + ": " + progressOf(s))
		if s.Planner != "" || s.State == schema.BatchPaused {
			planned = time.Now()
		}
		if !told && time.Since(planned) > unplanned {
			told = true
			complain(c.err, "nobody works on it yet; it waits for an earworm serve or worker of model "+s.ModelVersion)
		}
		asked := time.Now()
		next, err := made.status(ctx, s.ID)
		if err == nil {
			s = next
			err = pause(ctx, max(time.Second, 10*time.Since(asked)))
		}
		if err != nil {
			bar.end()
			return left(ctx, c, s.ID, err)
		}
	}
	bar.end()
	if err := printBatch(c.out, s, asJSON); err != nil {
		return err
	}
	if s.State == schema.BatchCancelled {
		return fmt.Errorf("batch %s was cancelled", s.ID)
	}
	if s.Failed > 0 {
		return errReported
	}
	return nil
}

// left says that a batch goes on without who followed it.
func left(ctx context.Context, c console, id string, err error) error {
	if ctx.Err() != nil {
		complain(c.err, "batch "+id+" goes on: earworm batch follow "+id+" looks again, earworm batch cancel "+id+" ends it")
		return ctx.Err()
	}
	if _, has := errors.AsType[hinted](err); has {
		return err
	}
	return hinted{err, "the batch goes on; earworm batch follow " + id + " looks again"}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
