// Package worker makes an analysis out of a job: fetch, decode, listen, save.
// It knows neither which queue the job came from nor where results are kept.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/picture"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

// Source fetches tracks; *source.Opener is one.
type Source interface {
	// Fetch returns a *schema.Failure where trying again is of no use.
	Fetch(ctx context.Context, uri string) (*source.File, error)
}

// Model hears tracks; *cnn.Model is one. It is used by several goroutines at
// once.
type Model interface {
	Version() string

	// Draw returns a *schema.Failure where there is nothing to hear, and
	// otherwise the errors of audio, wrapped or not.
	// It draws into to what it sees and answers; a nil Recorder draws nothing.
	Draw(ctx context.Context, audio dsp.SampleReader, to *picture.Recorder) (schema.Analysis, error)
}

// Pictures keeps what was drawn of a track; a schema.Review is one.
type Pictures interface {
	SavePicture(ctx context.Context, id schema.TrackID, kind string, data []byte) error
}

// Store is the part of a schema.Store that outcomes are kept in. All of it
// returns schema.ErrNotFound, wrapped, for what is not there.
type Store interface {
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error)
	SaveAnalysis(ctx context.Context, a schema.Analysis) error
	SaveFailure(ctx context.Context, id schema.TrackID, modelVersion string, f schema.Failure) error

	// Ping reports whether the store answers at all.
	Ping(ctx context.Context) error
}

// Batches keeps how a batch's tracks ended; a schema.Batches is one.
type Batches interface {
	SaveOutcome(ctx context.Context, batchID string, part int, id schema.TrackID, code schema.Code) error
}

// Worker analyses tracks. Its fields are set before its first job; it is safe
// for concurrent use.
type Worker struct {
	Source Source
	Decode decode.Options
	Model  Model
	Store  Store
	Log    *slog.Logger // nil: silent

	// Batches is told of every job of a batch that ends for good; nil: of none.
	Batches Batches

	// What is drawn of a track while it is heard, and where it is kept; nil: nothing is drawn.
	NewRecorder func() *picture.Recorder
	Pictures    Pictures

	Watch Watch
}

// Watch follows jobs through their stages, for whoever measures. The zero
// Watch follows nothing.
type Watch struct {
	// Begin is told that a stage begins: fetch, hear or save. The context it
	// returns is the stage's; end is called once, with how it ended.
	Begin func(ctx context.Context, stage string) (_ context.Context, end func(error))

	// Heard is told, in the stage's context, what hearing cost. Decoding,
	// spectrograms and networks take turns, so none of them begins or ends.
	Heard func(ctx context.Context, cost schema.Cost)
}

func (w Watch) begin(ctx context.Context, stage string) (context.Context, func(error)) {
	if w.Begin == nil {
		return ctx, func(error) {}
	}
	return w.Begin(ctx, stage)
}

func (w Watch) heard(ctx context.Context, cost schema.Cost) {
	if w.Heard != nil {
		w.Heard(ctx, cost)
	}
}

// errOtherModel returns a job to the queue for a worker that has the model
// version it asks for. While versions change, workers of both are there.
var errOtherModel = errors.New("job is for another model version")

// Handle is a queue.Handler. A failure for good is stored as the track's state
// before it is returned, and so is a transient one of the last attempt. A job
// whose content is unchanged since this model version heard it is done at once,
// unless forced.
func (w *Worker) Handle(ctx context.Context, d queue.Delivery) (err error) {
	r := run{Delivery: d, began: time.Now()}
	defer func() { err = w.settle(ctx, r, err, recover()) }()

	name, version := source.Name(d.Source), w.Model.Version()
	if d.Crashed {
		return schema.Fail(schema.Crashed, "analyse %q: three workers ended in the middle of it", name)
	}
	if d.ModelVersion != "" && d.ModelVersion != version {
		return fmt.Errorf("analyse %q: %w: it asks for %s, this worker has %s", name, errOtherModel, d.ModelVersion, version)
	}
	if done, err := w.heardSince(ctx, d); done || err != nil {
		return err
	}
	file, err := w.fetch(ctx, d.Source)
	if err != nil {
		return err
	}
	defer w.close(ctx, d, file)
	r.content = file.SHA256
	if !d.Force {
		if known, err := w.known(ctx, d.TrackID, version, file.SHA256); known || err != nil {
			return err
		}
	}
	a, drawn, err := w.hear(ctx, d, name, file)
	if err != nil {
		return err
	}
	if err := w.insist(ctx, func(ctx context.Context) error { return w.savePictures(ctx, d.TrackID, drawn) }); err != nil {
		return fmt.Errorf("save pictures of %q: %w", name, err)
	}
	a.TrackID, a.ModelVersion, a.SHA256, a.AnalysedAt = d.TrackID, version, file.SHA256, time.Now().UTC()
	return w.save(ctx, name, a)
}

func (w *Worker) fetch(ctx context.Context, uri string) (_ *source.File, err error) {
	ctx, end := w.Watch.begin(ctx, "fetch")
	defer func() { end(err) }()
	return w.roomy(ctx, uri)
}

func (w *Worker) save(ctx context.Context, name string, a schema.Analysis) (err error) {
	ctx, end := w.Watch.begin(ctx, "save")
	defer func() { end(err) }()
	if err := w.insist(ctx, func(ctx context.Context) error { return w.Store.SaveAnalysis(ctx, a) }); err != nil {
		return fmt.Errorf("save analysis of %q: %w", name, err)
	}
	return nil
}

// heardSince tells whether this job's batch has had its analysis, by this job
// once before or by another.
func (w *Worker) heardSince(ctx context.Context, d queue.Delivery) (bool, error) {
	if d.Since.IsZero() {
		return false, nil
	}
	var a schema.Analysis
	err := w.insist(ctx, func(ctx context.Context) (err error) {
		a, err = w.Store.Analysis(ctx, d.TrackID, w.Model.Version())
		return err
	})
	if errors.Is(err, schema.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up analysis of track %s: %w", d.TrackID, err)
	}
	return !a.AnalysedAt.Before(d.Since), nil
}

// known tells whether this model version heard this very content before. Where
// the track has failed since, its analysis is made to count again.
func (w *Worker) known(ctx context.Context, id schema.TrackID, version, sha256 string) (known bool, err error) {
	err = w.insist(ctx, func(ctx context.Context) error {
		known, err = w.lookUp(ctx, id, version, sha256)
		return err
	})
	return known, err
}

func (w *Worker) lookUp(ctx context.Context, id schema.TrackID, version, sha256 string) (bool, error) {
	a, err := w.Store.Analysis(ctx, id, version)
	if errors.Is(err, schema.ErrNotFound) || err == nil && a.SHA256 != sha256 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up analysis of track %s: %w", id, err)
	}
	track, err := w.Store.Track(ctx, id)
	if err == nil && track.Status != schema.Analysed {
		err = w.Store.SaveAnalysis(ctx, a)
	}
	if err != nil {
		return false, fmt.Errorf("look up track %s: %w", id, err)
	}
	return true, nil
}

// savePictures keeps what was drawn of a track.
func (w *Worker) savePictures(ctx context.Context, id schema.TrackID, drawn *picture.Recorder) error {
	pictures, err := drawn.Pictures()
	for _, p := range pictures {
		err = errors.Join(err, w.Pictures.SavePicture(ctx, id, p.Kind, p.Data))
	}
	return err
}

// hear decodes a file and lets the model hear and draw it.
func (w *Worker) hear(ctx context.Context, d queue.Delivery, name string, file *source.File) (a schema.Analysis, drawn *picture.Recorder, err error) {
	ctx, end := w.Watch.begin(ctx, "hear")
	defer func() { end(err) }()
	began := time.Now()
	sound, err := decode.Open(ctx, file.Path, w.Decode)
	if err != nil {
		return a, nil, renamed(err, file.Path, name)
	}
	defer w.close(ctx, d, sound)
	timed := &timedReader{audio: sound, took: time.Since(began)}
	if w.Pictures != nil {
		drawn = w.NewRecorder()
	}
	a, err = w.Model.Draw(ctx, timed, drawn)
	if nothing, ok := errors.AsType[*schema.Failure](err); ok {
		return a, nil, schema.Fail(nothing.Code, "analyse %q: %s", name, nothing.Message)
	}
	if err != nil {
		return a, nil, renamed(err, file.Path, name)
	}
	a.Decoder = sound.Decoder()
	a.Cost.DecodeMS = milliseconds(timed.took)
	a.Cost.ListenMS = max(0, milliseconds(time.Since(began)-timed.took)-a.Cost.NetworkMS)
	w.Watch.heard(ctx, a.Cost)
	return a, drawn, nil
}

func (w *Worker) close(ctx context.Context, d queue.Delivery, c interface{ Close() error }) {
	if err := c.Close(); err != nil {
		w.log().With(d.LogAttrs()...).WarnContext(ctx, "resources not freed", "error", err)
	}
}

func (w *Worker) log() *slog.Logger {
	if w.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return w.Log
}

// timedReader keeps the time that reading took.
type timedReader struct {
	audio dsp.SampleReader
	took  time.Duration
}

// Read is dsp.SampleReader's.
func (r *timedReader) Read(dst []float32) (int, error) {
	began := time.Now()
	n, err := r.audio.Read(dst)
	r.took += time.Since(began)
	return n, err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// renamed calls a downloaded file by the name a person knows it by.
func renamed(err error, path, name string) error {
	if path == name {
		return err
	}
	return renamedError{err, strings.ReplaceAll(err.Error(), path, name)}
}

type renamedError struct {
	error
	text string
}

// Error is the text under the other name.
func (e renamedError) Error() string { return e.text }

// Unwrap keeps the kind of the error.
func (e renamedError) Unwrap() error { return e.error }
