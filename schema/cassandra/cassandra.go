// Package cassandra keeps the catalogue in Cassandra 5: the store of a fleet.
//
// What people and models say are rows of their own (labels, analyses). The
// features are made from them, and written by lightweight transactions, so
// that writers on different machines, whatever their clocks say, leave the
// features that follow from all that was said.
package cassandra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// Store is a schema.Store in a keyspace. It is safe for concurrent use.
//
// It connects again by itself. While no host answers, its methods fail at
// once, and a later try may succeed.
type Store struct {
	config   Config
	session  connection
	versions sync.Map // model versions that this process has listed
	spaces   sync.Map // by name, schema.Space
}

var _ schema.Store = (*Store)(nil)

// Open connects to a keyspace that Migrate has brought up to date: it returns
// ErrOlder, wrapped, where it is not, and ErrNewer where a newer earworm has.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := there(ctx, c); err != nil {
		return nil, c.wrap("", err)
	}
	session, err := connect(ctx, c, c.Keyspace, c.Timeout)
	if err != nil {
		return nil, c.wrap("", err)
	}
	missing, err := missingMigrations(ctx, session)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("it lacks %s: %w", missing[0].name, ErrOlder)
	}
	if err != nil {
		session.Close()
		return nil, c.wrap("open keyspace "+c.Keyspace, err)
	}
	return &Store{config: c, session: session}, nil
}

// there reports whether the keyspace was ever migrated. The driver cannot open
// a session of a keyspace that is not there, nor say so.
func there(ctx context.Context, c Config) error {
	session, err := connect(ctx, c, "", c.Timeout)
	if err != nil {
		return err
	}
	defer session.Close()
	var name string
	err = session.Query("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'schema_migrations'",
		c.Keyspace).ScanContext(ctx, &name)
	if errors.Is(err, gocql.ErrNotFound) {
		return fmt.Errorf("keyspace %s has no tables: %w", c.Keyspace, ErrOlder)
	}
	return err
}

// Ping reports whether the cluster answers.
func (s *Store) Ping(ctx context.Context) error {
	var name string
	err := s.session.Query("SELECT name FROM schema_migrations LIMIT 1").ScanContext(ctx, &name)
	return s.config.wrap("ping", err)
}

// Close ends all connections. The store must not be used afterwards.
func (s *Store) Close() error {
	s.session.Close()
	return nil
}

// query begins a prepared statement.
func (s *Store) query(statement string, values ...any) *gocql.Query {
	return s.session.Query(statement, values...)
}

// wrap says what was done to which track, when it went wrong.
func (s *Store) wrap(op string, id schema.TrackID, err error) error {
	if err == nil {
		return nil
	}
	return s.config.wrap(op+" "+string(id), err)
}

// found turns the driver's word for no row into the schema's.
func found(err error) error {
	if errors.Is(err, gocql.ErrNotFound) {
		return schema.ErrNotFound
	}
	return err
}

// cas runs a lightweight transaction, and again as long as nobody can say
// whether it was applied: the server cannot of some where many meet, or its
// answer was lost.
// It returns the row that stood in the way where it was not applied. Since one
// that was reported undecided may have been applied, callers must know their
// own row when they see it.
func cas(ctx context.Context, query func() *gocql.Query) (applied bool, row map[string]any, err error) {
	const tries, silences = 20, 3
	silent := 0
	for try := range tries {
		row = map[string]any{}
		applied, err = query().Idempotent(false).MapScanCASContext(ctx, row)
		if unanswered(err) {
			silent++
		}
		if !undecided(err) || silent == silences {
			return applied, row, err
		}
		pause := time.NewTimer(rand.N(time.Duration(try+1) * 50 * time.Millisecond)) // spreads writers, no secret
		select {
		case <-ctx.Done():
			pause.Stop()
			return false, nil, ctx.Err()
		case <-pause.C:
		}
	}
	return false, nil, fmt.Errorf("too many writers at a time: %w", err)
}

// undecided tells a lightweight transaction that may or may not have been
// applied. Its type is CAS where it was given up among others, SIMPLE where it
// was decided and the commit took too long; either way, asking again tells.
func undecided(err error) bool {
	_, write := errors.AsType[*gocql.RequestErrWriteTimeout](err)
	_, read := errors.AsType[*gocql.RequestErrReadTimeout](err) // of its condition
	_, unknown := errors.AsType[*gocql.RequestErrCASWriteUnknown](err)
	return write || read || unknown || unanswered(err)
}

// unanswered tells that a request was sent and its answer did not come, in time
// or at all: what the server made of it nobody knows.
func unanswered(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, gocql.ErrTimeoutNoResponse) || errors.Is(err, gocql.ErrConnectionClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
