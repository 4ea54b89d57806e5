package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"earworm/queue"
	"earworm/schema"
)

// statusConfig is what the status command reads from its settings.
type statusConfig struct {
	store storeSettings
	queue queueSettings
	json  bool
}

func statusCommand() *command {
	var st statusConfig
	return &command{
		name:  "status",
		brief: "say what the store and the queue hold, and whether they answer",
		about: `
Tracks by status, failures by their code with what to do about them, models,
and the lanes of the queue where --redis names one. Exit code 1 says that a
server does not answer.`,
		examples: `
earworm status
earworm status --json --redis redis://queue:6379 --cassandra db1,db2`,
		flags: func(s *settings) {
			s.BoolVar(&st.json, "json", false, "print one JSON object")
			st.store.flags(s)
			st.queue.flags(s)
		},
		run: st.run,
	}
}

// state is what status prints.
type state struct {
	Store part           `json:"store"`
	Queue part           `json:"queue"`
	Count *schema.Counts `json:"catalogue"`
	Lanes *queue.Status  `json:"lanes"`
}

// part is a server, or what stands in for one.
type part struct {
	Name  string `json:"name"`
	Error string `json:"error,omitempty"` // empty: it answers
}

func (st *statusConfig) run(ctx context.Context, c console, _ []string) error {
	s := state{Store: part{Name: st.store.name()}, Queue: part{Name: "in the process of earworm serve"}}
	counts, err := st.counts(ctx)
	s.Count = counts
	s.Store.fail(c.err, err)
	if st.queue.redis != "" {
		s.Queue.Name = st.queue.name()
		s.Lanes, err = st.lanes(ctx)
		s.Queue.fail(c.err, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if st.json {
		err = json.NewEncoder(c.out).Encode(s)
	} else {
		err = s.print(c.out)
	}
	if err == nil && s.Store.Error+s.Queue.Error != "" {
		return errReported
	}
	return err
}

func (p *part) fail(stderr io.Writer, err error) {
	if err != nil {
		p.Error = err.Error()
		tell(stderr, err)
	}
}

func (st *statusConfig) counts(ctx context.Context) (_ *schema.Counts, err error) {
	store, err := st.store.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closing(&err, store.Close)
	counts, err := store.Counts(ctx)
	return &counts, err
}

func (st *statusConfig) lanes(ctx context.Context) (_ *queue.Status, err error) {
	q, err := st.queue.open(ctx, queue.Config{})
	if err != nil {
		return nil, err
	}
	defer closing(&err, q.Close)
	status, err := q.Status(ctx)
	return &status, err
}

func (s state) print(w io.Writer) error {
	var b strings.Builder
	verdict := func(p part) string {
		if p.Error != "" {
			return p.Name + ": no answer"
		}
		return p.Name
	}
	fmt.Fprintf(&b, "store   %s\n", verdict(s.Store))
	if n := s.Count; n != nil {
		fmt.Fprintf(&b, "tracks  %d: %d analysed, %d pending, %d failed\n", n.Tracks, n.Analysed, n.Pending, n.Failed)
		for _, code := range sortedKeys(n.Failures) {
			fmt.Fprintf(&b, "failed  %d %s: %s\n", n.Failures[code], code, code.Help())
		}
		for _, version := range sortedKeys(n.Versions) {
			fmt.Fprintf(&b, "model   %d by %s\n", n.Versions[version], version)
		}
	}
	fmt.Fprintf(&b, "queue   %s\n", verdict(s.Queue))
	if s.Lanes != nil {
		for _, l := range s.Lanes.Lanes {
			fmt.Fprintf(&b, "lane    %s: %d waiting, %d active, %d retrying, %d dead; today %d done\n",
				l.Lane, l.Waiting, l.Active, l.Retrying, l.Dead, l.DoneToday)
		}
		fmt.Fprintf(&b, "workers %d\n", s.Lanes.Workers)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
