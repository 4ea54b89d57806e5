//go:build chaos

package chaos

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"earworm/cnn"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

// arrivals hand tracks in one by one, as ingest does, and know when each came.
type arrivals struct {
	f       *fleet
	queue   *queue.Queue
	version string
	came    map[schema.TrackID]time.Time
}

func (f *fleet) arrivals() arrivals {
	f.t.Helper()
	model, err := cnn.Load()
	if err != nil {
		f.t.Fatal(err)
	}
	q, err := queue.Open(queue.Config{Redis: "redis://" + f.redis.addr})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := q.Close(); err != nil {
			f.t.Error(err)
		}
	})
	return arrivals{f, q, model.Version(), map[schema.TrackID]time.Time{}}
}

func (in arrivals) one(path string) {
	in.f.t.Helper()
	uri, err := source.Canonical(path)
	if err != nil {
		in.f.t.Fatal(err)
	}
	id := schema.TrackIDOf(uri)
	in.f.catalogue[id], in.came[id] = path, time.Now()
	if _, err := in.f.store.AddTrack(in.f.t.Context(), schema.Track{ID: id, Source: uri}); err != nil {
		in.f.t.Fatal(err)
	}
	if _, err := in.queue.Enqueue(in.f.t.Context(), queue.Job{TrackID: id, Source: uri, ModelVersion: in.version, Lane: queue.Ingest}); err != nil {
		in.f.t.Fatal(err)
	}
}

// waits are how many seconds passed until each was stored, the least first.
func (in arrivals) waits() (waits []float64) {
	in.f.t.Helper()
	in.f.until(len(in.f.catalogue))
	for id, at := range in.came {
		var written int64
		if err := in.f.rows.Query("SELECT writetime(status) FROM "+in.f.keyspace+".tracks WHERE track_id = ?", string(id)).
			ScanContext(in.f.t.Context(), &written); err != nil {
			in.f.t.Fatal(err)
		}
		waits = append(waits, time.UnixMicro(written).Sub(at).Seconds())
	}
	slices.Sort(waits)
	return waits
}

// TestIngestBesideABatch: while the catalogue is analysed again, tracks that
// are handed in wait little longer than on an idle fleet: no longer than the
// jobs in hand take, and their own at half the speed.
func TestIngestBesideABatch(t *testing.T) { //nolint:paralleltest // it measures, and wants the machine for itself
	f := newFleet(t)
	const minutes = 4
	n := 20
	if !testing.Short() {
		n = 200
	}
	track := filepath.Join(f.dir, "track.wav")
	if err := os.WriteFile(track, sound(3, 60*minutes), 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(folder string, i int) string {
		path := filepath.Join(f.dir, folder, fmt.Sprintf("%04d.wav", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(track, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f.workers = []*process{f.launch(program, []string{"serve", "--addr", "127.0.0.1:0", "--concurrency", "2"})}
	alone := f.arrivals()
	alone.one(link("alone", n))
	every := 2 * time.Duration(alone.waits()[0]*float64(time.Second)) // far from what the fleet can do
	for i := range n {
		alone.one(link("alone", i))
		time.Sleep(every)
	}
	idle := alone.waits()

	for i := range 3 * n { // of which the batch does more than arrives meanwhile
		alone.one(link("catalogue", i))
	}
	f.until(len(f.catalogue))
	batch := f.listens(f.workers[0]) + "/v1/batches/" + f.reprocess(f.workers[0])
	type status struct {
		State string
		Done  int
	}
	look := func() (s status) {
		f.ask(http.MethodGet, batch, "", http.StatusOK, &s)
		return s
	}
	eventually(t, patience(), "the batch has begun", func() bool { return look().Done > 0 })
	beside := f.arrivals()
	for i := 0; i < n && look().State == "running"; i++ {
		beside.one(link("beside", i))
		time.Sleep(every)
	}
	if len(beside.came) < n/4 {
		t.Fatalf("the batch was done after %d arrivals; want %d", len(beside.came), n/4)
	}
	busy := beside.waits()
	p95 := func(w []float64) float64 { return w[len(w)*95/100] }
	t.Logf("tracks of %d minutes, from handed in to stored: %.2f s (median), %.2f s (95 of 100) on an idle fleet; %.2f and %.2f s beside a batch (%d of them)",
		minutes, idle[len(idle)/2], p95(idle), busy[len(busy)/2], p95(busy), len(busy))
	if p95(busy) > 4*p95(idle)+1 {
		t.Errorf("95 of 100 take up to %.2f s; want %.2f s at most", p95(busy), 4*p95(idle)+1)
	}
	f.stop()
}
