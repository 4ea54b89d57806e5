//go:build servers

package transfer_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2" //nolint:depguard // drops the keyspace of this test

	"earworm/schema/cassandra"
)

func TestToCassandraAndBack(t *testing.T) {
	t.Parallel()
	host := os.Getenv("EARWORM_TEST_CASSANDRA")
	if host == "" {
		t.Fatal("EARWORM_TEST_CASSANDRA is not set; run scripts/servers.sh with go test …")
	}
	c := cassandra.Config{Hosts: []string{host}, Keyspace: fmt.Sprintf("transfer_%d_%d", os.Getpid(), time.Now().UnixNano())}
	if _, err := cassandra.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, c) })
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

func drop(t *testing.T, c cassandra.Config) {
	t.Helper()
	cluster := gocql.NewCluster(c.Hosts...)
	cluster.Timeout = time.Minute
	session, err := cluster.CreateSession()
	if err != nil {
		t.Error(err)
		return
	}
	defer session.Close()
	if err := session.Query("DROP KEYSPACE " + c.Keyspace).ExecContext(context.Background()); err != nil {
		t.Error(err)
	}
}
