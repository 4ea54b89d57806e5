package queue

import (
	"context"
	"testing"
	"time"
)

// BenchmarkEnqueueToStart is how long a job waits for an idle worker: half of
// the poll interval on average, and asynq's own work. Its benchmark figure is
// mostly waiting, which costs nothing.
func BenchmarkEnqueueToStart(b *testing.B) {
	q, err := Open(Config{Concurrency: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	ctx, cancel := context.WithCancel(b.Context())
	started := make(chan time.Time)
	ran := make(chan error)
	go func() {
		ran <- q.Run(ctx, func(context.Context, Delivery) error {
			started <- time.Now()
			return nil
		})
	}()
	var longest time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := q.Enqueue(ctx, job("a")); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, (<-started).Sub(began))
		for { // until it is no longer in flight
			if l, err := q.Status(ctx); err != nil || l.Lanes[0].Active == 0 {
				break
			}
		}
	}
	b.ReportMetric(float64(longest)/float64(time.Millisecond), "ms-longest")
	cancel()
	if err := <-ran; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkEnqueue is the cost of adding a job in process.
func BenchmarkEnqueue(b *testing.B) {
	q, err := Open(Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	j := job("a")
	for n := 0; b.Loop(); n++ {
		j.ModelVersion = time.Duration(n).String()
		if _, err := q.Enqueue(b.Context(), j); err != nil {
			b.Fatal(err)
		}
	}
}
