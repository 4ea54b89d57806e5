package queue

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		one, other := f.queue(Config{}), f.queue(Config{})
		claim := func(q *Queue, want bool) {
			t.Helper()
			if got, err := q.Claim(t.Context(), "refill", time.Minute); got != want || err != nil {
				t.Fatalf("claim = %v, %v; want %v", got, err, want)
			}
		}
		claim(one, true)
		claim(other, false)
		time.Sleep(61 * time.Second) // it has died, or was done
		claim(other, true)
		if err := other.Hold(t.Context(), "refill", time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		claim(one, false)
		f.server.FlushAll() // Redis has lost its data
		claim(one, true)
	})
}
