package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"earworm/cnn"
	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/picture"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/source"
	"earworm/worker"
)

// ready is a model that has its answer, and a source that has its file.
type ready struct {
	analysis schema.Analysis
	file     source.File
}

func (r ready) Version() string { return r.analysis.ModelVersion }

func (r ready) Draw(context.Context, dsp.SampleReader, *picture.Recorder) (schema.Analysis, error) {
	return r.analysis, nil
}

func (r ready) Fetch(context.Context, string) (*source.File, error) { return &r.file, nil }

func newReady(b *testing.B) ready {
	b.Helper()
	const path = "samples/05-five-past-five.mp3"
	model, err := cnn.Load()
	if err != nil {
		b.Fatal(err)
	}
	sound, err := decode.Open(b.Context(), path, decode.Options{Decoder: "native"})
	if err != nil {
		b.Fatal(err)
	}
	defer sound.Close()
	a, err := model.Analyse(b.Context(), sound)
	if err != nil {
		b.Fatal(err)
	}
	return ready{a, source.File{Path: path, SHA256: fmt.Sprintf("%064d", 0)}}
}

// overheads are what a track costs beside its decoding, features and network:
// a worker takes ready analyses from a queue to a store, one after another and
// several at once. A ping of the store in the same run is what to compare with.
func overheads(b *testing.B, store schema.Store, config queue.Config) {
	b.Helper()
	r := newReady(b)
	for _, atOnce := range []int{1, 8} {
		b.Run(fmt.Sprintf("%d-at-once", atOnce), func(b *testing.B) {
			config.Concurrency = atOnce
			overhead(b, r, store, config)
		})
	}
}

func overhead(b *testing.B, r ready, store schema.Store, config queue.Config) {
	b.Helper()
	var done atomic.Int64
	q, err := queue.Open(config)
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	w := worker.Worker{Source: r, Model: r, Store: store, Decode: decode.Options{Decoder: "native"}}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	pinging := time.Now()
	for range b.N {
		if err := store.Ping(ctx); err != nil {
			b.Fatal(err)
		}
	}
	pinged := time.Since(pinging)
	b.ResetTimer()
	began := time.Now()
	for i := range b.N {
		t := schema.Track{Source: fmt.Sprintf("/music/%s/%d.mp3", b.Name(), i)}
		t.ID = schema.TrackIDOf(t.Source)
		if _, err := store.AddTrack(ctx, t); err != nil {
			b.Fatal(err)
		}
	}
	added := time.Since(began)
	for i := range b.N {
		t := schema.Track{Source: fmt.Sprintf("/music/%s/%d.mp3", b.Name(), i)}
		t.ID = schema.TrackIDOf(t.Source)
		if _, err := q.Enqueue(ctx, jobOf(t, r.Version(), queue.Ingest, false)); err != nil {
			b.Fatal(err)
		}
	}
	enqueued := time.Since(began)
	err = q.Run(ctx, func(ctx context.Context, d queue.Delivery) error {
		err := w.Handle(ctx, d)
		if err != nil {
			b.Error(err)
		}
		if done.Add(1) == int64(b.N) {
			cancel()
		}
		return err
	})
	all := time.Since(began)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	each := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) / float64(b.N) }
	b.ReportMetric(each(pinged), "ms/ping")
	b.ReportMetric(each(added), "ms/added")
	b.ReportMetric(each(enqueued-added), "ms/enqueued")
	b.ReportMetric(each(all-enqueued), "ms/run")
}

// BenchmarkOverheadEmbedded is of the queue in this process and SQLite.
func BenchmarkOverheadEmbedded(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	overheads(b, store, queue.Config{})
}
