//go:build servers

package cassandra_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/storetest"
)

// config is of a keyspace of the test's own, which is dropped at its end.
func config(t *testing.T) cassandra.Config {
	t.Helper()
	host := os.Getenv("EARWORM_TEST_CASSANDRA")
	if host == "" {
		t.Fatal("EARWORM_TEST_CASSANDRA is not set; run scripts/servers.sh with go test …")
	}
	c := cassandra.Config{
		Hosts:    []string{host},
		Keyspace: fmt.Sprintf("test_%d_%d", os.Getpid(), time.Now().UnixNano()),
		PageSize: 50, // so that little data has many pages
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := plain(t, c).Query("DROP KEYSPACE IF EXISTS " + c.Keyspace).ExecContext(ctx); err != nil {
			t.Error(err)
		}
	})
	return c
}

// plain is a session past the store.
func plain(t *testing.T, c cassandra.Config) *gocql.Session {
	t.Helper()
	cluster := gocql.NewCluster(c.Hosts...)
	cluster.Timeout = time.Minute
	if _, port, err := net.SplitHostPort(c.Hosts[0]); err == nil {
		if _, err := fmt.Sscan(port, &cluster.Port); err != nil {
			t.Fatal(err)
		}
	}
	session, err := cluster.CreateSession()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
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

	p := plain(t, c)
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

func TestVectorIsFoundByItsNeighbour(t *testing.T) {
	t.Parallel()
	c := config(t)
	migrate(t, c)
	s := open(t, c)
	defer s.Close()
	for i := range 8 { // the last two in another space
		id := schema.TrackID(fmt.Sprint("track ", i))
		if _, err := s.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///" + string(id)}); err != nil {
			t.Fatal(err)
		}
		a := schema.Analysis{TrackID: id, ModelVersion: fmt.Sprint("v", i/6), Embedding: make([]float32, schema.EmbeddingSize)}
		a.Embedding[i%6] = 1
		if err := s.SaveAnalysis(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	near := make([]float32, schema.EmbeddingSize)
	near[1], near[2] = 0.9, 0.1
	var id string
	var similarity float32
	err := plain(t, c).Query("SELECT track_id, similarity_cosine(embedding, ?) FROM "+c.Keyspace+`.vectors
		WHERE space = 'v0' ORDER BY embedding ANN OF ? LIMIT 1`, near, near).ScanContext(t.Context(), &id, &similarity)
	if err != nil {
		t.Fatal(err)
	}
	if id != "track 1" || similarity < 0.99 { // (1 + cos) / 2
		t.Errorf("the nearest is %s, similarity %f; want track 1", id, similarity)
	}
}
