//go:build servers

package main

import (
	"fmt"
	"os"
	"testing"

	"earworm/queue"
	"earworm/queue/redistest"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// BenchmarkOverheadFleet is of Redis and Cassandra.
func BenchmarkOverheadFleet(b *testing.B) {
	redis, _ := redistest.Database(b)
	host := testCassandra(b)
	c := cassandra.Config{Hosts: []string{host}, Keyspace: fmt.Sprintf("overhead_%d", os.Getpid())}
	b.Cleanup(func() { cassandratest.Drop(b, host, c.Keyspace) })
	if _, err := cassandra.Migrate(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	store, err := cassandra.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	overheads(b, store, queue.Config{Redis: redis})
}
