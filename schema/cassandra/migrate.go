package cassandra

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

//go:embed migrations/*.cql
var files embed.FS

// migration is one numbered file.
type migration struct {
	name       string // 0001_catalogue.cql
	sha256     string // of the file, hexadecimal
	statements []string
}

// migrations are the embedded files in order.
func migrations() ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.cql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{path.Base(name), hex.EncodeToString(sum[:]), split(string(text))})
	}
	return all, nil
}

// split cuts a file into its statements. Comments run from -- to the end of a
// line; a semicolon ends a statement. Neither may be inside a literal.
func split(text string) (statements []string) {
	var code strings.Builder
	for line := range strings.Lines(text) {
		before, _, _ := strings.Cut(line, "--")
		code.WriteString(strings.TrimRight(before, " \n") + "\n")
	}
	for statement := range strings.SplitSeq(code.String(), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

// ErrNewer is returned, wrapped, where a newer earworm has migrated the keyspace.
var ErrNewer = errors.New("the keyspace is newer than this earworm; use a newer earworm")

// ErrOlder is returned, wrapped, by Open where migrations have not been applied.
var ErrOlder = errors.New("the keyspace is older than this earworm; run earworm migrate")

// Migrate makes the keyspace where there is none, and brings its tables up to
// date. It says which files it applied. Several may run at once: one does the
// work and the others wait for it.
func Migrate(ctx context.Context, c Config) (applied []string, err error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	session, err := connect(ctx, c, "", c.DDLTimeout)
	if err != nil {
		return nil, c.wrap("", err)
	}
	defer session.Close()
	if err := makeKeyspace(ctx, session, c); err != nil {
		return nil, c.wrap("make keyspace "+c.Keyspace, err)
	}
	session.Close()

	// A session of the keyspace, so that the files need not name it.
	session, err = connect(ctx, c, c.Keyspace, c.DDLTimeout)
	if err != nil {
		return nil, c.wrap("", err)
	}
	defer session.Close()
	m := migrator{config: c, session: session, holder: gocql.MustRandomUUID()}
	applied, err = m.run(ctx)
	return applied, c.wrap("migrate keyspace "+c.Keyspace, err)
}

// makeKeyspace makes the keyspace and the two tables that migrating itself needs.
func makeKeyspace(ctx context.Context, session connection, c Config) error {
	replication, err := c.replication()
	if err != nil {
		return err
	}
	for _, statement := range []string{
		fmt.Sprintf("CREATE KEYSPACE IF NOT EXISTS %s WITH replication = %s", c.Keyspace, replication),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.schema_migrations (name text PRIMARY KEY, sha256 text, applied_at timestamp) WITH id = %s",
			c.Keyspace, tableID(c.Keyspace, "schema_migrations")),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.schema_lock (name text PRIMARY KEY, holder uuid) WITH id = %s",
			c.Keyspace, tableID(c.Keyspace, "schema_lock")),
	} {
		if err := session.Query(statement).ExecContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tableID is the same for whoever makes the table. Two workers that make one at
// the same moment, through different hosts, would otherwise give it two.
func tableID(keyspace, table string) gocql.UUID {
	sum := sha256.Sum256([]byte(keyspace + "." + table))
	var id gocql.UUID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80 // version 8: of our own making
	id[8] = id[8]&0x3f | 0x80
	return id
}

type migrator struct {
	config  Config
	session connection
	holder  gocql.UUID
}

// run applies what is missing. It looks before it takes the lock, so that
// there is none to wait for when nothing is to be done, and again under it.
func (m migrator) run(ctx context.Context) (applied []string, err error) {
	missing, err := missingMigrations(ctx, m.session)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.unlock(context.WithoutCancel(ctx))) }()
	missing, err = missingMigrations(ctx, m.session)
	if err != nil {
		return nil, err
	}
	for _, file := range missing {
		if err := m.apply(ctx, file); err != nil {
			return applied, fmt.Errorf("%s: %w", file.name, err)
		}
		applied = append(applied, file.name)
	}
	return applied, nil
}

func (m migrator) apply(ctx context.Context, file migration) error {
	for _, statement := range file.statements {
		if err := m.renew(ctx); err != nil {
			return err
		}
		// The driver waits until all hosts agree on the schema.
		if err := m.session.Query(statement).ExecContext(ctx); err != nil {
			return err
		}
	}
	if fill := fills[file.name]; fill != nil {
		s := &Store{config: m.config, session: m.session}
		if err := m.renewed(ctx, func(ctx context.Context) error { return fill(s, ctx) }); err != nil {
			return err
		}
	}
	return m.session.Query("INSERT INTO schema_migrations (name, sha256, applied_at) VALUES (?, ?, ?)",
		file.name, file.sha256, time.Now()).ExecContext(ctx)
}

// missingMigrations are those that the keyspace has not seen. It refuses a keyspace that
// has seen others, or another text of the same ones.
func missingMigrations(ctx context.Context, session connection) ([]migration, error) {
	known, err := migrations()
	if err != nil {
		return nil, err
	}
	seen := map[string]string{}
	var name, sum string
	rows := session.Query("SELECT name, sha256 FROM schema_migrations").IterContext(ctx)
	for rows.Scan(&name, &sum) {
		seen[name] = sum
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	var missing []migration
	for _, m := range known {
		sum, is := seen[m.name]
		delete(seen, m.name)
		switch {
		case !is:
			missing = append(missing, m)
		case sum != m.sha256:
			return nil, fmt.Errorf("%s was applied with another text; a migration never changes, add one", m.name)
		}
	}
	for name := range seen {
		return nil, fmt.Errorf("it has seen %s: %w", name, ErrNewer)
	}
	return missing, nil
}

// lockTTL, in seconds, is how long a dead migrator keeps others waiting. It is
// renewed before each statement, which takes less.
const lockTTL = 180

// lock waits until this migrator is the only one.
func (m migrator) lock(ctx context.Context) error {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		ours, row, err := cas(ctx, func() *gocql.Query {
			return m.session.Query("INSERT INTO schema_lock (name, holder) VALUES ('migrate', ?) IF NOT EXISTS USING TTL ?",
				m.holder, lockTTL)
		})
		if err != nil || ours || row["holder"] == m.holder {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another migration is running: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (m migrator) renew(ctx context.Context) error {
	ours, _, err := cas(ctx, func() *gocql.Query {
		return m.session.Query("UPDATE schema_lock USING TTL ? SET holder = ? WHERE name = 'migrate' IF holder = ?",
			lockTTL, m.holder, m.holder)
	})
	if err == nil && !ours {
		err = errors.New("it took so long that another migration began")
	}
	return err
}

func (m migrator) unlock(ctx context.Context) error {
	_, _, err := cas(ctx, func() *gocql.Query {
		return m.session.Query("DELETE FROM schema_lock WHERE name = 'migrate' IF holder = ?", m.holder)
	})
	return err
}
