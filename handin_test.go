package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"earworm/api"
	"earworm/problem"
	"earworm/schema"
)

// What a full queue turned away is handed in as soon as there is room, once
// each, and nothing is called a failure.
func TestEnqueueWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, taken := time.Now(), map[string]int{}
		send := func(_ context.Context, subs []api.Submission) (lines []api.Line, err error) {
			for i, sub := range subs {
				if len(taken) >= 2 && time.Since(began) < time.Minute {
					lines = append(lines, api.Line{Line: i + 1, Error: problem.New(503, "queue_full", "the queue is full")})
					continue
				}
				taken[sub.Source]++
				lines = append(lines, api.Line{Line: i + 1, Receipt: &api.Receipt{TrackID: schema.TrackIDOf(sub.Source), Source: sub.Source, Added: true, Enqueued: true}})
			}
			return lines, nil
		}
		var out, errs bytes.Buffer
		h := &handIn{console: console{out: &out, err: &errs}, config: &enqueueConfig{}, send: send}
		const tracks = 5
		for i := range tracks {
			if err := h.add(t.Context(), "a name", api.Submission{Source: "file:///" + string(rune('a'+i))}); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for source, times := range taken {
			if times != 1 {
				t.Errorf("%s is handed in %d times", source, times)
			}
		}
		if len(taken) != tracks || strings.Count(out.String(), "\n") != tracks || h.failed || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%d of %d handed in, failed: %v\nstdout:\n%sstderr:\n%s", len(taken), tracks, h.failed, &out, &errs)
		}
	})
}
