package web

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"earworm/dsp/decode"
	"earworm/schema"
	"earworm/source"
)

// slow is a source whose every fetch takes a while and ends in a failure.
type slow struct{ now, most atomic.Int32 }

func (s *slow) Fetch(context.Context, string) (*source.File, error) {
	if n := s.now.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	<-time.After(20 * time.Millisecond)
	s.now.Add(-1)
	return nil, schema.Fail(schema.NotFound, "it is gone")
}

// However many tracks are asked for at once, few are rendered at once, and all
// get their answer.
func TestFewAreRenderedAtOnce(t *testing.T) {
	t.Parallel()
	var from slow
	r, err := newRecordings(&from, decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	const tracks = 8
	failed := make(chan error, tracks)
	for i := range tracks {
		go func() {
			_, _, err := r.open(t.Context(), schema.Track{ID: schema.TrackID(fmt.Sprint(i))})
			failed <- err
		}()
	}
	for range tracks {
		if err := <-failed; err == nil {
			t.Error("a track whose source is gone is played")
		}
	}
	if most := from.most.Load(); most > mostRendered {
		t.Errorf("%d were rendered at once; want %d at most", most, mostRendered)
	}
}
