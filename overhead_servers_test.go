//go:build servers

package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"earworm/queue"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// BenchmarkOverheadFleet is of Redis and Cassandra.
func BenchmarkOverheadFleet(b *testing.B) {
	redis := required(b, "EARWORM_TEST_REDIS")
	if !strings.Contains(redis, "://") {
		redis = "redis://" + redis
	}
	address, err := url.Parse(redis)
	if err != nil {
		b.Fatal(err)
	}
	const database = 7
	address.Path = fmt.Sprint("/", database)
	flush(b, address.Host, database)
	b.Cleanup(func() { flush(b, address.Host, database) })

	host := required(b, "EARWORM_TEST_CASSANDRA")
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
	overheads(b, store, queue.Config{Redis: address.String()})
}
