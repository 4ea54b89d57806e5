// Package cassandratest gives tests a keyspace of their own in a real server,
// and a way past the store.
package cassandratest

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema/cassandra"
)

// Keyspace names a keyspace that is not there yet, in the server that
// EARWORM_TEST_CASSANDRA names. It is dropped when the test ends.
func Keyspace(tb testing.TB) cassandra.Config {
	tb.Helper()
	host := os.Getenv("EARWORM_TEST_CASSANDRA")
	if host == "" {
		tb.Fatal("EARWORM_TEST_CASSANDRA is not set; run scripts/servers.sh with go test …")
	}
	c := cassandra.Config{
		Hosts:    []string{host},
		Keyspace: fmt.Sprintf("test_%d_%d", os.Getpid(), time.Now().UnixNano()),
	}
	tb.Cleanup(func() { Drop(tb, host, c.Keyspace) })
	return c
}

// Drop drops a keyspace, if it is there.
func Drop(tb testing.TB, host, keyspace string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	session := connect(tb, host)
	defer session.Close()
	if err := session.Query("DROP KEYSPACE IF EXISTS " + keyspace).ExecContext(ctx); err != nil {
		tb.Error(err)
	}
}

// Session is one past the store.
type Session = gocql.Session

// Connect opens a session until the test ends.
func Connect(tb testing.TB, host string) *Session {
	tb.Helper()
	session := connect(tb, host)
	tb.Cleanup(session.Close)
	return session
}

// patience is how long a statement may take: to make or drop tables takes long
// on a busy machine.
const patience = 5 * time.Minute

func connect(tb testing.TB, host string) *Session {
	tb.Helper()
	cluster := gocql.NewCluster(host)
	cluster.Timeout = patience
	if _, port, err := net.SplitHostPort(host); err == nil {
		if _, err := fmt.Sscan(port, &cluster.Port); err != nil {
			tb.Fatalf("port of %q: %v", host, err)
		}
	}
	session, err := cluster.CreateSession()
	if err != nil {
		tb.Fatal(err)
	}
	return session
}
