//go:build (browser && servers) || scale

package web_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2" //nolint:depguard // drops the keyspace of this test

	"earworm/schema/cassandra"
)

// keyspace is a Cassandra store of the test's own.
func keyspace(t *testing.T) *cassandra.Store {
	t.Helper()
	host := os.Getenv("EARWORM_TEST_CASSANDRA")
	if host == "" {
		t.Fatal("EARWORM_TEST_CASSANDRA is not set; run scripts/servers.sh with go test …")
	}
	c := cassandra.Config{Hosts: []string{host}, Keyspace: fmt.Sprintf("pages_%d_%d", os.Getpid(), time.Now().UnixNano())}
	t.Cleanup(func() { drop(t, c) })
	if _, err := cassandra.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s, err := cassandra.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func drop(t *testing.T, c cassandra.Config) {
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
		t.Error(err)
		return
	}
	defer session.Close()
	if err := session.Query("DROP KEYSPACE IF EXISTS " + c.Keyspace).ExecContext(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
