//go:build chaos

package chaos

import (
	"syscall"
	"testing"
	"time"
)

// TestKilledWorkers: kill -9 of each of four workers in turn, each started
// again as its supervisor would.
func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	for i := range 4 {
		f.until((i + 1) * n / 10)
		f.signal(f.workers[i], syscall.SIGKILL)
		<-f.workers[i].done
		if testing.Short() {
			f.redis.passMinute(t)
		}
		f.start(1, nil)
	}
	f.workers = f.workers[4:]
	f.account(nil)
	f.stop()
}

// TestTerminatedWorkers: SIGTERM in the middle of the work, to all at once: each
// ends well within its grace, and the next four do what is left.
func TestTerminatedWorkers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.amid(n/10, func() { f.start(4, nil) }, func() {
		began := time.Now()
		f.stop()
		t.Logf("four workers ended %v after SIGTERM", time.Since(began).Round(time.Millisecond))
	})
	if active := f.redis.LLen(t.Context(), "asynq:{ingest}:active").Val(); active != 0 {
		t.Errorf("%d jobs are still in the hands of workers that have ended", active)
	}
	f.start(4, nil)
	f.account(nil)
	f.stop()
}

// TestFrozenWorker: a worker that is stopped past its leases and goes on where
// it was does no harm to what others have done meanwhile.
func TestFrozenWorker(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.signal(f.workers[0], syscall.SIGSTOP)
	if testing.Short() {
		<-time.After(2 * time.Second)
		f.redis.passMinute(t)
		f.start(1, nil) // looks for jobs whose lease is over as it starts
		<-time.After(20 * time.Second)
	} else {
		<-time.After(150 * time.Second)
	}
	f.until(n - 2) // all but what it may hold
	f.signal(f.workers[0], syscall.SIGCONT)
	f.account(nil)
	f.stop()
}
