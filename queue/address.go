package queue

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// address is where Redis is, parsed.
type address struct {
	name    string // for messages: hosts and ports, never a password
	network string // "tcp" or "unix"
	options redis.UniversalOptions
}

// parseAddress reads the forms that Config.Redis lists. Its errors repeat
// nothing of the address, which may hold a password.
func parseAddress(s string) (address, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "redis", s
	}
	if scheme == "unix" || scheme == "redis-socket" {
		return parseSocket(rest)
	}
	port := "6379"
	switch scheme {
	case "redis", "rediss":
	case "redis-sentinel", "rediss-sentinel":
		port = "26379"
	default:
		return address{}, fmt.Errorf("redis address begins with %q; want redis, rediss, redis-sentinel, rediss-sentinel or unix", scheme)
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user := ""
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, authority = authority[:at+1], authority[at+1:]
	}
	hosts := strings.Split(authority, ",")
	for i, h := range hosts {
		hosts[i] = withPort(h, port)
	}
	// net/url takes one host, so the others are set aside.
	u, err := url.Parse(scheme + "://" + user + hosts[0] + tail)
	if err != nil || authority == "" {
		return address{}, errors.New("redis address cannot be read; want host:port or redis://user:password@host:port/db, with special characters percent-encoded")
	}
	return fromURL(u, hosts)
}

// fromURL reads user, database and options of u, for all hosts.
func fromURL(u *url.URL, hosts []string) (address, error) {
	q := u.Query()
	master, sentinelPassword := q.Get("master"), q.Get("sentinel_password")
	sameForSentinel := !q.Has("sentinel_password")
	plain, sentinel := strings.CutSuffix(u.Scheme, "-sentinel")
	if sentinel {
		if master == "" {
			return address{}, errors.New("redis address names no master; want redis-sentinel://host:port,host:port?master=name")
		}
		q.Del("master")
		q.Del("sentinel_password")
		u.Scheme, u.RawQuery = plain, q.Encode()
	}
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return address{}, fmt.Errorf("redis address: %s", strings.TrimPrefix(err.Error(), "redis: "))
	}
	if len(hosts) > 1 && !sentinel && o.DB != 0 {
		return address{}, fmt.Errorf("redis address names database %d; a cluster has only 0", o.DB)
	}
	a := address{name: strings.Join(hosts, ","), network: "tcp", options: universal(o)}
	a.options.Addrs = hosts
	if a.options.TLSConfig != nil {
		a.options.TLSConfig.ServerName = "" // each host answers by its own name
	}
	if sentinel {
		a.options.MasterName = master
		a.options.SentinelPassword = sentinelPassword
		if sameForSentinel {
			a.options.SentinelUsername, a.options.SentinelPassword = o.Username, o.Password
		}
	}
	return a, nil
}

func parseSocket(rest string) (address, error) {
	o, err := redis.ParseURL("unix://" + rest)
	if err != nil {
		return address{}, errors.New("redis address cannot be read; want unix:///path/to/socket?db=0")
	}
	a := address{name: o.Addr, network: "unix", options: universal(o)}
	a.options.Addrs = []string{o.Addr}
	return a, nil
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// universal carries over what an address can say.
func universal(o *redis.Options) redis.UniversalOptions {
	return redis.UniversalOptions{
		Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize: o.PoolSize, PoolTimeout: o.PoolTimeout, MaxRetries: o.MaxRetries,
		MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns,
		ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime,
	}
}

// client connects lazily: an address at which nothing answers is no error yet.
func (a address) client() redis.UniversalClient {
	o := a.options
	o.ContextTimeoutEnabled = true // else a context's end would not end a read
	if a.network == "unix" {
		o.Dialer = func(ctx context.Context, _, socket string) (net.Conn, error) {
			return (&net.Dialer{Timeout: redisTimeout}).DialContext(ctx, "unix", socket)
		}
	}
	return redis.NewUniversalClient(&o)
}

// cause is the part of a connection's error that is news: the address is said
// beside it already.
func cause(err error) error {
	var (
		op   *net.OpError
		sys  *os.SyscallError
		name *net.DNSError
	)
	if errors.As(err, &op) {
		err = op.Err
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("it ends the connection, as one does that wants TLS (rediss://…) or a client's certificate")
	case errors.As(err, new(tls.RecordHeaderError)):
		return errors.New("it does not speak TLS; want redis://… for plain text")
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return errors.New("its certificate is of an authority that is not trusted here")
	case errors.As(err, &sys):
		return sys.Err
	case errors.As(err, &name) && name.IsNotFound:
		return errors.New("no such host")
	case strings.Contains(err.Error(), "all sentinels"): // its causes are text only
		return errors.New("no sentinel answers")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	}
	return err
}
