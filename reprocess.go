package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"earworm/batch"
	"earworm/schema"
	"earworm/selector"
)

// reprocessConfig is what the reprocess command reads from its settings.
type reprocessConfig struct {
	batches batchSettings
	order   batch.Order
	failed  string
	ids     string
	all     bool
	dry     bool
	detach  bool
	json    bool
}

func reprocessCommand() *command {
	var r reprocessConfig
	return &command{
		name:  "reprocess",
		brief: "have the catalogue, or a part of it, analysed again",
		about: `
Makes a batch, which workers of the present model version go through while new
tracks go first, and follows it. Flags say which tracks; all of them must hold,
and without any it is those that this version has not tried (--stale). Ctrl-C
ends the following alone: the batch goes on, and earworm batch looks after it.

A condition compares features and tags: =, !=, <, <=, >, >=, in (…), with
and, or, not and parentheses. An unknown field is answered with all there are.

The batch is made in the Redis that --redis names, or else by the API of a
running earworm serve at --addr, which may want a token with the scope admin.`,
		examples: `
earworm reprocess --dry-run
earworm reprocess --where 'tempo.confidence < 0.5 and meter = 3' --force --rate 2
earworm reprocess --failed decode_timeout --detach
cut -f1 tracks.tsv | earworm reprocess --ids - --force
earworm reprocess --redis redis://queue:6379 --cassandra db1,db2`,
		flags: func(s *settings) {
			s.BoolVar(&r.order.Selector.Stale, "stale", false, "tracks that the present model version has not tried (the default)")
			s.BoolVar(&r.all, "all", false, "every track")
			s.StringVar(&r.order.Selector.ModelVersion, "model-version", "", "tracks whose features come from this `version`")
			s.Var(value[selector.Condition]{dst: &r.order.Selector.Where, kind: "condition", parse: selector.ParseCondition, format: selector.Condition.String}, "where", "tracks that fit, such as 'tempo.confidence < 0.5'")
			s.StringVar(&r.failed, "failed", "", "tracks that failed with this `code`")
			s.StringVar(&r.ids, "ids", "", "tracks that a `file` names, an identifier a line; - is stdin")
			s.BoolVar(&r.order.Force, "force", false, "even what this model version heard before")
			s.Float64Var(&r.order.Rate, "rate", 0, "`tracks` a second at most; 0: as fast as workers can")
			s.BoolVar(&r.dry, "dry-run", false, "only count the tracks and estimate the time")
			s.BoolVar(&r.detach, "detach", false, "print the batch's identifier and do not follow it")
			s.BoolVar(&r.json, "json", false, "print one JSON object, at the end")
			r.batches.flags(s)
		},
		run: r.run,
	}
}

func (r *reprocessConfig) run(ctx context.Context, c console, _ []string) (err error) {
	order, err := r.ordered(c.in)
	if err != nil {
		return err
	}
	made, done, err := r.batches.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, done)
	if r.dry {
		estimate, err := made.estimate(ctx, order)
		if err != nil {
			return err
		}
		return r.printEstimate(c.out, estimate)
	}
	status, err := made.create(ctx, order)
	if err != nil {
		return err
	}
	if !r.detach {
		return follow(ctx, c, made, status, r.json)
	}
	if r.json {
		return json.NewEncoder(c.out).Encode(status)
	}
	_, err = fmt.Fprintln(c.out, status.ID)
	return err
}

// ordered is the order that the flags and the list of tracks make.
func (r *reprocessConfig) ordered(stdin io.Reader) (o batch.Order, err error) {
	o = r.order
	o.By, o.Selector.Failed = person(), schema.Code(r.failed)
	if r.ids != "" {
		if o.Selector.IDs, err = readIDs(r.ids, stdin); err != nil {
			return o, err
		}
	}
	s := &o.Selector
	narrowed := s.Stale || s.ModelVersion != "" || s.Failed != "" || !s.Where.IsZero() || r.ids != ""
	switch {
	case r.all && narrowed:
		return o, usagef("all is every track; want it alone, or what narrows it")
	case !(o.Rate >= 0) || math.IsInf(o.Rate, 0):
		return o, usagef("rate is %g; want tracks a second, or 0 for no limit", o.Rate)
	case r.dry && r.detach:
		return o, usagef("dry-run makes no batch to detach from; want one of the two")
	}
	s.Stale = s.Stale || !narrowed && !r.all
	if *s, err = s.Normal(); err != nil {
		return o, usageError{err}
	}
	return o, nil
}

// readIDs reads a list of tracks, at most one more than a selector can name.
func readIDs(path string, stdin io.Reader) (ids []schema.TrackID, err error) {
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	lines := bufio.NewScanner(from)
	for lines.Scan() && len(ids) <= selector.MostIDs {
		if id := strings.TrimSpace(lines.Text()); id != "" {
			ids = append(ids, schema.TrackID(id))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the list of tracks: %w", err)
	}
	if len(ids) == 0 {
		return nil, usagef("the list of --ids names no track; want an identifier a line")
	}
	return ids, nil
}

func (r *reprocessConfig) printEstimate(w io.Writer, e batch.Estimate) error {
	if r.json {
		return json.NewEncoder(w).Encode(e)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tracks  %d, %s of sound\n", e.Tracks, clock(e.SoundS))
	switch {
	case e.Tracks == 0:
	case e.WorkS == nil:
		b.WriteString("time    not known: none of them was analysed before\n")
	case e.TakesS == nil:
		fmt.Fprintf(&b, "time    %s of work, and no worker runs\n", span(*e.WorkS))
	default:
		fmt.Fprintf(&b, "time    about %s with the %s that %s now (%s of work)\n",
			span(*e.TakesS), plural(e.Slots, "slot"), map[bool]string{true: "works", false: "work"}[e.Slots == 1], span(*e.WorkS))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// span writes seconds as a length of time that is long enough to wait for.
func span(seconds float64) string {
	d := time.Duration(min(seconds, 1e9) * float64(time.Second))
	if d < time.Minute {
		return max(d.Round(time.Second), time.Second).String()
	}
	return shortSpan(d.Round(time.Minute))
}
