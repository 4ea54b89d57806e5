package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"earworm/batch"
	"earworm/queue"
	"earworm/schema"
)

// moving is what changes while one looks: the lanes and the batches.
type moving struct {
	Lanes   []queue.LaneStatus
	Workers int
	PerMin  string // tracks that ended a minute, of late; empty: not known yet
	Batches []progress
	Figures string // when the rest of the page was reckoned
}

// progress is a batch as a line with a bar.
type progress struct {
	batch.Status
	What string // which tracks
	Left string // about how long still
}

// mostBatches is how many batches are shown: those that go on, and the newest.
const mostBatches = 6

// pulse is how often the moving figures are read, for all who look.
const pulse = time.Second

// watch reads the moving figures once for all who look at the same time.
type watch struct {
	mu    sync.Mutex
	at    time.Time
	now   moving
	ended []sample // of the last minute
}

type sample struct {
	at    time.Time
	ended int
}

func (s *Site) moving(ctx context.Context) (moving, error) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if time.Since(s.watch.at) < pulse {
		return s.watch.now, nil
	}
	status, err := s.Queue.Status(ctx)
	if err != nil {
		return moving{}, err
	}
	batches, err := s.Batches.List(ctx, time.Now())
	if err != nil {
		return moving{}, err
	}
	sum, err := s.Store.Summary(ctx)
	if err != nil && !errors.Is(err, schema.ErrNotFound) {
		return moving{}, err
	}
	now := moving{Lanes: status.Lanes, Workers: status.Workers, Figures: sum.At.Format(time.RFC3339Nano)}
	ended := 0
	for _, l := range status.Lanes {
		ended += l.DoneToday
	}
	now.PerMin = s.watch.pace(time.Now(), ended)
	for _, b := range batches {
		going := b.State == schema.BatchRunning || b.State == schema.BatchPaused
		if going || len(now.Batches) < mostBatches {
			now.Batches = append(now.Batches, progress{b, selected(b.Selector), remaining(b.LeftS)})
		}
	}
	s.watch.at, s.watch.now = time.Now(), now
	return now, nil
}

// pace is how many tracks ended a minute, over the last minute.
func (w *watch) pace(now time.Time, ended int) string {
	w.ended = append(w.ended, sample{now, ended})
	for now.Sub(w.ended[0].at) > time.Minute || w.ended[0].ended > ended { // a new day counts from 0
		w.ended = w.ended[1:]
	}
	first := w.ended[0]
	if took := now.Sub(first.at); took >= 3*pulse {
		return fmt.Sprintf("%.0f", float64(ended-first.ended)/took.Minutes())
	}
	return ""
}

// selected says which tracks a batch is for.
func selected(selector json.RawMessage) string {
	var s struct {
		Stale  bool     `json:"stale"`
		Failed string   `json:"failed"`
		Where  string   `json:"where"`
		IDs    []string `json:"ids"`
	}
	if err := json.Unmarshal(selector, &s); err != nil {
		return string(selector)
	}
	switch {
	case len(s.IDs) == 1:
		return "1 chosen track"
	case len(s.IDs) > 0:
		return count(len(s.IDs)) + " chosen tracks"
	case s.Where != "":
		return s.Where
	case s.Failed != "":
		return "failed as " + s.Failed
	case s.Stale:
		return "not yet heard by this version"
	}
	return "the whole catalogue"
}

func remaining(seconds *float64) string {
	switch {
	case seconds == nil:
		return ""
	case *seconds < 90:
		return fmt.Sprintf("about %.0f s left", *seconds)
	case *seconds < 5400:
		return fmt.Sprintf("about %.0f min left", *seconds/60)
	}
	return fmt.Sprintf("about %.1f h left", *seconds/3600)
}

// live sends the moving figures as they change, as server-sent events.
func (s *Site) live(w http.ResponseWriter, r *http.Request) error {
	h, control := w.Header(), http.NewResponseController(w)
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	_ = control.SetWriteDeadline(time.Time{}) // as long as somebody looks
	tick := time.NewTicker(2 * pulse)
	defer tick.Stop()
	var last []byte
	for {
		now, err := s.moving(r.Context())
		event, body := "trouble", []byte("The store or the queue does not answer.")
		if err == nil {
			event = "moving"
			if body, err = part("overview.html", "moving", now); err != nil {
				return err
			}
		}
		if bytes.Equal(body, last) {
			event = ""
		}
		last = body
		if sendEvent(w, event, body) != nil || control.Flush() != nil {
			return nil // who looked is gone
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		}
	}
}

// sendEvent writes one event; with no name it is a comment that keeps the line open.
func sendEvent(w http.ResponseWriter, name string, body []byte) error {
	if name == "" {
		_, err := fmt.Fprint(w, ": still here\n\n")
		return err
	}
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, bytes.ReplaceAll(bytes.TrimSpace(body), []byte("\n"), []byte("\ndata: ")))
	return err
}

// changeBatch pauses, resumes or cancels a batch.
func (s *Site) changeBatch(w http.ResponseWriter, r *http.Request) error {
	change, ok := map[string]func(context.Context, string) (schema.Batch, error){
		"pause": s.Batches.Pause, "resume": s.Batches.Resume, "cancel": s.Batches.Cancel,
	}[r.PathValue("act")]
	if !ok {
		return refusal{http.StatusNotFound, "A batch can be paused, resumed or cancelled."}
	}
	if _, err := change(r.Context(), r.PathValue("id")); err != nil {
		return refused(err)
	}
	s.watch.mu.Lock()
	s.watch.at = time.Time{}
	s.watch.mu.Unlock()
	now, err := s.moving(r.Context())
	if err != nil {
		return err
	}
	return showPart(w, http.StatusOK, "overview.html", "moving", now)
}

// Run keeps the catalogue's figures fresh, and with them the marks of tracks that
// stand apart from their album, until ctx ends, and with it ends what is
// followed live. A walk over the catalogue is followed by thirty times as
// long without one. It is called once.
func (s *Site) Run(ctx context.Context) {
	defer close(s.closing)
	const least, rest = 15 * time.Second, 30
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		began := time.Now()
		if known, err := s.Store.Summary(ctx); err == nil && began.Sub(known.At) < least {
			wait = least // another process has just reckoned them
			continue
		}
		sum, err := schema.Summarise(ctx, s.Store, began)
		if err == nil {
			err = s.Store.SaveSummary(ctx, sum)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "figures of the catalogue not reckoned", "error", err)
		}
		if _, err := schema.MarkApart(ctx, s.Store); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "tracks that stand apart from their album not marked", "error", err)
		}
		wait = max(least, rest*time.Since(began))
	}
}
