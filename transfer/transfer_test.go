package transfer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/transfer"
)

var day = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func open(t *testing.T) schema.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func id(i int) schema.TrackID { return schema.TrackIDOf(fmt.Sprint("file:///music/", i, ".flac")) }

func heard(i int, version string, at time.Time) schema.Analysis {
	a := schema.Analysis{
		TrackID: id(i), ModelVersion: version, SHA256: strings.Repeat("a", 64), DurationS: 61.25, Decoder: "native",
		Tempo:      schema.Tempo{BPM: 100 + float64(i), Confidence: 0.1, Alternatives: []schema.TempoCandidate{{BPM: 50, Probability: 0.3}}},
		Beats:      []float32{0.1, 0.7},
		Embedding:  make([]float32, schema.EmbeddingSize),
		AnalysedAt: at,
	}
	a.Embedding[i%schema.EmbeddingSize] = 1
	return a
}

// fill makes a catalogue with everything in it: two versions, of which the older
// serves again; failures before and after an analysis; labels of one moment, one
// taken back; vectors of others.
func fill(t *testing.T, s schema.Store) {
	t.Helper()
	ctx := t.Context()
	var errs []error
	for i := range 40 {
		_, err := s.AddTrack(ctx, schema.Track{
			ID: id(i), Source: fmt.Sprint("file:///music/", i, ".flac"),
			Title: fmt.Sprint("Übung <", i, ">"), AddedAt: day.Add(time.Duration(i) * time.Second),
		})
		errs = append(errs, err)
		if i%4 != 3 {
			errs = append(errs, s.SaveAnalysis(ctx, heard(i, "m1", day.Add(time.Hour))))
		}
		if i%4 == 1 {
			errs = append(errs, s.SaveAnalysis(ctx, heard(i, "m2", day.Add(2*time.Hour))))
		}
		if i%8 > 5 {
			errs = append(errs, s.SaveFailure(ctx, id(i), "m2", schema.Failure{Code: schema.Silent, Message: "it is silent"}))
		}
		if i%3 == 0 {
			first := schema.Label{TrackID: id(i), At: day, Author: "ada", TempoBPM: 60}
			errs = append(
				errs, s.AddLabel(ctx, first),
				s.AddLabel(ctx, schema.Label{TrackID: id(i), At: day, Author: "bob", Key: schema.KeyOf(3, true), Note: "\"sure\"\n"}),
				s.AddLabel(ctx, schema.Label{TrackID: id(i), At: day.Add(time.Minute), Author: "ada", TakesBack: day}),
			)
		}
		if i%5 == 0 {
			errs = append(errs, s.PutVector(ctx, id(i), "taste", []float32{float32(i), 0.1, -2}))
		}
	}
	for _, version := range []string{"m2", "m1"} {
		now, err := s.Serving(ctx)
		if err == nil {
			_, err = s.Promote(ctx, version, "ada", now)
		}
		errs = append(errs, err)
	}
	for i := range 40 {
		if err := s.RefreshFeatures(ctx, id(i)); !errors.Is(err, schema.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func export(t *testing.T, s schema.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := transfer.Export(t.Context(), s, &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load(t *testing.T, s schema.Store, export []byte) transfer.Total {
	t.Helper()
	total, err := transfer.Import(t.Context(), s, bytes.NewReader(export), nil)
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// known is what readers of a store can see, by track; without the times of
// failures, which are those of the import.
func known(t *testing.T, s schema.Store) map[string]any {
	t.Helper()
	all := map[string]any{}
	for line := range bytes.Lines(export(t, s)) {
		var l struct {
			Entry map[string]any `json:"entry"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Entry == nil {
			continue
		}
		track, ok := l.Entry["track"].(map[string]any)
		if !ok {
			t.Fatalf("no track in %s", line)
		}
		if track["status"] == string(schema.Failed) {
			delete(track, "updated_at")
		}
		all[fmt.Sprint(track["track_id"])] = l.Entry
	}
	for f, err := range s.FindFeatures(t.Context(), schema.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all["features "+string(f.TrackID)] = f
	}
	serving, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all["serving"] = [2]string{serving.ModelVersion, serving.Previous}
	if all["versions"], err = s.ModelVersions(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := s.List(t.Context(), schema.Listing{Text: "übung", Order: schema.ByAdded, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	all["found by text"] = len(page.Items)
	return all
}

func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name := range maps.Keys(want) {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s:\n got %v\nwant %v", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d things are there; want %d", len(got), len(want))
	}
}

func TestAllComesBackAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	from, to := open(t), open(t)
	fill(t, from)
	lines := export(t, from)
	want := transfer.Total{Tracks: 40, Analyses: 40, Labels: 42, Vectors: 8}
	for range 2 {
		if got := load(t, to, lines); got != want {
			t.Errorf("moved %+v; want %+v", got, want)
		}
		same(t, known(t, to), known(t, from))
	}
}

// An import into a store that went on keeps what it has.
func TestWhatTheStoreHasStays(t *testing.T) {
	t.Parallel()
	from, to := open(t), open(t)
	fill(t, from)
	lines := export(t, from)
	mine := schema.Label{TrackID: id(0), At: day, Author: "eve", TempoBPM: 90}
	newer := heard(0, "m3", day.Add(24*time.Hour))
	_, err := to.AddTrack(t.Context(), schema.Track{ID: id(0), Source: "file:///music/0.flac"})
	err = errors.Join(err, to.AddLabel(t.Context(), mine), to.SaveAnalysis(t.Context(), newer),
		to.PutVector(t.Context(), id(0), "taste", []float32{1, 1, 1}))
	was, unread := to.Serving(t.Context())
	_, unchosen := to.Promote(t.Context(), "m3", "eve", was)
	if err := errors.Join(err, unread, unchosen); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		load(t, to, lines)
		labels, err := to.TrackLabels(t.Context(), id(0))
		if err != nil || len(labels) != 4 || labels[0] != mine {
			t.Fatalf("labels are %v, %v; want eve's and three more", labels, err)
		}
		standing := schema.Standing(labels)
		authors := make([]string, len(standing))
		for i, l := range standing {
			authors[i] = l.Author
		}
		slices.Sort(authors)
		if !slices.Equal(authors, []string{"ada", "bob", "eve"}) {
			t.Errorf("labels of %v stand; ada took back her own alone", authors)
		}
		f, err := to.Features(t.Context(), id(0))
		if err != nil || f.TempoBPM != 90 || f.ModelVersion != "m3" {
			t.Errorf("features are %+v, %v; want eve's 90 and m3", f, err)
		}
		track, err := to.Track(t.Context(), id(0))
		if err != nil || track.ModelVersion != "m3" || track.Status != schema.Analysed {
			t.Errorf("the track is %+v, %v; want that of its newest analysis", track, err)
		}
		if v, err := to.TrackVector(t.Context(), id(0), "taste"); err != nil || v[0] != 1 {
			t.Errorf("the vector is %v, %v", v, err)
		}
	}
}

// What cannot be is refused as a whole.
func TestRefusals(t *testing.T) {
	t.Parallel()
	from := open(t)
	fill(t, from)
	good := string(export(t, from))
	cut := strings.LastIndex(strings.TrimSpace(good), "\n") + 1
	second := strings.Index(good, "\n") + 1
	third := second + strings.Index(good[second:], "\n") + 1
	cases := map[string]struct{ lines, want string }{
		"cut off":            {good[:cut], "cut off"},
		"cut within a line":  {good[:cut-5], "line 41"},
		"a line is missing":  {good[:second] + good[third:], "lines are missing"},
		"no header":          {good[second:], "line 1 is none of an export"},
		"empty":              {"", "cut off"},
		"newer":              {strings.Replace(good, `"format":1`, `"format":2`, 1), "format 2"},
		"another thing":      {`{"path":"a.wav"}`, `line 1 of the export: json: unknown field "path"`},
		"a status of no use": {strings.Replace(good, `"status":"pending"`, `"status":"new"`, 1), `the status "new"`},
		"a label of another": {strings.Replace(good, `"labels":[{"track_id":"`, `"labels":[{"track_id":"0`, 1), "a label of track"},
		"a vector of none":   {strings.Replace(good, `"taste":[`, `"taste":[],"other":[`, 1), `space "taste"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := open(t)
			_, err := transfer.Import(t.Context(), to, strings.NewReader(c.lines), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want %q", err, c.want)
			}
			if n, err := to.Counts(t.Context()); err != nil || n.Tracks != 0 {
				t.Errorf("%d tracks were stored, %v", n.Tracks, err)
			}
		})
	}
}
