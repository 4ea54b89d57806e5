// Package storetest states the laws that every schema.Store obeys, as tests
// that an implementation runs against itself.
package storetest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"earworm/schema"
)

// Run holds the stores that open gives to the laws. Each law opens its own, and
// closes it at its end; they may share one database, since laws look only at
// tracks that they added, and run one after another.
func Run(t *testing.T, open func(t *testing.T) schema.Store) {
	laws := []struct {
		name  string
		holds func(*testing.T, schema.Store)
	}{
		{"a track is added once", addedOnce},
		{"a track is added once by many at a time", addedOnceByMany},
		{"what is not there is not found", notFound},
		{"an analysis is read as it was saved", readAsSaved},
		{"a vector of another length is refused", vectorLength},
		{"saving twice is saving once", savedTwice},
		{"an earlier version's analysis stays", earlierVersionStays},
		{"a failure keeps what was heard", failureKeepsFeatures},
		{"a label wins over every analysis", labelWins},
		{"a label waits for the first analysis", labelFirst},
		{"a label that was taken back does not count", labelTakenBack},
		{"of two labels the newer wins, for each thing it speaks of", newerLabelWins},
		{"labels of one moment are all kept", labelsOfOneMoment},
		{"no label is lost among writers", labelsAmongWriters},
		{"a scan sees each track once", scanSeesAll},
		{"a scan ends when its reader does", scanEnds},
		{"a scan's reader may write", scanWrites},
		{"a filter finds what fits it", filterFinds},
		{"counts sum up the catalogue", countsSumUp},
		{"any history of writes gives what a plain model gives", historyAsModel},
		{"the version that serves counts, whatever is newer", servingCounts},
		{"of two promotions at once one is done", onePromotion},
		{"only a version that was heard can serve", unheardCannotServe},
		{"a label survives its version", labelSurvivesVersion},
		{"the version that serves cannot be deleted", servingStays},
		{"a batch is written upon what was read", batchRevisions},
		{"an outcome counts once", outcomesOnce},
		{"a scan goes on where it was left", scanGoesOn},
		{"a space keeps to one length", spaceLength},
		{"the nearest are found, as the filter says", nearestFound},
		{"pages hold each track once, in order", pagesInOrder},
		{"a listing finds what fits it", listingFinds},
		{"a cursor of another place is refused", cursorRefused},
		{"a track apart from its album is worth a look", apartFromAlbum},
		{"a mark is not lost among writers", apartAmongWriters},
		{"of what nothing is known, nothing is worth a look", nothingWorth},
		{"all labels are walked", allLabels},
		{"a summary counts what is there", summaryCounts},
		{"a write is answered once", answeredOnce},
		{"a claim that was given back is free", droppedClaim},
		{"pictures and the summary are read as they were saved", picturesKept},
		{"hostile text is text", hostileTextIsText},
	}
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) {
			s := open(t)
			if err := s.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			serveAnother(t, s)
			law.holds(t, s)
		})
	}
}

// serveAnother lets a version serve that no law's track was heard by, so that
// of each the newest counts until the law promotes another.
func serveAnother(t *testing.T, s schema.Store) {
	t.Helper()
	const version = "nobody-1"
	save(t, s, heard(addTrack(t, s), version, day, 0))
	promote(t, s, version)
}

// promote makes a version serve.
func promote(t *testing.T, s schema.Store, version string) schema.Serving {
	t.Helper()
	was, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.Promote(t.Context(), version, "ada", was)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// day is when everything in these laws begins.
var day = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

var made atomic.Int64

// newTrack makes a track that no other law knows.
func newTrack() schema.Track {
	source := fmt.Sprintf("file:///music/%d-%d.flac", time.Now().UnixNano(), made.Add(1))
	return schema.Track{ID: schema.TrackIDOf(source), Source: source, AddedAt: day}
}

// addTrack adds a new track to s.
func addTrack(t *testing.T, s schema.Store) schema.TrackID {
	t.Helper()
	track := newTrack()
	if _, err := s.AddTrack(t.Context(), track); err != nil {
		t.Fatal(err)
	}
	return track.ID
}

// heard makes an analysis of a track, different for each seed.
func heard(id schema.TrackID, version string, at time.Time, seed uint64) schema.Analysis {
	rng := rand.New(rand.NewPCG(seed, 1))
	key := schema.Keys()[rng.IntN(24)]
	meter := schema.Meter{Beats: 2 + rng.IntN(6), Unit: 4}
	a := schema.Analysis{
		TrackID: id, ModelVersion: version, SHA256: fmt.Sprintf("%064x", seed),
		DurationS: 60 + 100*rng.Float64(),
		Tempo: schema.Tempo{
			BPM: float64(60 + rng.IntN(120)), Confidence: rng.Float64(), Stability: rng.Float64(),
			Alternatives: []schema.TempoCandidate{{BPM: 61.5, Probability: 0.25}},
		},
		Key: schema.KeyHeard{
			Name: key, Camelot: key.Camelot(), Confidence: rng.Float64(),
			Alternatives: []schema.KeyCandidate{{Name: schema.KeyOf(3, true), Camelot: "2A", Probability: 0.125}},
		},
		Meter: schema.MeterHeard{
			Name: meter, BeatsPerBar: meter.Beats, Confidence: rng.Float64(),
			Alternatives: []schema.MeterCandidate{{Name: schema.Meter{Beats: 7, Unit: 8}, BeatsPerBar: 7, Probability: 0.1}},
		},
		LoudnessDB: -20 * rng.Float64(), TuningCents: 10 * rng.Float64(), Decoder: "ffmpeg",
		Cost:       schema.Cost{DecodeMS: 12.5, ListenMS: 100, NetworkMS: 250.25},
		Embedding:  make([]float32, schema.EmbeddingSize),
		AnalysedAt: at,
	}
	for i := range 100 {
		a.Beats = append(a.Beats, float32(i)*0.5+0.1*rng.Float32())
		if i%4 == 0 {
			a.Downbeats = append(a.Downbeats, a.Beats[i])
		}
	}
	norm := 0.0
	for i := range a.Embedding {
		a.Embedding[i] = rng.Float32() - 0.5
		norm += float64(a.Embedding[i]) * float64(a.Embedding[i])
	}
	for i := range a.Embedding {
		a.Embedding[i] /= float32(math.Sqrt(norm))
	}
	return a
}

func save(t *testing.T, s schema.Store, a schema.Analysis) {
	t.Helper()
	if err := s.SaveAnalysis(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, s schema.Store, l schema.Label) {
	t.Helper()
	if err := s.AddLabel(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func track(t *testing.T, s schema.Store, id schema.TrackID) schema.Track {
	t.Helper()
	got, err := s.Track(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func features(t *testing.T, s schema.Store, id schema.TrackID) schema.Features {
	t.Helper()
	got, err := s.Features(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantFeatures checks a track's features against those of an analysis and labels.
func wantFeatures(t *testing.T, s schema.Store, a schema.Analysis, labels ...schema.Label) {
	t.Helper()
	same(t, "features", features(t, s, a.TrackID), schema.Effective(a, labels))
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s are not what they should be:\n got %+v\nwant %+v", what, got, want)
	}
}

// wantNotFound checks that err says what was not found, and where.
func wantNotFound(t *testing.T, op string, err error, id schema.TrackID) {
	t.Helper()
	if !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("%s: got error %v; want %v", op, err, schema.ErrNotFound)
	} else if !strings.Contains(err.Error(), string(id)) {
		t.Errorf("%s: %q does not name track %s", op, err, id)
	}
}

// together runs n calls of do at a time and fails with the first error.
func together(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		all.Go(func() { errs <- do(i) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
