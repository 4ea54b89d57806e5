//go:build servers

package queue

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"earworm/testca"
)

// lockedRedis is a Redis of the test's own that speaks TLS alone and asks for a
// password: that of everybody is "hush", that of the user me is "s/cret".
func lockedRedis(t *testing.T, ca *testca.CA, args ...string) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for a free port
	if err != nil {
		t.Fatal(err)
	}
	at = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(at)
	cert, key := ca.Issue(t, "redis")
	server := exec.CommandContext(t.Context(), "redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", "0", "--tls-port", port, "--dir", t.TempDir(), "--save", "",
		"--tls-ca-cert-file", ca.File, "--tls-cert-file", cert, "--tls-key-file", key,
		"--requirepass", "hush", "--user", "me", "on", ">s/cret", "~*", "&*", "+@all",
	}, args...)...)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // it was killed
	})
	lines := bufio.NewScanner(out)
	var log strings.Builder
	for !strings.Contains(log.String(), "Ready to accept connections") {
		if !lines.Scan() {
			t.Fatalf("redis-server ended:\n%s", &log)
		}
		log.WriteString(lines.Text() + "\n")
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // until its end
	return at
}

func TestRedisBehindTLSAndPassword(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	at := lockedRedis(t, ca, "--tls-auth-clients", "no")
	for name, address := range map[string]string{
		"a user's password":    "rediss://me:s%2Fcret@" + at + "/3",
		"everybody's password": "rediss://:hush@" + at + "/4",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runsAJob(t, Config{Redis: address, TLS: TLS{CA: ca.File}})
		})
	}
	t.Run("a client's certificate", func(t *testing.T) {
		t.Parallel()
		at := lockedRedis(t, ca, "--tls-auth-clients", "yes")
		cert, key := ca.Issue(t, "worker")
		runsAJob(t, Config{Redis: "rediss://:hush@" + at, TLS: TLS{CA: ca.File, Cert: cert, Key: key}})
		refused(t, at, Config{Redis: "rediss://:hush@" + at, TLS: TLS{CA: ca.File}}, "certificate")
	})
}

func TestRedisBehindTLSRefuses(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	at := lockedRedis(t, ca, "--tls-auth-clients", "no")
	known := TLS{CA: ca.File}
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"a wrong password":    {Config{Redis: "rediss://me:secret@" + at, TLS: known}, "WRONGPASS"},
		"no password":         {Config{Redis: "rediss://" + at, TLS: known}, "NOAUTH"},
		"another's authority": {Config{Redis: "rediss://me:s%2Fcret@" + at, TLS: TLS{CA: testca.New(t).File}}, "authority that is not trusted"},
		"the system's":        {Config{Redis: "rediss://me:s%2Fcret@" + at}, "authority that is not trusted"},
		"plain text":          {Config{Redis: "redis://me:s%2Fcret@" + at}, "TLS (rediss://…)"},
		"the server's name":   {Config{Redis: "rediss://me:s%2Fcret@" + strings.Replace(at, "127.0.0.1", "localhost", 1), TLS: known}, "localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, at, c.config, c.want)
		})
	}
}

// runsAJob hands a job in and has it done.
func runsAJob(t *testing.T, c Config) {
	t.Helper()
	c.PollInterval, c.Log = 10*time.Millisecond, slog.New(slog.DiscardHandler)
	q, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if err := q.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan Delivery, 1)
	stop := start(t, q, func(_ context.Context, d Delivery) error {
		got <- d
		return nil
	})
	defer stop()
	enqueue(t, q, job("encrypted"))
	if d := next(t, got); d.TrackID != "encrypted" {
		t.Errorf("delivered %+v", d)
	}
}

// refused wants one line that names the server and the cause, and no password,
// of whatever is asked.
func refused(t *testing.T, at string, c Config, want string) {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	q, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	_, enqueued := q.Enqueue(t.Context(), job("a"))
	_, port, _ := net.SplitHostPort(at)
	for op, err := range map[string]error{"ping": q.Ping(t.Context()), "enqueue": enqueued} {
		if err == nil || !strings.Contains(err.Error(), "redis at ") || !strings.Contains(err.Error(), port) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line of %s", op, err, want)
		}
	}
}
