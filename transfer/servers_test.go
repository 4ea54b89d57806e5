//go:build servers

package transfer_test

import (
	"testing"

	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

func TestToCassandraAndBack(t *testing.T) {
	t.Parallel()
	c := cassandratest.Keyspace(t)
	if _, err := cassandra.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	fleet, err := cassandra.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	from, to := open(t), open(t)
	fill(t, from)
	for range 2 {
		load(t, fleet, export(t, from))
		same(t, known(t, fleet), known(t, from))
	}
	load(t, to, export(t, fleet))
	same(t, known(t, to), known(t, from))
}
