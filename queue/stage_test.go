package queue

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A job is followed from before it is added until after it has ended.
func TestStages(t *testing.T) {
	t.Parallel()
	for _, j := range []Job{job("a"), batchJob("a")} {
		t.Run(string(j.Lane), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{})
				want := func(when string, want Stage) {
					t.Helper()
					for _, asked := range []Job{job("a"), batchJob("a")} { // whichever lane it is asked for in
						if got, err := q.Stage(context.WithoutCancel(t.Context()), asked); got != want || err != nil {
							t.Errorf("%s the job is at %q, error %v; want %q", when, got, err, want)
						}
					}
				}
				want("before it is added", Away)
				enqueue(t, q, j)
				want("added", Waits)
				var tries atomic.Int32
				stop := start(t, q, func(context.Context, Delivery) error {
					want("in a worker's hands", Runs)
					if tries.Add(1) == 1 {
						return errors.New("the source does not answer")
					}
					return nil
				})
				for tries.Load() == 0 {
					time.Sleep(time.Second)
				}
				synctest.Wait()
				want("after it went wrong", Retries)
				for tries.Load() == 1 {
					time.Sleep(time.Second)
				}
				stop()
				want("done", Away)
			})
		})
	}
}
