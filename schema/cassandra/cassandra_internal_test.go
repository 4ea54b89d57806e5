package cassandra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

func TestTokenRangesCoverTheRingOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		ranges := tokenRanges(n)
		if len(ranges) != n || ranges[0].from != math.MinInt64 || ranges[n-1].to != math.MaxInt64 {
			t.Fatalf("%d ranges: got %d, from %d to %d", n, len(ranges), ranges[0].from, ranges[n-1].to)
		}
		smallest, largest := uint64(math.MaxUint64), uint64(0)
		for i, r := range ranges {
			if i > 0 && r.from != ranges[i-1].to+1 {
				t.Fatalf("%d ranges: one ends at %d and the next begins at %d", n, ranges[i-1].to, r.from)
			}
			size := uint64(r.to) - uint64(r.from)
			smallest, largest = min(smallest, size), max(largest, size)
		}
		if largest-smallest > uint64(n) {
			t.Errorf("%d ranges: the largest is %d tokens larger than the smallest", n, largest-smallest)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	got := split("-- a comment; of two halves\nCREATE TABLE a (\n  b int -- why\n);\n\n;CREATE INDEX c;\n-- end")
	want := []string{"CREATE TABLE a (\n  b int\n)", "CREATE INDEX c"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestMigrationsMayRunTwice(t *testing.T) {
	t.Parallel()
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no migrations are embedded")
	}
	for i, m := range all {
		if i > 0 && m.name[:4] <= all[i-1].name[:4] {
			t.Errorf("%s has no number of its own", m.name)
		}
		for _, statement := range m.statements {
			if !strings.Contains(statement, " IF NOT EXISTS ") && !strings.HasPrefix(statement, "DROP TABLE IF EXISTS ") {
				t.Errorf("%s: %q fails the second time", m.name, statement)
			}
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := (Config{}).WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
}

func TestReplication(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"3":            "{'class': 'SimpleStrategy', 'replication_factor': 3}",
		"eu:3":         "{'class': 'NetworkTopologyStrategy', 'eu': 3}",
		"us-1:2, eu:3": "{'class': 'NetworkTopologyStrategy', 'eu': 3, 'us-1': 2}",
	} {
		got, err := Config{Replication: in}.replication()
		if err != nil || got != want {
			t.Errorf("%q: got %s, error %v; want %s", in, got, err, want)
		}
	}
}

func TestValidateNamesTheSetting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"empty host":       {Config{Hosts: []string{""}}, `host is ""`},
		"a URL":            {Config{Hosts: []string{"http://a:9042"}}, `host is "http://a:9042"`},
		"quoted keyspace":  {Config{Keyspace: `x"; DROP`}, "keyspace is"},
		"weak consistency": {Config{Consistency: "ONE"}, `consistency is "ONE"; want LOCAL_QUORUM, QUORUM or ALL`},
		"no replicas":      {Config{Replication: "0"}, `replication is "0"`},
		"half replication": {Config{Replication: "eu:3,us"}, `replication is "eu:3,us"`},
		"injection":        {Config{Replication: "eu'}:3"}, "replication is"},
		"half a pair":      {Config{TLS: TLS{Enabled: true, Cert: "a.pem"}}, "one of cert and key"},
		"idle TLS":         {Config{TLS: TLS{CA: "ca.pem"}}, "not enabled"},
		"timeout":          {Config{Timeout: -time.Second}, "timeout is -1s; want more than 0"},
		"page size":        {Config{PageSize: -1}, "page size is -1; want 1 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.config.WithDefaults().Validate()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v; want %q in it", err, c.want)
			}
		})
	}
}

func TestNobodyThereIsOneClearLine(t *testing.T) {
	t.Parallel()
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c := Config{Hosts: []string{addr}}
	want := "cassandra at " + addr + ": connection refused"
	if _, err := Open(t.Context(), c); err == nil || err.Error() != want {
		t.Errorf("open: got error %q; want %q", err, want)
	}
	if _, err := Migrate(t.Context(), c); err == nil || err.Error() != want {
		t.Errorf("migrate: got error %q; want %q", err, want)
	}
}

func TestOpenHeedsItsContext(t *testing.T) {
	t.Parallel()
	mute, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := mute.Accept(); err == nil {
			cancel()
			_ = conn.Close()
		}
	}()
	if _, err := Open(ctx, Config{Hosts: []string{mute.Addr().String()}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v; want %v", err, context.Canceled)
	}
}

func TestRepeatedComplaintsAreSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	var l logger
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	if l.news("down", now) {
		t.Error("a complaint is news before the session is open")
	}
	l.open.Store(true)
	said := 0
	for second := range 150 {
		if l.news("down", now.Add(time.Duration(second)*time.Second)) {
			said++
		}
	}
	if said != 3 {
		t.Errorf("in 150 seconds it was said %d times; want 3", said)
	}
	if !l.news("up", now) {
		t.Error("another event is no news")
	}
}

func TestUndecidedIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"applied or not":           {nil, false},
		"given up among others":    {&gocql.RequestErrWriteTimeout{WriteType: "CAS"}, true},
		"decided, commit late":     {&gocql.RequestErrWriteTimeout{WriteType: "SIMPLE"}, true},
		"condition not read":       {&gocql.RequestErrReadTimeout{}, true},
		"outcome unknown, wrapped": {fmt.Errorf("x: %w", &gocql.RequestErrCASWriteUnknown{}), true},
		"answer did not come":      {fmt.Errorf("x: %w", gocql.ErrTimeoutNoResponse), true},
		"connection ended":         {io.EOF, true},
		"connection was reset":     {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		"caller gave up":           {context.Canceled, false},
		"refused":                  {&gocql.RequestErrInvalid{}, false},
		"nobody there":             {gocql.ErrNoConnections, false},
	} {
		if got := undecided(c.err); got != c.want {
			t.Errorf("%s: undecided is %v; want %v", name, got, c.want)
		}
	}
}

func TestDefaultMemtable(t *testing.T) {
	t.Parallel()
	for configurations, want := range map[string]string{
		"{default=trie+, trie=TrieMemtable}":                        "TrieMemtable",
		"{default=TrieMemtable}":                                    "TrieMemtable",
		"{trie=TrieMemtable, skip=SkipListMemtable, default=skip+}": "SkipListMemtable",
		"{default=a+, a=b+, b=a+}":                                  "b", // round in circles
		"{}":                                                        "",
		"null":                                                      "",
		"":                                                          "",
	} {
		if got := defaultMemtable(configurations); got != want {
			t.Errorf("defaultMemtable(%q) = %q; want %q", configurations, got, want)
		}
	}
}

func TestNodesThatDoNotFit(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		node Node
		want string
	}{
		"as we want it":    {Node{"h:9042", "5.0.9", "TrieMemtable"}, ""},
		"by its full name": {Node{"h:9042", "5.1", "org.apache.cassandra.db.memtable.TrieMemtable"}, ""},
		"newer by far":     {Node{"h:9042", "10.0", "TrieMemtable"}, ""},
		"server's choice":  {Node{"h:9042", "5.0.9", ""}, "CASSANDRA-21644"},
		"the other one":    {Node{"h:9042", "5.0.9", "SkipListMemtable"}, "CASSANDRA-21644"},
		"without vectors":  {Node{"h:9042", "4.1.3", ""}, "want 5 or newer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.node.Fit()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}

func TestNothingAllowsFiltering(t *testing.T) {
	t.Parallel()
	words := "ALLOW " + "FILTERING"
	sources := 0
	for _, pattern := range []string{"*.go", "migrations/*.cql"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if sources++; strings.Contains(strings.ToUpper(string(text)), words) {
				t.Errorf("%s has %s; want an index or a token range", name, words)
			}
		}
	}
	if sources < 2 {
		t.Errorf("%d sources were read", sources)
	}
}

func TestMergedListsEndWhereOneWasCut(t *testing.T) {
	t.Parallel()
	rows := func(values ...float64) (list []schema.Cursor) {
		for _, v := range values {
			list = append(list, schema.Cursor{Order: schema.ByWorth, Value: v, ID: "a"})
		}
		return list
	}
	for name, c := range map[string]struct {
		lists [][]schema.Cursor
		want  []schema.Cursor
		end   bool
	}{
		"none":                     {nil, nil, true},
		"whole lists":              {[][]schema.Cursor{rows(5, 3), nil, rows(4)}, rows(5, 4, 3), true},
		"one was cut":              {[][]schema.Cursor{rows(9, 8, 7), rows(6, 5)}, rows(9, 8, 7), false},
		"cut beyond another's end": {[][]schema.Cursor{rows(9, 8, 1), rows(6, 5)}, rows(9, 8, 6, 5, 1), false},
		"of two the earlier cut":   {[][]schema.Cursor{rows(9, 8, 2), rows(7, 6, 5), rows(1)}, rows(9, 8, 7, 6, 5), false},
	} {
		got, end := merged(c.lists, 3)
		if !slices.Equal(got, c.want) || end != c.end {
			t.Errorf("%s: got %v, end %v; want %v, %v", name, got, end, c.want, c.end)
		}
	}
}
