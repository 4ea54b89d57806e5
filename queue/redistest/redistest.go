// Package redistest gives tests a database of their own in a real Redis.
package redistest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// databases is how many a Redis has that nobody configured.
	databases = 16

	// claimed bounds how long the database of a killed test is lost to others;
	// no test takes so long.
	claimed = 30 * time.Minute

	patience = 5 * time.Second
)

// Database is an empty database of the server that EARWORM_TEST_REDIS names, for
// tb alone until it ends: packages are tested side by side, and one's worker would
// take the other's jobs.
func Database(tb testing.TB) (address string, client *redis.Client) {
	tb.Helper()
	at := os.Getenv("EARWORM_TEST_REDIS")
	if at == "" {
		tb.Fatal("EARWORM_TEST_REDIS is not set; run scripts/servers.sh with go test …")
	}
	if !strings.Contains(at, "://") {
		at = "redis://" + at
	}
	u, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = fmt.Sprint("/", claim(tb, u))
	client = connect(tb, u)
	empty := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
		defer cancel()
		if err := client.FlushDB(ctx).Err(); err != nil {
			tb.Fatal(err)
		}
	}
	empty()
	tb.Cleanup(empty)
	return u.String(), client
}

// claim marks, in database 0, another one as taken, until tb ends.
func claim(tb testing.TB, server *url.URL) (database int) {
	tb.Helper()
	u := *server
	u.Path = "/0"
	client := connect(tb, &u)
	for database = 1; database < databases; database++ {
		key := fmt.Sprint("earworm:test:database:", database)
		free, err := client.SetNX(tb.Context(), key, tb.Name(), claimed).Result()
		if err != nil {
			tb.Fatal(err)
		}
		if !free {
			continue
		}
		tb.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
			defer cancel()
			if err := client.Del(ctx, key).Err(); err != nil {
				tb.Error(err)
			}
		})
		return database
	}
	tb.Fatalf("all %d databases of %s are taken by other tests, or by killed ones of the last %s", databases-1, server.Redacted(), claimed)
	panic("unreachable")
}

func connect(tb testing.TB, u *url.URL) *redis.Client {
	tb.Helper()
	options, err := redis.ParseURL(u.String())
	if err != nil {
		tb.Fatal(err)
	}
	client := redis.NewClient(options)
	tb.Cleanup(func() { client.Close() })
	return client
}
