package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/picture"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/source"
)

// ear is a model that hears how long and how loud a track is.
type ear struct {
	version string
	heard   atomic.Int64
	instead func(ctx context.Context) error // where set, is done after hearing
}

func (e *ear) Version() string { return e.version }

func (e *ear) Draw(ctx context.Context, audio dsp.SampleReader, _ *picture.Recorder) (schema.Analysis, error) {
	e.heard.Add(1)
	block := make([]float32, 4096)
	samples, power := 0, 0.0
	for {
		n, err := audio.Read(block)
		for _, x := range block[:n] {
			power += float64(x) * float64(x)
		}
		samples += n
		if n == 0 && err != nil {
			if err.Error() != "EOF" {
				return schema.Analysis{}, err
			}
			break
		}
	}
	if e.instead != nil {
		if err := e.instead(ctx); err != nil {
			return schema.Analysis{}, err
		}
	}
	if power == 0 {
		return schema.Analysis{}, schema.Fail(schema.Silent, "no sound")
	}
	return schema.Analysis{
		DurationS:  float64(samples) / dsp.SampleRate,
		LoudnessDB: 10 * math.Log10(power/float64(samples)),
	}, nil
}

// wav is a sine of that amplitude, 0 to 1, mono in 16 bits at dsp.SampleRate.
func wav(seconds, amplitude float64) []byte {
	samples := int(seconds * dsp.SampleRate)
	data := make([]byte, 0, 44+2*samples)
	data = append(data, "RIFF"...)
	data = binary.LittleEndian.AppendUint32(data, uint32(36+2*samples))
	data = append(data, "WAVEfmt "...)
	for _, v := range []uint32{16, 1<<16 | 1, dsp.SampleRate, 2 * dsp.SampleRate, 16<<16 | 2} {
		data = binary.LittleEndian.AppendUint32(data, v)
	}
	data = append(data, "data"...)
	data = binary.LittleEndian.AppendUint32(data, uint32(2*samples))
	for i := range samples {
		x := amplitude * math.Sin(2*math.Pi*440*float64(i)/dsp.SampleRate)
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(math.Round(32767*x))))
	}
	return data
}

// bench is a worker on a real store, with one track in it.
type bench struct {
	t     *testing.T
	store *sqlite.Store
	ear   *ear
	*Worker
	path string
	id   schema.TrackID
}

func newBench(t *testing.T, content []byte) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	opener, err := source.New(source.Config{MaxBytes: 1 << 20, TempDir: t.TempDir(), Admit: source.Anywhere})
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{version: "ear-1"}
	b := &bench{
		t: t, store: store, ear: e, path: filepath.Join(t.TempDir(), "a.wav"),
		Worker: &Worker{
			Source: opener, Store: store, Model: e,
			Decode: decode.Options{Decoder: "native", MaxDuration: 10 * time.Second},
		},
	}
	if content != nil {
		b.write(content)
	}
	b.add(b.path)
	return b
}

func (b *bench) write(content []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.path, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// add makes the track at a path or address the one of the bench.
func (b *bench) add(pathOrURL string) {
	b.t.Helper()
	uri, err := source.Canonical(pathOrURL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.id = schema.TrackIDOf(uri)
	if _, err := b.store.AddTrack(b.t.Context(), schema.Track{ID: b.id, Source: uri, Status: schema.Pending}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) track() schema.Track {
	b.t.Helper()
	track, err := b.store.Track(context.Background(), b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	return track
}

func (b *bench) delivery() queue.Delivery {
	return queue.Delivery{
		Job:     queue.Job{TrackID: b.id, Source: b.track().Source, ModelVersion: "ear-1", Lane: queue.Ingest},
		Attempt: 1,
	}
}

// failed checks that the job failed for good with this code, and that the
// store says the same.
func (b *bench) failed(err error, want schema.Code) {
	b.t.Helper()
	var failure *schema.Failure
	if !errors.As(err, &failure) || failure.Code != want {
		b.t.Fatalf("outcome is %#v (%v), want code %s", err, err, want)
	}
	track := b.track()
	if track.Status != schema.Failed || track.Failure == nil || *track.Failure != *failure || track.ModelVersion != "ear-1" {
		b.t.Errorf("stored %s %+v by %q, want what was returned: %+v", track.Status, track.Failure, track.ModelVersion, failure)
	}
}

// untouched checks that the outcome is another try, with nothing stored.
func (b *bench) untouched(err error) {
	b.t.Helper()
	var failure *schema.Failure
	if err == nil || errors.As(err, &failure) {
		b.t.Errorf("outcome is %#v, want a transient error", err)
	}
	if track := b.track(); track.Status != schema.Pending {
		b.t.Errorf("stored %s %+v", track.Status, track.Failure)
	}
}

func TestTrackIsAnalysedAndSaved(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(3, 0.5))
	if err := b.Handle(t.Context(), b.delivery()); err != nil {
		t.Fatal(err)
	}
	a, err := b.store.Analysis(t.Context(), b.id, "ear-1")
	if err != nil {
		t.Fatal(err)
	}
	file, err := b.Source.Fetch(t.Context(), b.track().Source)
	if err != nil {
		t.Fatal(err)
	}
	// A sine of amplitude 1/2 has a mean power of 1/8.
	if math.Abs(a.DurationS-3) > 0.01 || math.Abs(a.LoudnessDB-10*math.Log10(0.125)) > 0.1 {
		t.Errorf("heard %v s at %v dB", a.DurationS, a.LoudnessDB)
	}
	if a.SHA256 != file.SHA256 || a.Decoder != "go-audio/wav" || a.ModelVersion != "ear-1" || time.Since(a.AnalysedAt) > time.Minute {
		t.Errorf("saved %+v", a)
	}
	if a.Cost.DecodeMS <= 0 || a.Cost.ListenMS <= 0 {
		t.Errorf("cost %+v, want a time for each stage", a.Cost)
	}
	if track := b.track(); track.Status != schema.Analysed {
		t.Errorf("track is %s", track.Status)
	}
}

func TestUnchangedContentIsNotHeardTwice(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*bench, *queue.Delivery)
		heard  int64
	}{
		"same again":      {func(*bench, *queue.Delivery) {}, 1},
		"forced":          {func(_ *bench, d *queue.Delivery) { d.Force = true }, 2},
		"other content":   {func(b *bench, _ *queue.Delivery) { b.write(wav(2, 0.5)) }, 2},
		"other version":   {func(b *bench, d *queue.Delivery) { b.ear.version, d.ModelVersion = "ear-2", "ear-2" }, 2},
		"failed meantime": {func(b *bench, _ *queue.Delivery) { b.failMeantime() }, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, wav(1, 0.5))
			if err := b.Handle(t.Context(), b.delivery()); err != nil {
				t.Fatal(err)
			}
			d := b.delivery()
			c.change(b, &d)
			if err := b.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if got := b.ear.heard.Load(); got != c.heard {
				t.Errorf("heard %d times, want %d", got, c.heard)
			}
			if track := b.track(); track.Status != schema.Analysed || track.Failure != nil {
				t.Errorf("track is %s, %v", track.Status, track.Failure)
			}
		})
	}
}

func (b *bench) failMeantime() {
	b.t.Helper()
	if err := os.Rename(b.path, b.path+".away"); err != nil {
		b.t.Fatal(err)
	}
	b.failed(b.Handle(b.t.Context(), b.delivery()), schema.NotFound)
	if err := os.Rename(b.path+".away", b.path); err != nil {
		b.t.Fatal(err)
	}
}

func TestDownloadIsKnownByItsAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write(wav(3, 0.5)[:40000]); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	b := newBench(t, nil)
	b.add(server.URL + "/a.wav")
	err := b.Handle(t.Context(), b.delivery())
	b.failed(err, schema.Corrupt)
	if want := fmt.Sprintf("decode %q: ", server.URL+"/a.wav"); !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want it to begin with %s", err, want)
	}
}

// A job goes from the queue to the store, and the queue's outcome is the
// store's.
func TestQueueToStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	q, err := queue.Open(queue.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	ctx, cancel := context.WithCancel(t.Context())
	good := b.delivery().Job
	b.add(b.path + ".missing")
	bad := b.delivery().Job
	for _, j := range []queue.Job{good, bad} {
		if _, err := q.Enqueue(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	ends := make(chan struct{}, 2)
	ran := make(chan error)
	go func() {
		ran <- q.Run(ctx, func(ctx context.Context, d queue.Delivery) error {
			defer func() { ends <- struct{}{} }()
			return b.Handle(ctx, d)
		})
	}()
	<-ends
	<-ends
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	status, err := q.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts, err := b.store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l := status.Lanes[0]; l.DoneToday != 1 || l.Dead != 1 || counts.Analysed != 1 || counts.Failures[schema.NotFound] != 1 {
		t.Errorf("queue %+v, store %+v; want one analysed and one not_found", l, counts)
	}
}
