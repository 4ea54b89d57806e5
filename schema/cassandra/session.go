package cassandra

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

// connection is a session whose driver is silent when it is over: what was still
// being connected then is no news.
type connection struct {
	*gocql.Session

	logger *logger
}

func (c connection) Close() {
	c.logger.open.Store(false)
	c.Session.Close()
}

// connect makes a session. Its errors say why no connection came about, which
// the driver's own do not.
func connect(ctx context.Context, c Config, keyspace string, timeout time.Duration) (connection, error) {
	dialer := &dialer{net: net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: 15 * time.Second}}
	logger := &logger{}
	cluster := gocql.NewCluster(c.Hosts...)
	if _, port, err := net.SplitHostPort(c.Hosts[0]); err == nil {
		// The hosts that are discovered later are asked at this port too.
		if cluster.Port, err = strconv.Atoi(port); err != nil {
			return connection{}, fmt.Errorf("port is %q; want a number", port)
		}
	}
	cluster.Keyspace = keyspace
	cluster.Dialer, cluster.Logger = dialer, logger
	cluster.Timeout, cluster.ConnectTimeout = timeout, c.ConnectTimeout
	cluster.NumConns, cluster.PageSize = c.Connections, c.PageSize
	cluster.Consistency = consistencies[c.Consistency].plain
	cluster.SerialConsistency = consistencies[c.Consistency].serial
	// Every plain write here is an upsert of a whole row, every other says so.
	cluster.DefaultIdempotence = true
	// The servers say when a row was written: with the clients' clocks, a worker
	// an hour ahead would have the last word for an hour.
	cluster.DefaultTimestamp = false
	// The driver would hold a request back for others to go with it: 0.2 ms as
	// asked, over a millisecond by a busy machine's timers, for each in a row.
	cluster.WriteCoalesceWaitTime = 0
	cluster.RetryPolicy = &gocql.ExponentialBackoffRetryPolicy{NumRetries: 3, Min: 50 * time.Millisecond, Max: time.Second}
	// A host that was killed and comes back is found within a second; with the
	// driver's defaults it took seven more.
	cluster.ReconnectInterval = time.Second
	cluster.ReconnectionPolicy = &gocql.ConstantReconnectionPolicy{MaxRetries: 1, Interval: 100 * time.Millisecond}
	cluster.Metadata.CacheMode = gocql.KeyspaceOnly // all that routing by token needs
	hosts := gocql.RoundRobinHostPolicy()
	if c.Datacenter != "" {
		hosts = gocql.DCAwareRoundRobinPolicy(c.Datacenter)
	}
	cluster.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(hosts)
	if c.Username != "" {
		cluster.Authenticator = gocql.PasswordAuthenticator{Username: c.Username, Password: c.Password}
	}
	if c.TLS.Enabled {
		cluster.SslOpts = &gocql.SslOptions{
			CaPath: c.TLS.CA, CertPath: c.TLS.Cert, KeyPath: c.TLS.Key, EnableHostVerification: true,
		}
	}

	type made struct {
		session *gocql.Session
		err     error
	}
	result := make(chan made, 1)
	go func() { // the driver heeds no context while it connects
		session, err := cluster.CreateSession()
		result <- made{session, err}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if late := <-result; late.err == nil {
				late.session.Close()
			}
		}()
		return connection{}, ctx.Err()
	case now := <-result:
		if now.err != nil && ctx.Err() != nil { // both at once: whoever gave up caused it
			return connection{}, ctx.Err()
		}
		if now.err != nil {
			return connection{}, dialer.reason(now.err)
		}
		logger.open.Store(true)
		return connection{now.session, logger}, nil
	}
}

// dialer remembers why the last connection did not come about.
type dialer struct {
	net  net.Dialer
	last atomic.Pointer[error]
}

func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, addr)
	if err != nil {
		d.last.Store(&err)
	}
	return conn, err
}

// reason is the plain cause where dialling failed, else err.
func (d *dialer) reason(err error) error {
	last := d.last.Load()
	if last == nil {
		return refusal(err)
	}
	if number, ok := errors.AsType[syscall.Errno](*last); ok {
		return number
	}
	if timeout, ok := errors.AsType[net.Error](*last); ok && timeout.Timeout() {
		return errors.New("no answer in time")
	}
	return *last
}

// refusal is what a host that was reached said, which the driver hands over as
// text, its own steps before it.
func refusal(err error) error {
	text := err.Error()
	for _, step := range []string{
		"gocql: ", "unable to create session: ", "unable to discover protocol version: ", "unable to connect to initial hosts: ", "connectionpool: ",
	} {
		text = strings.TrimPrefix(text, step)
	}
	for sign, plain := range map[string]string{
		"connection reset by peer":              "it ends the connection, as one does that wants TLS or a client's certificate",
		"EOF":                                   "it ends the connection, as one does that wants TLS or a client's certificate",
		"no response to connection startup":     "it does not answer, as one does that wants TLS or a client's certificate",
		"first record does not look like a TLS": "it does not speak TLS",
		"signed by unknown authority":           "its certificate is of an authority that is not trusted here",
	} {
		if strings.Contains(text, sign) {
			return errors.New(plain)
		}
	}
	return errors.New(text)
}

// logger hands the driver's log to slog. What it complains of while a session
// is being made is in the error that then comes back; what it repeats every
// second while a host is away is said once a minute.
type logger struct {
	open atomic.Bool
	said sync.Map // event -> time.Time it was last said
}

func (l *logger) Error(msg string, fields ...gocql.LogField) { l.log(slog.LevelWarn, msg, fields) }

func (l *logger) Warning(msg string, fields ...gocql.LogField) { l.log(slog.LevelWarn, msg, fields) }

func (l *logger) Info(msg string, fields ...gocql.LogField) { l.log(slog.LevelDebug, msg, fields) }

func (l *logger) Debug(msg string, fields ...gocql.LogField) { l.log(slog.LevelDebug, msg, fields) }

func (l *logger) log(level slog.Level, msg string, fields []gocql.LogField) {
	if level > slog.LevelDebug && !l.news(msg, time.Now()) {
		level = slog.LevelDebug
	}
	attrs := make([]slog.Attr, 0, len(fields))
	for _, f := range fields {
		attrs = append(attrs, slog.String(f.Name, f.Value.String()))
	}
	slog.LogAttrs(context.Background(), level, "cassandra driver", append(attrs, slog.String("event", strings.TrimSuffix(msg, ".")))...)
}

// news tells what is worth saying at a time.
func (l *logger) news(event string, now time.Time) bool {
	if !l.open.Load() {
		return false
	}
	last, said := l.said.Load(event)
	if said && now.Sub(last.(time.Time)) < time.Minute {
		return false
	}
	l.said.Store(event, now)
	return true
}

// where names the cluster in errors.
func (c Config) where() string { return "cassandra at " + strings.Join(c.Hosts, ",") }

func (c Config) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if op == "" {
		return fmt.Errorf("%s: %w", c.where(), err)
	}
	return fmt.Errorf("%s: %s: %w", c.where(), op, err)
}
