//go:build chaos

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"earworm/queue"
	"earworm/schema"
)

// TestManyAtOnce: 100,000 jobs are handed to the queue at once by 16 callers,
// and each is delivered once.
func TestManyAtOnce(t *testing.T) { //nolint:paralleltest // it measures, and wants the machine for itself
	f := bare(t)
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	q, err := queue.Open(queue.Config{Redis: "redis://" + f.redis.addr, Concurrency: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	began := time.Now()
	var next atomic.Int64
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				j := queue.Job{TrackID: schema.TrackID(fmt.Sprint("track-", i)), Source: "file:///x", ModelVersion: "m", Lane: queue.Ingest}
				if added, err := q.Enqueue(t.Context(), j); err != nil || !added {
					t.Errorf("enqueue: %v, %v", added, err)
					return
				}
			}
		})
	}
	callers.Wait()
	enqueued := time.Since(began)
	memory := f.redis.Info(t.Context(), "memory").Val()
	_, memory, _ = strings.Cut(memory, "used_memory_human:")
	memory, _, _ = strings.Cut(memory, "\r\n")

	ctx, cancel := context.WithTimeout(t.Context(), patience())
	defer cancel()
	var seen sync.Map
	var delivered atomic.Int64
	began = time.Now()
	if err := q.Run(ctx, func(_ context.Context, d queue.Delivery) error {
		if _, twice := seen.LoadOrStore(d.TrackID, true); twice {
			t.Errorf("%s is delivered twice", d.TrackID)
		}
		if delivered.Add(1) == int64(n) {
			cancel()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if delivered.Load() != int64(n) || !f.idle() {
		t.Errorf("%d of %d were delivered; %s", delivered.Load(), n, f.lanes())
	}
	t.Logf("%d jobs: handed in at %.0f a second, %s in Redis, delivered at %.0f a second",
		n, float64(n)/enqueued.Seconds(), memory, float64(n)/time.Since(began).Seconds())
}

// load is what a process holds.
type load struct{ kB, files, goroutines int }

func (f *fleet) load(p *process) (l load) {
	f.t.Helper()
	l.kB = p.status(f.t, "VmRSS")
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Process.Pid))
	if err != nil {
		f.t.Fatal(err)
	}
	l.files = len(files)
	res, err := http.Get(f.listens(p) + "/metrics") //nolint:noctx // answers at once or fails the test
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	var text strings.Builder
	if err := res.Write(&text); err != nil {
		f.t.Fatal(err)
	}
	_, after, _ := strings.Cut(text.String(), "\ngo_goroutines ")
	if _, err := fmt.Sscan(after, &l.goroutines); err != nil {
		f.t.Fatal(err)
	}
	return l
}

// TestSoak: tracks arrive one by one at a steady rate below what two workers
// can do. Each is stored soon; memory, files and goroutines do not grow.
func TestSoak(t *testing.T) { //nolint:paralleltest // it measures, and wants the machine for itself
	f := newFleet(t)
	span := wait(40*time.Second, 30*time.Minute)
	const every = 400 * time.Millisecond
	n := int(span / every)
	folder := f.music(n)
	f.start(2, nil, "--metrics-addr", "127.0.0.1:0")
	var early []load
	in := f.arrivals()
	for i := range n {
		if i == n/4 {
			for _, p := range f.workers {
				early = append(early, f.load(p))
			}
		}
		in.one(filepath.Join(folder, fmt.Sprintf("%04d.wav", i)))
		time.Sleep(every)
	}
	f.account(nil)
	for i, p := range f.workers {
		late := f.load(p)
		t.Logf("worker %d held %+v at a quarter of the time and %+v at its end", i, early[i], late)
		if late.kB > early[i].kB*5/4+40_000 || late.files > early[i].files+5 || late.goroutines > early[i].goroutines+10 {
			t.Error("it has grown")
		}
	}
	waits := in.waits()
	t.Logf("%d tracks in %v: handed in to stored in %.2f s (median), %.2f s (99 of 100), %.2f s (the last)",
		n, span, waits[n/2], waits[n*99/100], waits[n-1])
	f.stop()
}
