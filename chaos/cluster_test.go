//go:build chaos

package chaos

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// node is one Cassandra of three, on a loopback address of its own.
type node struct {
	addr, dir string
	cmd       *exec.Cmd
}

// clusterPort is that of clients; the next is for the nodes among themselves.
const clusterPort = 9262

// startCluster starts three nodes, each with a third of the ring.
func startCluster(t *testing.T) (nodes [3]*node) {
	t.Helper()
	common, err := os.ReadFile(filepath.Join("..", "scripts", "cassandra", "conf", "cassandra.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const seed = "127.0.0.2"
	for i := range nodes {
		n := &node{addr: fmt.Sprint("127.0.0.", i+2), dir: filepath.Join(t.TempDir(), fmt.Sprint("node", i))}
		nodes[i] = n
		if err := os.MkdirAll(n.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		token := int64(i-1) * 6148914691236517205 // thirds of the partitioner's range
		config := strings.NewReplacer(
			"earworm-test", "earworm-three",
			"listen_address: 127.0.0.1", "listen_address: "+n.addr,
			"rpc_address: 127.0.0.1\n#", "rpc_address: "+n.addr+"\n#",
			`seeds: "127.0.0.1"`, `seeds: "`+seed+`"`,
			"num_tokens: 1", fmt.Sprintf("num_tokens: 1\ninitial_token: %d\nauto_bootstrap: false", token),
		).Replace(string(common))
		if err := os.WriteFile(filepath.Join(n.dir, "cassandra.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		n.start(t)
		t.Cleanup(func() { n.kill() })
	}
	return nodes
}

func (n *node) start(t *testing.T) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("..", "scripts", "servers.sh"))
	if err != nil {
		t.Fatal(err)
	}
	n.cmd = exec.Command(script, "cassandra", n.dir, fmt.Sprint(clusterPort), filepath.Join(n.dir, "cassandra.yaml")) //nolint:noctx // ended by kill
	n.cmd.Env = append(os.Environ(), "EARWORM_CASSANDRA_HEAP=512M")
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	n.cmd.Stdout, n.cmd.Stderr = log, log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Logf("the log of %s ends:\n%s", n.addr, tail(log.Name(), 20))
		}
	}()
	eventually(t, 3*time.Minute, "node "+n.addr+" answers", func() bool {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(n.addr, fmt.Sprint(clusterPort)), time.Second) //nolint:noctx // a second at most
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// kill is kill -9.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}

// onCluster makes a keyspace of which every node has a copy.
func (f *fleet) onCluster(nodes [3]*node) {
	f.t.Helper()
	hosts := make([]string, 0, len(nodes))
	for _, n := range nodes {
		hosts = append(hosts, net.JoinHostPort(n.addr, fmt.Sprint(clusterPort)))
	}
	f.keyspace = "three"
	f.rows = cassandratest.Connect(f.t, hosts[0])
	f.env = append(f.env, "EARWORM_CASSANDRA="+strings.Join(hosts, ","), "EARWORM_CASSANDRA_KEYSPACE="+f.keyspace,
		"EARWORM_CASSANDRA_REPLICATION=3")
	f.runBuild(program, "migrate")
	store, err := cassandra.Open(f.t.Context(), cassandra.Config{Hosts: hosts, Keyspace: f.keyspace})
	if err != nil {
		f.t.Fatal(err)
	}
	f.keep(store)
}

// TestNodesKilled: of three nodes with a copy of everything each, one is killed
// (kill -9) in the middle of the work, and work and labels go on; when it is back
// another is killed; in the end all three at once, and they come back.
func TestNodesKilled(t *testing.T) { //nolint:paralleltest // three servers want the machine for themselves
	nodes := startCluster(t)
	f := bare(t)
	f.onCluster(nodes)
	n := tracks()
	f.fill(n)
	f.toRedis.set(faults{delay: 300 * time.Millisecond}) // jobs come slowly, so that every fault is in their midst
	f.start(4, nil)
	for i, victim := range []*node{nodes[1], nodes[2]} {
		f.until((i + 1) * n / 6)
		victim.kill()
		f.labelSome(n / 20)
		f.until((i + 1) * n / 4) // with two nodes
		victim.start(t)
	}
	for _, each := range nodes {
		each.kill()
	}
	if done, err := f.counts(); err == nil && done.Pending == 0 {
		t.Fatalf("%+v: the work is over; the fault came too late", done)
	}
	f.toRedis.set(faults{})
	for _, each := range nodes {
		each.start(t)
	}
	f.account(nil)
	f.stop()
}
