//go:build servers

package cassandra_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/testca"
)

// Passwords of the test. The administrator's is the one that Cassandra is born with.
const (
	administrator = "cassandra"
	workerSecret  = "s/cret hush"
)

// TestEncryptedCluster starts one more Cassandra: its own, behind TLS and passwords.
func TestEncryptedCluster(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	cert, key := ca.Issue(t, "worker")
	admin := cassandra.Config{
		Hosts: []string{lockedCassandra(t, ca)}, Keyspace: "encrypted",
		Username: administrator, Password: administrator,
		TLS: cassandra.TLS{Enabled: true, CA: ca.File, Cert: cert, Key: key},
	}
	migrateOnceBorn(t, admin)
	worker := admin
	worker.Username, worker.Password = "worker", workerSecret
	command(
		t, admin,
		"CREATE ROLE worker WITH LOGIN = true AND PASSWORD = '"+workerSecret+"'",
		// All that a worker needs: docs/operations.md says so.
		"GRANT SELECT ON KEYSPACE encrypted TO worker",
		"GRANT MODIFY ON KEYSPACE encrypted TO worker",
	)

	t.Run("a worker's rights suffice", func(t *testing.T) {
		t.Parallel()
		works(t, worker)
	})
	t.Run("a worker changes no table", func(t *testing.T) {
		t.Parallel()
		c := worker
		c.Keyspace = "another"
		_, err := cassandra.Migrate(t.Context(), c)
		wantRefusal(t, err, "no CREATE permission")
	})
	for name, c := range map[string]struct {
		change func(*cassandra.Config)
		want   string
	}{
		"a wrong password":         {func(c *cassandra.Config) { c.Password = "s/cret hash" }, "password"},
		"no password":              {func(c *cassandra.Config) { c.Username, c.Password = "", "" }, "authentication required"},
		"another's authority":      {func(c *cassandra.Config) { c.TLS.CA = testca.New(t).File }, "authority"},
		"the system's authorities": {func(c *cassandra.Config) { c.TLS.CA = "" }, "authority"},
		"no client's certificate":  {func(c *cassandra.Config) { c.TLS.Cert, c.TLS.Key = "", "" }, "certificate"},
		"plain text":               {func(c *cassandra.Config) { c.TLS = cassandra.TLS{} }, "TLS"},
		"no such file":             {func(c *cassandra.Config) { c.TLS.CA = "no/ca.pem" }, "no/ca.pem"},
		"another's certificate":    {func(c *cassandra.Config) { c.Hosts = []string{elsewhere(t, c.Hosts[0])} }, "not 127.0.0.2"},
		"a server without TLS":     {func(c *cassandra.Config) { c.Hosts = config(t).Hosts }, "does not speak TLS"},
	} {
		config := worker
		c.change(&config)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := cassandra.Open(t.Context(), config)
			if err == nil {
				store.Close()
			}
			wantRefusal(t, err, c.want)
		})
	}
}

// migrateOnceBorn waits for the administrator, whom Cassandra makes a while after
// it opened its port.
func migrateOnceBorn(t *testing.T, admin cassandra.Config) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		_, err := cassandra.Migrate(t.Context(), admin)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "password") || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// wantRefusal wants one line that names the cluster and the cause, and no password.
func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "cassandra at ") || !strings.Contains(err.Error(), want) ||
		strings.Contains(err.Error(), "s/cret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line of %s", err, want)
	}
}

// works does what workers and people do, once each: it wants no more rights
// than a worker has.
func works(t *testing.T, c cassandra.Config) {
	store := open(t, c)
	defer store.Close()
	ctx, day := t.Context(), time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := store.AddTrack(ctx, schema.Track{ID: "waltz", Source: "file:///waltz.flac", AddedAt: day})
	must(err)
	embedding := make([]float32, schema.EmbeddingSize)
	embedding[0] = 1
	for _, version := range []string{"old", "new"} {
		must(store.SaveAnalysis(ctx, schema.Analysis{
			TrackID: "waltz", ModelVersion: version, AnalysedAt: day, DurationS: 60,
			Tempo: schema.Tempo{BPM: 120}, Embedding: embedding,
		}))
	}
	serving, err := store.Serving(ctx)
	must(err)
	_, err = store.Promote(ctx, "new", "ada", serving)
	must(err)
	must(store.AddLabel(ctx, schema.Label{TrackID: "waltz", At: day, Author: "ada", TempoBPM: 180}))
	must(store.DeleteAnalysis(ctx, "waltz", "old"))
	must(store.ForgetVersion(ctx, "old"))
	features, err := store.Features(ctx, "waltz")
	must(err)
	if features.TempoBPM != 180 {
		t.Errorf("the tempo is %v; want what the label says, 180", features.TempoBPM)
	}
}

// lockedCassandra is a Cassandra of the test's own that speaks TLS alone, and
// asks for a client's certificate and a password.
func lockedCassandra(t *testing.T, ca *testca.CA) (at string) {
	t.Helper()
	script, err := filepath.Abs("../../scripts/servers.sh")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	at = freePorts(t)
	_, port, _ := net.SplitHostPort(at)
	server := exec.CommandContext(t.Context(), script, "cassandra", folder, port, lockedSettings(t, ca, folder))
	server.Env = append(os.Environ(), "EARWORM_CASSANDRA_HEAP=512M")
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	server.Stdout, server.Stderr = &out, &out
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // it is killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if conn, err := net.Dial("tcp", at); err == nil { //nolint:noctx // at the port for a moment
			conn.Close()
			return at
		}
		select {
		case <-ended:
			t.Fatalf("cassandra ended:\n%s", &out)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("cassandra does not answer")
		}
	}
}

// freePorts is an address whose port, and the next, nobody listens at.
func freePorts(t *testing.T) string {
	t.Helper()
	for {
		first, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for a free port
		if err != nil {
			t.Fatal(err)
		}
		at := first.Addr().(*net.TCPAddr)
		next, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", at.Port+1)) //nolint:noctx // the same
		first.Close()
		if err == nil {
			next.Close()
			return at.String()
		}
	}
}

// lockedSettings is the file of settings that other tests' Cassandra has, with the doors shut.
func lockedSettings(t *testing.T, ca *testca.CA, folder string) string {
	t.Helper()
	settings := readFile(t, "../../scripts/cassandra/conf/cassandra.yaml")
	for open, shut := range map[string]string{
		"AllowAllAuthenticator": "PasswordAuthenticator",
		"AllowAllAuthorizer":    "CassandraAuthorizer",
	} {
		if !strings.Contains(settings, open) {
			t.Fatalf("cassandra.yaml has no %s", open)
		}
		settings = strings.Replace(settings, open, shut, 1)
	}
	cert, key := ca.Issue(t, "cassandra")
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cassandra.yaml", settings+`
client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: true
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: `+write("server.pem", readFile(t, key)+readFile(t, cert))+`
  truststore: `+ca.File+"\n")
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// command says to the cluster what only an administrator may, past the store.
func command(t *testing.T, c cassandra.Config, statements ...string) {
	t.Helper()
	cluster := gocql.NewCluster(c.Hosts...)
	cluster.Timeout, cluster.ConnectTimeout = time.Minute, time.Minute
	cluster.Authenticator = gocql.PasswordAuthenticator{Username: c.Username, Password: c.Password}
	cluster.SslOpts = &gocql.SslOptions{CaPath: c.TLS.CA, CertPath: c.TLS.Cert, KeyPath: c.TLS.Key, EnableHostVerification: true}
	session, err := cluster.CreateSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, statement := range statements {
		if err := session.Query(statement).ExecContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// elsewhere is another address at which the same server answers.
func elsewhere(t *testing.T, at string) string {
	t.Helper()
	front, err := net.Listen("tcp", "127.0.0.2:0") //nolint:noctx // for the test's length
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { front.Close() })
	go func() {
		for {
			client, err := front.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", at) //nolint:noctx // ended by either side
			if err != nil {
				client.Close()
				return
			}
			go func() {
				_, _ = io.Copy(server, client)
				server.Close()
			}()
			go func() {
				_, _ = io.Copy(client, server)
				client.Close()
			}()
		}
	}()
	return front.Addr().String()
}
