//go:build servers || scale

package cassandra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
	"earworm/schema/storetest"
)

// config is of a keyspace of the test's own, which is dropped at its end.
func config(t *testing.T) cassandra.Config {
	t.Helper()
	c := cassandratest.Keyspace(t)
	c.PageSize = 50 // so that little data has many pages
	return c
}

func open(t *testing.T, c cassandra.Config) *cassandra.Store {
	t.Helper()
	s, err := cassandra.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func migrate(t *testing.T, c cassandra.Config) {
	t.Helper()
	if _, err := cassandra.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	c := config(t)
	migrate(t, c)
	storetest.Run(t, func(t *testing.T) schema.Store { return open(t, c) })
}

func TestMigrateFromSeveralWorkers(t *testing.T) {
	t.Parallel()
	c := config(t)
	if _, err := cassandra.Open(t.Context(), c); !errors.Is(err, cassandra.ErrOlder) || !strings.Contains(err.Error(), c.Keyspace) {
		t.Errorf("before its migration: got error %v; want %v, and the keyspace's name", err, cassandra.ErrOlder)
	}
	var workers sync.WaitGroup
	var mu sync.Mutex
	times := map[string]int{}
	for range 4 {
		workers.Go(func() {
			applied, err := cassandra.Migrate(t.Context(), c)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, name := range applied {
				times[name]++
			}
		})
	}
	workers.Wait()
	if times["0001_catalogue.cql"] == 0 {
		t.Errorf("the first migration was not applied; these were: %v", times)
	}
	for name, n := range times {
		if n != 1 {
			t.Errorf("%s was applied %d times; want once", name, n)
		}
	}
	if again, err := cassandra.Migrate(t.Context(), c); err != nil || len(again) != 0 {
		t.Errorf("migrating again applied %v, error %v", again, err)
	}

	p := cassandratest.Connect(t, c.Hosts[0])
	if err := p.Query("INSERT INTO " + c.Keyspace + ".schema_migrations (name, sha256) VALUES ('9999_later.cql', 'x')").
		ExecContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"open":    func() error { _, err := cassandra.Open(t.Context(), c); return err },
		"migrate": func() error { _, err := cassandra.Migrate(t.Context(), c); return err },
	} {
		if err := try(); !errors.Is(err, cassandra.ErrNewer) || !strings.Contains(err.Error(), "9999_later.cql") {
			t.Errorf("%s a newer keyspace: got error %v; want %v, and the file's name", name, err, cassandra.ErrNewer)
		}
	}
}

// TestTracksFromBeforeTheListings takes a keyspace to where it was before its
// last migration, with a track that was heard and one that was not.
func TestTracksFromBeforeTheListings(t *testing.T) {
	t.Parallel()
	c := config(t)
	migrate(t, c)
	p := cassandratest.Connect(t, c.Hosts[0])
	a := schema.Analysis{TrackID: "heard", ModelVersion: "v1", AnalysedAt: time.Now(), Tempo: schema.Tempo{BPM: 120, Confidence: 0.25}}
	result, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		statement string
		values    []any
	}{
		{"INSERT INTO %s.tracks (track_id, source, added_at, status) VALUES ('heard', 'file:///a', ?, 'analysed')", []any{time.Now()}},
		{"INSERT INTO %s.tracks (track_id, source, added_at) VALUES ('new', 'file:///b', ?)", []any{time.Now()}},
		{"INSERT INTO %s.analyses (track_id, model_version, analysed_at, result) VALUES ('heard', 'v1', ?, ?)", []any{a.AnalysedAt, string(result)}},
		{"DELETE FROM %s.schema_migrations WHERE name = '0010_listing_filled.cql'", nil},
	} {
		if err := p.Query(fmt.Sprintf(q.statement, c.Keyspace), q.values...).ExecContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	migrate(t, c)
	s := open(t, c)
	defer s.Close()
	page, err := s.List(t.Context(), schema.Listing{Order: schema.ByWorth, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 2 || page.Items[0].ID != "heard" || page.Items[0].Features == nil || page.Items[0].Worth.Score == 0 {
		t.Errorf("the listing is %+v", page.Items)
	}
	if v, err := s.Serving(t.Context()); err != nil || v.ModelVersion != "v1" {
		t.Errorf("%+v serves, error %v", v, err)
	}
}
