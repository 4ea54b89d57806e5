//go:build browser && servers

package web_test

import (
	"context"
	"math"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"earworm/cnn"
	"earworm/dsp"
	"earworm/picture"
	"earworm/queue"
	"earworm/schema"
)

// laterModel is the model under another version.
type laterModel struct{ *cnn.Model }

func (laterModel) Version() string { return "later-1" }

// Draw hears as the model does.
func (m laterModel) Draw(ctx context.Context, audio dsp.SampleReader, to *picture.Recorder) (schema.Analysis, error) {
	a, err := m.Model.Draw(ctx, audio, to)
	a.ModelVersion = m.Version()
	return a, err
}

// A correction made in the page, kept in Cassandra, outlives that the track is
// analysed again by a new model version, and that one's promotion.
func TestCorrectionOutlivesANewVersion(t *testing.T) {
	t.Parallel()
	s := newSiteOver(t, keyspace(t))
	id := s.hear(t, "09-late-shift.wav", "Late Shift")
	half := s.halfTempo(t, id)
	p := open(t, s, "/tracks/"+string(id), light)
	p.await(drawn)
	p.press("h")
	p.press("i")
	p.write("it swings")
	p.press(kb.Tab)
	p.write("Ada")
	p.press(kb.Escape)
	p.press(kb.Enter)
	p.await(`document.querySelector("[data-saved]")`)

	track, err := s.store.Track(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	later := s.worker()
	later.Model = laterModel{s.model}
	job := queue.Job{TrackID: id, Source: track.Source, ModelVersion: "later-1", Lane: queue.Reprocess}
	if err := later.Handle(t.Context(), queue.Delivery{Job: job}); err != nil {
		t.Fatal(err)
	}
	serving, err := s.store.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Promote(t.Context(), "later-1", "Bob", serving); err != nil {
		t.Fatal(err)
	}
	if err := s.store.RefreshFeatures(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f, err := s.store.Features(t.Context(), id)
	if err != nil || f.ModelVersion != "later-1" || math.Abs(f.TempoBPM-half) > 0.5 || f.TempoConfidence != 1 {
		t.Errorf("readers get %+v, %v; want %g BPM, as Ada said, beside what later-1 heard", f, err, half)
	}
	p = open(t, s, "/tracks/"+string(id), light)
	p.await(drawn)
	p.await(`document.querySelector("#tempo-now").textContent === "%g"`, half)
	p.await(`document.querySelectorAll(".history tbody tr").length === 3`)
	p.await(`document.querySelector(".history").textContent.includes("it swings")`)
}
