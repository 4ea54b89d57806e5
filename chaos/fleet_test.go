//go:build chaos

package chaos

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
	"earworm/schema/sqlite"
)

// fleet is one scenario's: a Redis, a keyspace behind a proxy, tracks, and
// worker processes.
type fleet struct {
	t         *testing.T
	dir       string
	redis     *redisServer
	toRedis   *proxy
	toStore   *proxy
	keyspace  string
	store     schema.Store           // not by way of the proxy
	rows      *cassandratest.Session // nil: the store is SQLite
	env       []string
	catalogue map[schema.TrackID]string // path
	labels    map[schema.TrackID]schema.Label
	heardBy   map[schema.TrackID]int // model versions, where not one
	workers   []*process
}

// server is the address of a server that all scenarios share. Without it the
// test fails: it must not pass unseen.
func server(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set; run scripts/servers.sh with go test …", name)
	}
	return v
}

// bare is a fleet without a store.
func bare(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{
		t: t, dir: t.TempDir(),
		catalogue: map[schema.TrackID]string{}, labels: map[schema.TrackID]schema.Label{},
	}
	f.redis = startRedis(t, f.dir)
	f.toRedis = newProxy(t, f.redis.addr)
	f.env = append(
		os.Environ(),
		"EARWORM_REDIS=redis://"+f.toRedis.addr+"/0", "EARWORM_CASSANDRA=", "EARWORM_STORE=", "EARWORM_CONFIG=",
		"EARWORM_DECODER=native", "TMPDIR="+f.dir,
	)
	return f
}

// newFleet is a fleet on Cassandra.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := bare(t)
	f.onCassandra(program)
	return f
}

// onCassandra makes a keyspace as a build of earworm does.
func (f *fleet) onCassandra(build string) {
	f.t.Helper()
	at := server(f.t, "EARWORM_TEST_CASSANDRA")
	f.keyspace = "chaos_" + strings.ToLower(strings.TrimPrefix(f.t.Name(), "Test")) + fmt.Sprint("_", os.Getpid())
	f.toStore = newProxy(f.t, at)
	f.rows = cassandratest.Connect(f.t, at)
	f.env = append(f.env, "EARWORM_CASSANDRA="+f.toStore.addr, "EARWORM_CASSANDRA_KEYSPACE="+f.keyspace)
	f.t.Cleanup(func() { cassandratest.Drop(f.t, at, f.keyspace) })
	f.migrate(build)
	if build == program {
		f.openCassandra()
	}
}

// migrating keeps fleets that begin at once from changing schemas at once: a server
// does that one after the other, and on a slow machine the last waits for a minute.
var migrating sync.Mutex

func (f *fleet) migrate(build string) {
	f.t.Helper()
	migrating.Lock()
	defer migrating.Unlock()
	f.runBuild(build, "migrate")
}

// openCassandra opens the store past the proxy.
func (f *fleet) openCassandra() {
	f.t.Helper()
	at := server(f.t, "EARWORM_TEST_CASSANDRA")
	store, err := cassandra.Open(f.t.Context(), cassandra.Config{Hosts: []string{at}, Keyspace: f.keyspace})
	if err != nil {
		f.t.Fatal(err)
	}
	f.keep(store)
}

// onSQLite puts the store into a file.
func (f *fleet) onSQLite(path string) {
	f.t.Helper()
	f.env = append(f.env, "EARWORM_STORE="+path)
	store, err := sqlite.Open(f.t.Context(), path)
	if err != nil {
		f.t.Fatal(err)
	}
	f.keep(store)
}

func (f *fleet) keep(store schema.Store) {
	f.store = store
	f.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			f.t.Error(err)
		}
	})
}

// fill links n tracks into the catalogue, enqueues them in the store and the
// queue, and labels some: what people said must be there in the end.
func (f *fleet) fill(n int) {
	f.t.Helper()
	f.enqueue(program, f.music(n))
	if len(f.catalogue) != n {
		f.t.Fatalf("enqueue names %d of %d tracks", len(f.catalogue), n)
	}
	f.labelSome(n / 20)
}

// music is a folder with n tracks.
func (f *fleet) music(n int) string {
	f.t.Helper()
	folder := filepath.Join(f.dir, "music")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		f.t.Fatal(err)
	}
	for i := range n {
		path := filepath.Join(folder, fmt.Sprintf("%04d.wav", i))
		if err := os.Link(sounds[i%len(sounds)], path); err != nil {
			f.t.Fatal(err)
		}
	}
	return folder
}

// labelSome labels n tracks that have no label.
func (f *fleet) labelSome(n int) {
	f.t.Helper()
	for id := range f.catalogue {
		if n == 0 {
			return
		}
		if _, labelled := f.labels[id]; !labelled {
			n--
			f.label(id, float64(60+len(f.labels)%100))
		}
	}
}

// enqueue hands paths in and adds what it says to the catalogue.
func (f *fleet) enqueue(build string, args ...string) {
	f.t.Helper()
	for line := range strings.Lines(f.runBuild(build, "enqueue", args...)) {
		field := strings.Fields(line)
		if len(field) != 3 {
			f.t.Fatalf("enqueue prints %q", line)
		}
		f.catalogue[schema.TrackID(field[1])] = strings.TrimPrefix(field[2], "file://")
	}
}

func (f *fleet) label(id schema.TrackID, bpm float64) {
	f.t.Helper()
	l := schema.Label{TrackID: id, At: time.Now().UTC().Truncate(time.Millisecond), Author: "chaos", TempoBPM: bpm}
	if err := f.store.AddLabel(f.t.Context(), l); err != nil {
		f.t.Fatal(err)
	}
	f.labels[id] = l
}

// runBuild runs a build of earworm to its end, which must be a success, and
// returns stdout.
func (f *fleet) runBuild(build, command string, args ...string) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build, append([]string{command}, args...)...)
	cmd.Env = f.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("earworm %s: %v\n%s", command, err, &errs)
	}
	return string(out)
}

// process is a worker, or another earworm that goes on until it is ended.
type process struct {
	*exec.Cmd
	log  string // file
	done chan struct{}
	err  error
}

// amid waits for so many tracks to have ended and brings about a fault, while
// jobs come slowly: on a busy machine all might be over before anybody looks.
func (f *fleet) amid(ended int, start, fault func()) {
	f.t.Helper()
	f.toRedis.set(faults{delay: 300 * time.Millisecond})
	start()
	f.until(ended)
	fault()
	f.toRedis.set(faults{})
	if c, err := f.counts(); err == nil && c.Analysed+c.Failed >= len(f.catalogue) {
		f.t.Fatalf("%+v: nothing was left to do; the fault came too late", c)
	}
}

// start starts n workers with flags, and env on top of the fleet's.
func (f *fleet) start(n int, env []string, flags ...string) {
	f.t.Helper()
	f.startBuild(program, n, env, flags...)
}

func (f *fleet) startBuild(build string, n int, env []string, flags ...string) {
	f.t.Helper()
	for range n {
		f.workers = append(f.workers, f.launch(build, append([]string{"worker", "--concurrency", "2"}, flags...), env...))
	}
}

func (f *fleet) launch(name string, args []string, env ...string) *process {
	f.t.Helper()
	p := &process{Cmd: exec.Command(name, args...), done: make(chan struct{})} //nolint:noctx // ended by signals
	p.Env = slices.Concat(f.env, env)
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	log, err := os.CreateTemp(f.dir, "worker-*.log")
	if err != nil {
		f.t.Fatal(err)
	}
	defer log.Close()
	p.log, p.Stderr = log.Name(), log
	if err := p.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.done)
	}()
	f.t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.done
		if f.t.Failed() {
			f.t.Logf("log of worker %d ends:\n%s", p.Process.Pid, tail(p.log, 12))
		}
	})
	return p
}

func tail(path string, lines int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// status is a line of /proc/PID/status, as the number in it.
func (p *process) status(t *testing.T, name string) (n int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			if _, err := fmt.Sscan(value, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%s is not in the status of a process", name)
	return 0
}

// running counts the processes with this command line that have lost their
// parent and bear the mark of this fleet.
func (f *fleet) running(command string) (n int) {
	f.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, path := range all {
		line, err := os.ReadFile(path)
		if err != nil || strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")) != command {
			continue
		}
		env, err := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		if err == nil && strings.Contains(string(env), "TMPDIR="+f.dir) {
			n++
		}
	}
	return n
}

// signal sends a signal, which must reach its process.
func (f *fleet) signal(p *process, s syscall.Signal) {
	f.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		f.t.Fatalf("signal %v: %v", s, err)
	}
}

// ends awaits a process's own end.
func (f *fleet) ends(p *process, limit time.Duration) error {
	f.t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(limit):
		f.t.Fatalf("worker %d has not ended after %v", p.Process.Pid, limit)
		return nil
	}
}

// stop sends SIGTERM to all workers, which must end well.
func (f *fleet) stop() {
	f.t.Helper()
	f.terminate(f.workers...)
	f.workers = nil
}

func (f *fleet) terminate(workers ...*process) {
	f.t.Helper()
	for _, p := range workers {
		f.signal(p, syscall.SIGTERM)
	}
	for _, p := range workers {
		if err := f.ends(p, time.Minute); err != nil {
			f.t.Errorf("worker %d ends with %v", p.Process.Pid, err)
		}
	}
}
