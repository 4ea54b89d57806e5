//go:build (browser && servers) || scale

package web_test

import (
	"testing"

	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// keyspace is a Cassandra store of the test's own.
func keyspace(t *testing.T) *cassandra.Store {
	t.Helper()
	c := cassandratest.Keyspace(t)
	if _, err := cassandra.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s, err := cassandra.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
