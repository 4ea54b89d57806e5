//go:build servers

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"earworm/batch"
	"earworm/queue/redistest"
	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// fleetOfTest is a built earworm, a Redis database and a keyspace, each for
// one test alone.
type fleetOfTest struct {
	binary string
	env    []string
	store  *cassandra.Store
}

// testCassandra is the address of the test server. Without it the test fails: it
// must not pass unseen.
func testCassandra(tb testing.TB) string {
	tb.Helper()
	host := os.Getenv("EARWORM_TEST_CASSANDRA")
	if host == "" {
		tb.Fatal("EARWORM_TEST_CASSANDRA is not set; run scripts/servers.sh with go test …")
	}
	return host
}

func newFleet(t *testing.T) *fleetOfTest {
	t.Helper()
	host := testCassandra(t)
	redis, _ := redistest.Database(t)
	f := &fleetOfTest{binary: filepath.Join(t.TempDir(), "earworm")}
	if runtime.GOOS == "windows" {
		f.binary += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", f.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build earworm: %v\n%s", err, out)
	}
	keyspace := fmt.Sprintf("e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	f.env = append(
		os.Environ(),
		"EARWORM_REDIS="+redis, "EARWORM_CASSANDRA="+host, "EARWORM_CASSANDRA_KEYSPACE="+keyspace,
		"EARWORM_STORE=", "EARWORM_CONFIG=",
	)
	t.Cleanup(func() { cassandratest.Drop(t, host, keyspace) })
	if out := f.run(t, "migrate"); !strings.Contains(out, "applied 0001") || !strings.HasSuffix(out, ": up to date\n") {
		t.Fatalf("migrate prints %q", out)
	}
	if out := f.run(t, "migrate"); strings.Contains(out, "applied") {
		t.Fatalf("the second migrate prints %q", out)
	}
	var err error
	f.store, err = cassandra.Open(t.Context(), cassandra.Config{Hosts: []string{host}, Keyspace: keyspace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// run runs earworm to its end, which must be a success, and returns stdout.
func (f *fleetOfTest) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), f.binary, args...)
	cmd.Env = f.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("earworm %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return string(out)
}

// worker starts a worker process; stop sends SIGTERM, awaits its end, which
// must be a success, and returns its log.
func (f *fleetOfTest) worker(t *testing.T, args ...string) (stop func() string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), f.binary, append([]string{"worker"}, args...)...)
	cmd.Env = f.env
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() string {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the worker ends with %v\n%s", err, &log)
		}
		return log.String()
	}
}

// awaitCounts asks the store until enough says so.
func (f *fleetOfTest) awaitCounts(t *testing.T, enough func(schema.Counts) bool) schema.Counts {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		counts, err := f.store.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if enough(counts) {
			return counts
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after 2 minutes the store holds %+v", counts)
		}
	}
}

// samplesOfRepo are the sample tracks, twelve or more.
func samplesOfRepo(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, row := range readCSV(t, filepath.Join("samples", "labels.csv")) {
		paths = append(paths, filepath.Join("samples", row[0]))
	}
	if len(paths) < 12 {
		t.Fatalf("%d samples; want 12 or more", len(paths))
	}
	return paths
}

// TestFleet: from a path on the command line, through Redis and a worker
// process, to rows in Cassandra.
func TestFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	samples := samplesOfRepo(t)
	bad := filepath.Join("samples", "testdata", "bad", "silent.wav")

	out := f.run(t, append([]string{"enqueue"}, append(samples, bad)...)...)
	if got := strings.Count(out, "new "); got != len(samples)+1 {
		t.Fatalf("enqueue prints %d new tracks of %d:\n%s", got, len(samples)+1, out)
	}
	if out := f.run(t, "enqueue", samples[0]); !strings.HasPrefix(out, "waiting ") {
		t.Errorf("enqueue of what waits prints %q", out)
	}
	if out := f.run(t, "status"); !strings.Contains(out, fmt.Sprintf("ingest: %d waiting", len(samples)+1)) {
		t.Errorf("status prints\n%s", out)
	}

	stop := f.worker(t)
	counts := f.awaitCounts(t, func(c schema.Counts) bool { return c.Pending == 0 })
	log := stop()
	if counts.Analysed != len(samples) || counts.Failed != 1 || counts.Failures[schema.Silent] != 1 {
		t.Errorf("the catalogue is %+v; want %d analysed and a silent one\n%s", counts, len(samples), log)
	}
	for _, path := range samples {
		id := namedInput(t, path).id
		a, err := f.store.Analysis(t.Context(), id, "")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		features, err := f.store.Features(t.Context(), id)
		if err != nil || features.TempoBPM != a.Tempo.BPM || features.Key != a.Key.Name || features.Meter != a.Meter.Name {
			t.Errorf("%s: features %+v (%v) are not those of the analysis %+v", path, features, err, a)
		}
		if len(a.Beats) == 0 || len(a.Embedding) != schema.EmbeddingSize || a.SHA256 == "" || a.DurationS < 5 {
			t.Errorf("%s: %d beats, %d values of embedding, sha256 %q, %.1f s", path, len(a.Beats), len(a.Embedding), a.SHA256, a.DurationS)
		}
	}
	if out := f.run(t, "status"); !strings.Contains(out, fmt.Sprintf("%d analysed, 0 pending, 1 failed", len(samples))) ||
		!strings.Contains(out, schema.Silent.Help()) {
		t.Errorf("status prints\n%s", out)
	}
}

// TestWorkerStopsMidWay: a worker told to stop loses no track; the next one
// does what is left.
func TestWorkerStopsMidWay(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	samples := samplesOfRepo(t)
	f.run(t, append([]string{"enqueue"}, samples...)...)
	stop := f.worker(t, "--concurrency", "1")
	f.awaitCounts(t, func(c schema.Counts) bool { return c.Analysed > 0 })
	log := stop()
	counts, err := f.store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if counts.Failed > 0 || counts.Analysed+counts.Pending != len(samples) || counts.Pending == 0 {
		t.Fatalf("after SIGTERM the catalogue is %+v; want some of %d analysed, the rest pending\n%s", counts, len(samples), log)
	}
	stop = f.worker(t)
	counts = f.awaitCounts(t, func(c schema.Counts) bool { return c.Pending == 0 })
	log = stop()
	if counts.Analysed != len(samples) || counts.Failed > 0 {
		t.Errorf("in the end the catalogue is %+v; want all %d analysed\n%s", counts, len(samples), log)
	}
}

// TestKeyspaceThatWasNeverMigrated: one line that says what to do.
func TestKeyspaceThatWasNeverMigrated(t *testing.T) {
	t.Parallel()
	host := testCassandra(t)
	var errs bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), &bytes.Buffer{}, &errs},
		[]string{"status", "--cassandra", host, "--cassandra-keyspace", "never_migrated"}, noEnvironment)
	if code != exitFailed || !strings.Contains(errs.String(), "earworm migrate") {
		t.Errorf("exit code %d, stderr %q; want 1 and earworm migrate named", code, &errs)
	}
}

func namedInput(t *testing.T, path string) input {
	t.Helper()
	in := named(path)
	if in.failure != nil {
		t.Fatal(errors.New(path + ": " + in.failure.Message))
	}
	return in
}

// TestDoctorOnServers: what is well, and what migrate mends.
func TestDoctorOnServers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for _, want := range []string{"TrieMemtable\n", "up to date\n", "ok       redis "} {
		if out := f.run(t, "doctor"); !strings.Contains(out, want) {
			t.Errorf("doctor prints\n%s\nwant %q", out, want)
		}
	}
	var out bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), &out, &bytes.Buffer{}},
		[]string{"doctor", "--cassandra", testCassandra(t), "--cassandra-keyspace", "never_migrated"}, noEnvironment)
	if code != exitFailed || !strings.Contains(out.String(), "→ earworm migrate") {
		t.Errorf("exit code %d, stdout %q; want 1 and earworm migrate named", code, &out)
	}
}

// TestWorkerIsWatched: a worker answers those who watch it until it has ended.
func TestWorkerIsWatched(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	stop := f.worker(t, "--metrics-addr", addr)
	// The first answer may have to wait for the listener.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for try := 0; ; try++ {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			conn.Close()
			break
		}
		if try > 400 {
			t.Fatal(err)
		}
		<-tick.C
	}
	for path, want := range map[string]string{"/readyz": `"store":"ok"`, "/healthz": `"jobs":"ok"`, "/metrics": "earworm_queue_up 1"} {
		if status, body := get(t, "http://"+addr+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.300s; want %s", path, status, body, want)
		}
	}
	stop()
}

// TestCatalogueOfAFleet: what is done with a catalogue, without any serve, by
// Redis and Cassandra alone.
func TestCatalogueOfAFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	samples := samplesOfRepo(t)[:4]
	f.run(t, append([]string{"enqueue"}, samples...)...)
	stop := f.worker(t)
	f.awaitCounts(t, func(c schema.Counts) bool { return c.Pending == 0 })
	id := namedInput(t, samples[0]).id
	heard, err := f.store.Analysis(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}

	if e := read[batch.Estimate](t, f.run(t, "reprocess", "--all", "--dry-run", "--json")); e.Tracks != len(samples) || e.TakesS == nil {
		t.Errorf("a dry run says %+v; want %d tracks and a time", e, len(samples))
	}
	began := time.Now()
	s := read[batch.Status](t, f.run(t, "reprocess", "--all", "--force", "--json"))
	if s.State != schema.BatchDone || s.Done != len(samples) {
		t.Errorf("the batch is %+v; want %d done", s, len(samples))
	}
	again, err := f.store.Analysis(t.Context(), id, "")
	if err != nil || again.AnalysedAt.Before(began.Add(-time.Second)) {
		t.Errorf("%v: heard at %v; want after %v", err, again.AnalysedAt, began)
	}
	if out := f.run(t, "batch"); !strings.Contains(out, s.ID+"  done") {
		t.Errorf("batch lists\n%s", out)
	}
	stop()

	f.run(t, "label", "--author", "ann", "--tempo", "92", string(id))
	path := filepath.Join(t.TempDir(), "labels.csv")
	first := f.run(t, "labels", "export")
	if err := os.WriteFile(path, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	f.run(t, "labels", "import", path)
	if second := f.run(t, "labels", "export"); second != first || strings.Count(first, ",ann,92,") != 1 {
		t.Errorf("labels are\n%s\nand, imported where they are from,\n%s", first, second)
	}

	other := heard
	other.ModelVersion, other.Tempo.BPM = "next", 2*heard.Tempo.BPM
	if err := f.store.SaveAnalysis(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	r := read[diffReport](t, f.run(t, "diff", "--json", heard.ModelVersion, "next"))
	if r.Both != 1 || r.OnlyOld != len(samples)-1 || r.Tempo.Doubled != 1 {
		t.Errorf("the versions differ by %+v", r)
	}
	f.run(t, "forget", "next")
	if _, err := f.store.Analysis(t.Context(), id, "next"); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("an analysis of the forgotten version: %v", err)
	}
	if features, err := f.store.Features(t.Context(), id); err != nil || features.TempoBPM != 92 || features.ModelVersion != heard.ModelVersion {
		t.Errorf("%v: features after all that are %+v; want the label's 92 BPM", err, features)
	}
}
