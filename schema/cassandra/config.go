package cassandra

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

// Config says which cluster to use, and how.
type Config struct {
	Hosts      []string // host or host:port; a few of the cluster suffice. 127.0.0.1:9042
	Keyspace   string   // earworm
	Datacenter string   // whose hosts are asked; empty: all are

	// Consistency of every read and write: LOCAL_QUORUM (the default), QUORUM
	// or ALL. With less, a label could be missing in the features.
	Consistency string

	// Replication is what Migrate makes the keyspace with. A number is a
	// SimpleStrategy's factor, for tests and single datacentres (the default is
	// 1); dc1:3,dc2:3 is a NetworkTopologyStrategy's, for production.
	Replication string

	Username, Password string
	TLS                TLS

	Timeout        time.Duration // of one request; 11 s, above the server's own
	ConnectTimeout time.Duration // 5 s
	DDLTimeout     time.Duration // of one statement of a migration; 60 s
	PageSize       int           // rows; 500
	Connections    int           // to each host; 2
	ScanRanges     int           // parts into which a scan of the catalogue is split; 64
	ScanParallel   int           // parts read at a time; 4
}

// TLS says how connections are encrypted.
type TLS struct {
	Enabled   bool
	CA        string // file of the authorities to trust, PEM; empty: the system's
	Cert, Key string // files of the client's certificate, PEM; empty: none
}

// WithDefaults returns a copy in which what was zero has its default.
func (c Config) WithDefaults() Config {
	if len(c.Hosts) == 0 {
		c.Hosts = []string{"127.0.0.1:9042"}
	}
	setDefault(&c.Keyspace, "earworm")
	setDefault(&c.Consistency, "LOCAL_QUORUM")
	setDefault(&c.Replication, "1")
	setDefault(&c.Timeout, 11*time.Second)
	setDefault(&c.ConnectTimeout, 5*time.Second)
	setDefault(&c.DDLTimeout, 60*time.Second)
	setDefault(&c.PageSize, 500)
	setDefault(&c.Connections, 2)
	setDefault(&c.ScanRanges, 64)
	setDefault(&c.ScanParallel, 4)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var validKeyspace = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// Validate names the first setting that cannot be used.
func (c Config) Validate() error {
	for _, h := range c.Hosts {
		if h == "" || strings.ContainsAny(h, " /@,") {
			return fmt.Errorf("cassandra host is %q; want host or host:port", h)
		}
	}
	if !validKeyspace.MatchString(c.Keyspace) {
		return fmt.Errorf("cassandra keyspace is %q; want small letters, digits and _, 48 at most", c.Keyspace)
	}
	if _, ok := consistencies[c.Consistency]; !ok {
		return fmt.Errorf("cassandra consistency is %q; want LOCAL_QUORUM, QUORUM or ALL", c.Consistency)
	}
	if _, err := c.replication(); err != nil {
		return err
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		return errors.New("cassandra tls has one of cert and key; want both or none")
	}
	if !c.TLS.Enabled && c.TLS != (TLS{}) {
		return errors.New("cassandra tls has files and is not enabled; want it enabled, or no files")
	}
	for name, d := range map[string]time.Duration{
		"timeout": c.Timeout, "connect timeout": c.ConnectTimeout, "ddl timeout": c.DDLTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("cassandra %s is %v; want more than 0", name, d)
		}
	}
	for name, n := range map[string]int{
		"page size": c.PageSize, "connections": c.Connections,
		"scan ranges": c.ScanRanges, "scan parallel": c.ScanParallel,
	} {
		if n < 1 {
			return fmt.Errorf("cassandra %s is %d; want 1 or more", name, n)
		}
	}
	return nil
}

// consistencies are those that may be chosen, each with the one that decides
// its lightweight transactions: within the datacentre or across all.
var consistencies = map[string]struct{ plain, serial gocql.Consistency }{
	"LOCAL_QUORUM": {gocql.LocalQuorum, gocql.LocalSerial},
	"QUORUM":       {gocql.Quorum, gocql.Serial},
	"ALL":          {gocql.All, gocql.Serial},
}

var validDatacenter = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// replication is Replication as CQL.
func (c Config) replication() (string, error) {
	bad := fmt.Errorf("cassandra replication is %q; want a number, or a number for each datacentre, as dc1:3,dc2:3", c.Replication)
	if n, err := strconv.Atoi(c.Replication); err == nil {
		if n < 1 {
			return "", bad
		}
		return fmt.Sprintf("{'class': 'SimpleStrategy', 'replication_factor': %d}", n), nil
	}
	factors := map[string]string{}
	for part := range strings.SplitSeq(c.Replication, ",") {
		dc, factor, _ := strings.Cut(strings.TrimSpace(part), ":")
		n, err := strconv.Atoi(factor)
		if err != nil || n < 1 || !validDatacenter.MatchString(dc) {
			return "", bad
		}
		factors[dc] = fmt.Sprintf(", '%s': %d", dc, n)
	}
	return "{'class': 'NetworkTopologyStrategy'" + strings.Join(slices.Sorted(maps.Values(factors)), "") + "}", nil
}
