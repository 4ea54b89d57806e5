package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/schema/storetest"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLaws(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) schema.Store {
		return open(t, filepath.Join(t.TempDir(), "store.db"))
	})
}

// Of a law's tracks all are few: here listings go the way that they go among many.
func TestLawsInOrder(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) schema.Store {
		s := open(t, filepath.Join(t.TempDir(), "store.db"))
		s.NoneAreFew()
		return s
	})
}

func TestClosedStoreKeepsItsTracks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "50% of? it#1 ü.db")
	s := open(t, path)
	track := schema.Track{ID: schema.TrackIDOf("file:///a.wav"), Source: "file:///a.wav"}
	if _, err := s.AddTrack(t.Context(), track); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the store is not in the file it was opened at: %v", err)
	}
	s = open(t, path)
	defer s.Close()
	if got, err := s.Track(t.Context(), track.ID); err != nil || got.Source != track.Source {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestTwoProcessesShareAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	stores := []*sqlite.Store{open(t, path), open(t, path)}
	shared := schema.Track{ID: schema.TrackIDOf("shared"), Source: "shared"}
	if _, err := stores[0].AddTrack(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for i, s := range stores {
		defer s.Close()
		go func() {
			var err error
			for n := range 50 {
				source := strings.Repeat("x", 2*n+i)
				_, adding := s.AddTrack(t.Context(), schema.Track{ID: schema.TrackIDOf(source), Source: source})
				// Reads before it writes, which two can only do one after the other.
				labelling := s.AddLabel(t.Context(), schema.Label{TrackID: shared.ID, At: time.UnixMilli(int64(n)), Note: source})
				err = errors.Join(err, adding, labelling)
			}
			done <- err
		}()
	}
	for range stores {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if c, err := stores[0].Counts(t.Context()); err != nil || c.Tracks != 101 {
		t.Errorf("counted %d tracks, error %v; want 101", c.Tracks, err)
	}
	if labels, err := stores[1].TrackLabels(t.Context(), shared.ID); err != nil || len(labels) != 100 {
		t.Errorf("the shared track has %d labels, error %v; want 100", len(labels), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"a newer schema": {func(t *testing.T, path string) {
			t.Helper()
			if err := open(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
		}, "schema is version 99"},
		"a file of another kind": {func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
		"a folder": {func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, "unable to open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			c.prepare(t, path)
			_, err := sqlite.Open(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v; want %q and the path in it", err, c.want)
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is of several lines: %q", err)
			}
		})
	}
}

// TestTracksFromBeforeVersions opens a file of the first release, with tracks
// that were heard, failed and labelled.
func TestTracksFromBeforeVersions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	first, err := os.ReadFile("migrations/0001_catalogue.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		string(first),
		`INSERT INTO tracks (track_id, source, title, status, model_version, added_at, updated_at) VALUES
			('sure', 'file:///a', 'Morning Post', 'analysed', 'v1', 1, 1), ('unsure', 'file:///b', '', 'analysed', 'v2', 2, 2)`,
		`INSERT INTO tracks (track_id, source, status, failure_code, failure_message, added_at, updated_at)
			VALUES ('mute', 'file:///c', 'failed', 'silent', 'x', 3, 3)`,
		`INSERT INTO analyses VALUES ('sure', 'v1', 1, '{"track_id":"sure","model_version":"v1","tempo":{"bpm":120,"confidence":1}}'),
			('unsure', 'v2', 2, '{"track_id":"unsure","model_version":"v2","tempo":{"bpm":90,"confidence":0.25}}')`,
		`INSERT INTO features VALUES ('sure', 120, 1, 'C major', 1, '4/4', 1, 0, 1, 'v1', '', 1),
			('unsure', 90, 0.25, 'C major', 1, '4/4', 1, 0, 1, 'v2', '', 2)`,
		`INSERT INTO labels VALUES ('sure', 5, 'ada', 'by ear', 60, '', '')`,
		`INSERT INTO vectors VALUES ('sure', 'v1', x'0000803f00000000'), ('unsure', 'v2', x'0000803f00000000')`,
		"PRAGMA user_version = 1",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s := open(t, path)
	defer s.Close()
	page, err := s.List(t.Context(), schema.Listing{Order: schema.ByWorth, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 3 || page.Items[0].ID != "unsure" || page.Items[0].Worth.Score != 0.75 || page.Items[1].ID != "mute" {
		t.Errorf("the listing is %+v", page.Items)
	}
	if page, err := s.List(t.Context(), schema.Listing{Order: schema.ByAdded, Limit: 10, Text: "post"}); err != nil || len(page.Items) != 1 {
		t.Errorf("a word of before finds %+v, error %v", page.Items, err)
	}
	if v, err := s.Serving(t.Context()); err != nil || v.ModelVersion != "v2" || v.Revision != 1 {
		t.Errorf("%+v serves, error %v", v, err)
	}
	if labels, err := s.TrackLabels(t.Context(), "sure"); err != nil || len(labels) != 1 || labels[0].TempoBPM != 60 {
		t.Errorf("labels are %+v, error %v", labels, err)
	}
	spaces, err := s.Spaces(t.Context())
	if want := []schema.Space{{Name: "v1", Length: 2, Model: true}, {Name: "v2", Length: 2, Model: true}}; err != nil || !slices.Equal(spaces, want) {
		t.Errorf("spaces are %+v, error %v; want %+v", spaces, err, want)
	}
	if err := s.RefreshFeatures(t.Context(), "sure"); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Features(t.Context(), "sure"); err != nil || f.TempoBPM != 60 || f.ModelVersion != "v1" {
		t.Errorf("features made anew are %+v, error %v", f, err)
	}
}
