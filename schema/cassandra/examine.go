package cassandra

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

// Node is a server of the cluster, as Examine finds it.
type Node struct {
	Address  string
	Version  string // such as 5.0.9
	Memtable string // class of its default memtable; empty: the server's own choice
}

// Examine asks each node that can be reached what it is, and whether the
// keyspace is as this earworm wants it: ErrOlder or ErrNewer, wrapped, where
// not, beside the nodes. It changes nothing.
func Examine(ctx context.Context, c Config) ([]Node, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	session, err := connect(ctx, c, "", c.Timeout)
	if err != nil {
		return nil, c.wrap("", err)
	}
	defer session.Close()
	var nodes []Node
	for _, host := range session.GetHosts() {
		n := Node{Address: host.ConnectAddressAndPort()}
		if err := n.ask(ctx, session, host.HostID()); err != nil {
			return nodes, c.wrap("ask "+n.Address, err)
		}
		nodes = append(nodes, n)
	}
	opened, err := Open(ctx, c)
	if err != nil {
		return nodes, err
	}
	return nodes, errors.Join(opened.Ping(ctx), opened.Close())
}

func (n *Node) ask(ctx context.Context, session connection, host string) error {
	if err := session.Query("SELECT release_version FROM system.local").SetHostID(host).ScanContext(ctx, &n.Version); err != nil {
		return err
	}
	var configurations string
	err := session.Query("SELECT value FROM system_views.settings WHERE name = 'memtable.configurations'").
		SetHostID(host).ScanContext(ctx, &configurations)
	if errors.Is(err, gocql.ErrNotFound) { // before Cassandra 5
		return nil
	}
	n.Memtable = defaultMemtable(configurations)
	return err
}

// defaultMemtable reads what a server prints of its memtable configurations,
// "{default=trie+, trie=TrieMemtable}": a name with + inherits from another.
func defaultMemtable(configurations string) string {
	named := map[string]string{}
	for pair := range strings.SplitSeq(strings.Trim(configurations, "{}"), ",") {
		name, class, _ := strings.Cut(strings.TrimSpace(pair), "=")
		named[name] = class
	}
	class := named["default"]
	for range named { // as many steps as there are names, lest it goes round in circles
		inherited, is := strings.CutSuffix(class, "+")
		if !is {
			break
		}
		class = named[inherited]
	}
	return strings.TrimSuffix(class, "+")
}

// ErrMemtable says what keeps vectors from being written safely.
var ErrMemtable = errors.New("the default memtable is not TrieMemtable: concurrent writes into a vector index fail on servers up to 5.0.9 (CASSANDRA-21644)")

// Fit tells what is wrong with a node for earworm: ErrMemtable, or a version
// without vectors.
func (n Node) Fit() error {
	major, _, _ := strings.Cut(n.Version, ".")
	if len(major) == 1 && major < "5" {
		return fmt.Errorf("%s is Cassandra %s; want 5 or newer, which has vectors", n.Address, n.Version)
	}
	if !strings.Contains(n.Memtable, "TrieMemtable") {
		return fmt.Errorf("%s: %w", n.Address, ErrMemtable)
	}
	return nil
}
