package batch_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"earworm/batch"
	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/picture"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/selector"
	"earworm/source"
	"earworm/worker"
)

// counting counts how often each track's analysis was saved by each version.
type counting struct {
	*sqlite.Store
	mu    sync.Mutex
	saved map[string]int // by version and track
}

func (s *counting) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	err := s.Store.SaveAnalysis(ctx, a)
	if err == nil { // else its worker was stopped before
		s.mu.Lock()
		s.saved[a.ModelVersion+" "+string(a.TrackID)]++
		s.mu.Unlock()
	}
	return err
}

// ear hears how long a track is, and nothing in one that has no sound.
type ear struct{ version string }

func (e ear) Version() string { return e.version }

func (e ear) Draw(ctx context.Context, audio dsp.SampleReader, _ *picture.Recorder) (schema.Analysis, error) {
	samples, err := dsp.ReadAll(ctx, audio)
	if err != nil {
		return schema.Analysis{}, err
	}
	for _, x := range samples {
		if x != 0 {
			return schema.Analysis{DurationS: float64(len(samples)) / dsp.SampleRate, Cost: schema.Cost{NetworkMS: 50}}, nil
		}
	}
	return schema.Analysis{}, schema.Fail(schema.Silent, "no sound")
}

// shelf has one file for every track, and a silent one for those called silent.
type shelf struct{ sound, silence string }

func (s shelf) Fetch(_ context.Context, uri string) (*source.File, error) {
	path := s.sound
	if strings.Contains(uri, "silent") {
		path = s.silence
	}
	return &source.File{Path: path, SHA256: path}, nil
}

// wav is a tenth of a second of a sine.
func wav(t *testing.T, amplitude float64) string {
	t.Helper()
	const samples = dsp.SampleRate / 10
	data := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+2*samples)...)
	data = append(data, "WAVEfmt "...)
	for _, v := range []uint32{16, 1<<16 | 1, dsp.SampleRate, 2 * dsp.SampleRate, 16<<16 | 2} {
		data = binary.LittleEndian.AppendUint32(data, v)
	}
	data = binary.LittleEndian.AppendUint32(append(data, "data"...), 2*samples)
	for i := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(amplitude*math.Sin(float64(i)/5))))
	}
	path := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bench is a catalogue that "old" has heard, a queue, and whatever works on them.
type bench struct {
	t     *testing.T
	store *counting
	queue *queue.Queue
	shelf shelf
	ids   []schema.TrackID
}

func newBench(t *testing.T, tracks int) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := &bench{t: t, store: &counting{Store: store, saved: map[string]int{}}, shelf: shelf{wav(t, 1000), wav(t, 0)}}
	for n := range tracks {
		b.add(fmt.Sprintf("file:///%d.wav", n))
	}
	b.newQueue()
	return b
}

// add puts a track into the catalogue as "old" has heard it.
func (b *bench) add(uri string) schema.TrackID {
	b.t.Helper()
	id := schema.TrackIDOf(uri)
	_, err := b.store.AddTrack(b.t.Context(), schema.Track{ID: id, Source: uri, Status: schema.Pending})
	if err == nil {
		err = b.store.Store.SaveAnalysis(b.t.Context(), schema.Analysis{
			TrackID: id, ModelVersion: "old", SHA256: b.shelf.sound, DurationS: 100, AnalysedAt: time.Now().Add(-time.Hour),
			Tempo: schema.Tempo{BPM: 100 + float64(len(b.ids))}, Cost: schema.Cost{DecodeMS: 100, ListenMS: 50, NetworkMS: 50},
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.ids = append(b.ids, id)
	return id
}

// newQueue is an empty queue, in place of the one before, which is lost.
func (b *bench) newQueue() {
	b.t.Helper()
	if b.queue != nil {
		b.queue.Close()
	}
	q, err := queue.Open(queue.Config{PollInterval: time.Millisecond, Grace: time.Millisecond, Concurrency: 4})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { q.Close() })
	b.queue = q
}

func (b *bench) service() *batch.Service {
	return &batch.Service{Store: b.store, Queue: b.queue, ModelVersion: "new"}
}

func (b *bench) create(o batch.Order) string {
	b.t.Helper()
	made, err := b.service().Create(b.t.Context(), o, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return made.ID
}

// start runs something until the function that it returns is called.
func (b *bench) start(run func(ctx context.Context)) (kill func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); run(ctx) }()
	kill = func() { cancel(); <-ended }
	b.t.Cleanup(kill)
	return kill
}

// planner is one that looks often; killed, it leaves its lease behind.
func (b *bench) planner(holder string, depth int) (kill func()) {
	p := &batch.Planner{Service: *b.service(), Holder: holder, Depth: depth, Look: 10 * time.Millisecond, Lease: 300 * time.Millisecond}
	return b.start(p.Run)
}

func (b *bench) workers() (kill func()) {
	w := &worker.Worker{Source: b.shelf, Store: b.store, Batches: b.store, Model: ear{"new"}, Decode: decode.Options{Decoder: "native"}}
	q := b.queue
	return b.start(func(ctx context.Context) {
		if err := q.Run(ctx, w.Handle); err != nil {
			b.t.Error(err)
		}
	})
}

func (b *bench) status(id string) batch.Status {
	b.t.Helper()
	s, err := b.service().Status(b.t.Context(), id, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) await(id string, enough func(batch.Status) bool) batch.Status {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		s := b.status(id)
		if enough(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("after a minute the batch is %+v", s)
		}
	}
}

func done(s batch.Status) bool { return s.State == schema.BatchDone }

func (b *bench) lane() queue.LaneStatus {
	b.t.Helper()
	s, err := b.queue.Status(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Lane(queue.Reprocess)
}

// heardOnce is the law of all of them: each track once, none missed.
func (b *bench) heardOnce(ids []schema.TrackID) {
	b.t.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	want := map[string]int{}
	for _, id := range ids {
		want["new "+string(id)] = 1
	}
	if !maps.Equal(b.store.saved, want) {
		b.t.Errorf("%d analyses are saved of %d tracks: %v", len(b.store.saved), len(ids), b.store.saved)
	}
}

func TestEveryStaleTrackIsAnalysedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100)
	tracks := b.ids
	silent := b.add("file:///silent.wav")
	b.planner("p", 20)
	b.workers()
	id := b.create(batch.Order{Selector: selector.Selector{Stale: true}, By: "ann"})
	deepest := 0
	s := b.await(id, func(s batch.Status) bool { deepest = max(deepest, b.lane().Waiting); return done(s) })
	b.heardOnce(tracks)
	if s.Planned != 101 || s.Done != 100 || s.Failed != 1 || s.Failures[schema.Silent] != 1 || !s.Whole || s.Waiting != 0 || s.CreatedBy != "ann" {
		t.Errorf("the batch is %+v; want 100 done and a silent one", s)
	}
	if deepest > 20 {
		t.Errorf("%d jobs waited in the lane; want at most 20", deepest)
	}
	if track, err := b.store.Track(t.Context(), silent); err != nil || track.Failure == nil {
		t.Errorf("the silent track is %+v, %v", track, err)
	}
	// Nothing is stale now.
	if s := b.await(b.create(batch.Order{Selector: selector.Selector{Stale: true}}), done); s.Planned != 0 {
		t.Errorf("a second batch is %+v; want none planned", s)
	}
}

func TestSelectedTracksAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, 30)
	where, err := selector.ParseCondition("tempo < 110") // the first ten
	if err != nil {
		t.Fatal(err)
	}
	b.planner("p", 0)
	b.workers()
	b.await(b.create(batch.Order{Selector: selector.Selector{Where: where}}), done)
	b.heardOnce(b.ids[:10])
	b.await(b.create(batch.Order{Selector: selector.Selector{IDs: b.ids[5:20]}}), done)
	b.heardOnce(b.ids[:20])
}

func TestPlannersDieAndAreFollowed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 120)
	b.workers()
	id := b.create(batch.Order{Selector: selector.Selector{Stale: true}})
	for n := range 4 {
		kill := b.planner(fmt.Sprint("mortal ", n), 10)
		b.await(id, func(s batch.Status) bool { return s.Ended() > 20*n })
		kill()
	}
	b.planner("last", 10)
	b.planner("rival", 10)
	s := b.await(id, done)
	b.heardOnce(b.ids)
	if s.Done != 120 || s.Planned != 120 {
		t.Errorf("the batch is %+v; want 120 done", s)
	}
}

func TestWorkersDieAndTheQueueIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, 120)
	id := b.create(batch.Order{Selector: selector.Selector{Stale: true}})
	for n := range 3 {
		killPlanner, killWorkers := b.planner(fmt.Sprint("p", n), 30), b.workers()
		b.await(id, func(s batch.Status) bool { return s.Ended() > 30*n })
		killWorkers()
		killPlanner()
		b.newQueue()
	}
	b.planner("last", 30)
	b.workers()
	s := b.await(id, done)
	b.heardOnce(b.ids)
	if s.Done != 120 {
		t.Errorf("the batch is %+v; want 120 done", s)
	}
}

func TestForcedTracksAreAnalysedOnceMore(t *testing.T) {
	t.Parallel()
	b := newBench(t, 40)
	killPlanner := b.planner("p", 0)
	killWorkers := b.workers()
	b.await(b.create(batch.Order{Selector: selector.Selector{Stale: true}}), done)
	clear(b.store.saved)
	unforced := b.await(b.create(batch.Order{}), done)
	if len(b.store.saved) != 0 || unforced.Done != 40 {
		t.Errorf("what is unchanged is heard again: %v", b.store.saved)
	}
	id := b.create(batch.Order{Force: true})
	b.await(id, func(s batch.Status) bool { return s.Ended() > 10 })
	killWorkers()
	killPlanner()
	b.newQueue()
	b.planner("q", 0)
	b.workers()
	b.await(id, done)
	b.heardOnce(b.ids)
}

func TestPausedBatchEnqueuesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 120)
	b.planner("p", 50)
	id := b.create(batch.Order{Selector: selector.Selector{Stale: true}})
	b.await(id, func(s batch.Status) bool { return s.Waiting >= 50 })
	if _, err := b.service().Pause(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.await(id, func(s batch.Status) bool { return s.Planner == "" }) // it has let go
	kill := b.workers()
	<-time.After(100 * time.Millisecond)
	if lane := b.lane(); lane.Waiting+lane.Active+lane.DoneToday != 0 {
		t.Errorf("of a paused batch the lane has %+v", lane)
	}
	if s := b.status(id); s.State != schema.BatchPaused || s.Ended() != 0 {
		t.Errorf("the paused batch is %+v", s)
	}
	kill()
	if _, err := b.service().Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.workers()
	b.await(id, done)
	b.heardOnce(b.ids)
}

func TestCancelledBatchLeavesTheLane(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100)
	b.planner("p", 50)
	id := b.create(batch.Order{Selector: selector.Selector{Stale: true}})
	other := b.create(batch.Order{Selector: selector.Selector{IDs: b.ids[:3]}})
	b.await(id, func(s batch.Status) bool { return s.Waiting >= 50 })
	if _, err := b.service().Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	// Until it sees that, the planner may enqueue a few more, which it then withdraws.
	b.await(id, func(s batch.Status) bool { return s.Planner == "" })
	b.workers()
	b.await(other, done)
	b.heardOnce(b.ids[:3])
	if s := b.status(id); s.State != schema.BatchCancelled || s.Ended() != 0 {
		t.Errorf("the cancelled batch is %+v", s)
	}
	for name, change := range map[string]func(context.Context, string) (schema.Batch, error){
		"pause": b.service().Pause, "resume": b.service().Resume,
	} {
		_, err := change(t.Context(), id)
		if refusal, ok := errors.AsType[*batch.Refusal](err); !ok || !refusal.Conflict || !strings.Contains(err.Error(), "is cancelled") {
			t.Errorf("%s of a cancelled batch: %v", name, err)
		}
		if _, err := change(t.Context(), "none"); !errors.Is(err, schema.ErrNotFound) {
			t.Errorf("%s of no batch: %v", name, err)
		}
	}
}

// A track that someone asked for meanwhile is done by that, and the batch
// still comes to its end.
func TestJobsOfOthersAreNoneOfTheBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20)
	for _, id := range b.ids[:10] {
		track, err := b.store.Track(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.queue.Enqueue(t.Context(), queue.Job{TrackID: id, Source: track.Source, ModelVersion: "new", Lane: queue.Ingest}); err != nil {
			t.Fatal(err)
		}
	}
	id := b.create(batch.Order{})
	b.planner("p", 0)
	b.await(id, func(s batch.Status) bool { return s.Whole })
	b.workers()
	s := b.await(id, done)
	b.heardOnce(b.ids)
	if s.Done != 20 {
		t.Errorf("the batch is %+v; want 20 done", s)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 30)
	b.planner("p", 0)
	b.workers()
	began := time.Now()
	b.await(b.create(batch.Order{Rate: 20}), done)
	if took := time.Since(began); took < 450*time.Millisecond { // 20 at once, and ten more at 20 a second
		t.Errorf("30 tracks at 20 a second took %v", took)
	}
	b.heardOnce(b.ids)
}

// A planner leaves batches of another model version to those that have it.
func TestOtherVersionsBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5)
	s := b.service()
	s.ModelVersion = "newer"
	foreign, err := s.Create(t.Context(), batch.Order{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.planner("p", 0)
	b.workers()
	b.await(b.create(batch.Order{}), done)
	if s := b.status(foreign.ID); s.Planned != 0 || s.Planner != "" {
		t.Errorf("a batch of another version is %+v", s)
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 50)
	e, err := b.service().Estimate(t.Context(), batch.Order{Selector: selector.Selector{Stale: true}})
	// 50 tracks of 100 s, of which each cost 0.2 s.
	if err != nil || e.Tracks != 50 || e.SoundS != 5000 || e.WorkS == nil || math.Abs(*e.WorkS-10) > 1e-9 || e.TakesS != nil {
		t.Errorf("estimate %+v, %v", e, err)
	}
	b.workers()
	for e.Slots < 4 && err == nil && t.Context().Err() == nil {
		e, err = b.service().Estimate(t.Context(), batch.Order{Rate: 10})
	}
	if err != nil || e.Slots != 4 || e.TakesS == nil || *e.TakesS != 5 {
		t.Errorf("with 4 slots, at 10 a second, estimate %+v, %v; want 5 s", e, err)
	}
	if batches, err := b.service().List(t.Context(), time.Now()); len(batches) != 0 || err != nil {
		t.Errorf("an estimate leaves %v behind, %v", batches, err)
	}
}

func TestOrdersThatCannotBe(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	for want, o := range map[string]batch.Order{
		"rate is -1; want":                           {Rate: -1},
		"rate is NaN; want":                          {Rate: math.NaN()},
		`track "nobody" is not in the catalogue`:     {Selector: selector.Selector{IDs: []schema.TrackID{"nobody"}}},
		`failed is "broken"; want a code: not_found`: {Selector: selector.Selector{Failed: "broken"}},
	} {
		_, err := b.service().Create(t.Context(), o, time.Now())
		if _, ok := errors.AsType[*batch.Refusal](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q in it", o, err, want)
		}
	}
	if batches, err := b.service().List(t.Context(), time.Now()); len(batches) != 0 || err != nil {
		t.Errorf("what was refused left %v behind, %v", batches, err)
	}
}
