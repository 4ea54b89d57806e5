// Package sqlite keeps the catalogue in one SQLite file: the store of a single
// machine, which needs no server.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	driver "modernc.org/sqlite" // the one named "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"earworm/schema"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a schema.Store in a file. It is safe for concurrent use, and several
// processes may have the file open.
type Store struct {
	path   string
	atMost int // tracks that are few, to a listing
	// SQLite has one writer at a time. Writes of this process queue for the
	// one connection of w, so that only those of other processes are met by
	// SQLite's lock; r reads beside them.
	w, r *sql.DB
}

var _ schema.Store = (*Store)(nil)

// Open opens the store at path, and makes it, with its folder, where there is
// none. It refuses a file that a newer earworm has written.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path, atMost: atMost}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(s.wrap("open", err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	abs, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return err
	}
	// The driver hands the part after file: to SQLite, which unescapes it. A
	// full disk or a crash may cost the last writes in this mode, never the file.
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath() +
		"?_pragma=busy_timeout(30000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=foreign_keys(on)"
	if s.w, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return err
	}
	s.w.SetMaxOpenConns(1)
	if s.r, err = sql.Open("sqlite", dsn+"&_pragma=query_only(on)"); err != nil {
		return err
	}
	// Readers wait for one another beyond these: SQLite keeps the file of every
	// connection that is closed open for as long as the writer's lock stands.
	s.r.SetMaxOpenConns(readers)
	s.r.SetMaxIdleConns(readers)
	return s.migrate(ctx)
}

// readers is how many reads go on at once. None may wait for another.
const readers = 16

// migrate brings the file up to date: user_version counts the migrations that
// it has seen.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // in order: their names begin with their number
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(files) {
			return newer(version, len(files))
		}
		for _, file := range files[version:] {
			statements, err := migrations.ReadFile(file)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(files)))
		return err
	})
}

// Ping reports whether the file can be read.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	return s.wrap("ping", s.r.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
}

// Close closes the file. The store must not be used afterwards.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.r, s.w} { // the writer last: it folds the log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return s.wrap("close", errors.Join(errs...))
}

// tx runs do in a transaction that holds the write lock from its start.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // which can say no more than err does
		return err
	}
	return tx.Commit()
}

// wrap says what was done, and to which file, when it went wrong.
func (s *Store) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if full, ok := errors.AsType[*driver.Error](err); ok && full.Code()&0xff == sqlite3.SQLITE_FULL {
		err = fmt.Errorf("%w (%w)", syscall.ENOSPC, err) // as any other disk that is full
	}
	return fmt.Errorf("store %q: %s: %w", s.path, op, err)
}

// found turns the driver's word for no row into the schema's.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return schema.ErrNotFound
	}
	return err
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(dest ...any) error }

// fromMilli reads a time as it is kept.
func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
