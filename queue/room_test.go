package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// A full queue says so, within a second of being full, and no longer than a
// second after it is not.
func TestRoom(t *testing.T) {
	t.Parallel()
	q, err := Open(Config{MostWaiting: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	full := func() bool {
		q.room.asked = time.Time{} // the second is over
		err := q.Room(t.Context())
		if err != nil && !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
		return err != nil
	}
	for i := range 3 {
		if full() {
			t.Fatalf("full of %d jobs; want room for 3", i)
		}
		if _, err := q.Enqueue(t.Context(), job(fmt.Sprint("track-", i))); err != nil {
			t.Fatal(err)
		}
	}
	if !full() {
		t.Error("room beside 3 jobs; want it full")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := q.Run(ctx, func(context.Context, Delivery) error { cancel(); return nil }); err != nil {
		t.Fatal(err)
	}
	if full() {
		t.Error("full after a job has gone")
	}
}
