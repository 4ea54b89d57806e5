package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"earworm/schema"
)

// ClaimAnswer is as schema.Answers says.
func (s *Store) ClaimAnswer(ctx context.Context, key, request string, now time.Time) (a schema.Answer, claimed bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE until <= ?", now.UnixMilli()); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, "SELECT request, status, kind, body FROM answers WHERE key = ?", key).
			Scan(&a.Request, &a.Status, &a.Kind, &a.Body)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		claimed = true
		_, err = tx.ExecContext(ctx, "INSERT INTO answers VALUES (?, ?, 0, '', x'', ?)", key, request, now.Add(schema.ClaimKept).UnixMilli())
		return err
	})
	return a, claimed, s.wrap("claim an answer", err)
}

// SaveAnswer is as schema.Answers says.
func (s *Store) SaveAnswer(ctx context.Context, key string, a schema.Answer, now time.Time) error {
	if a.Body == nil {
		a.Body = []byte{}
	}
	_, err := s.w.ExecContext(ctx, "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
		key, a.Request, a.Status, a.Kind, a.Body, now.Add(schema.AnswersKept).UnixMilli())
	return s.wrap("save an answer", err)
}

// DropAnswer is as schema.Answers says.
func (s *Store) DropAnswer(ctx context.Context, key string) error {
	_, err := s.w.ExecContext(ctx, "DELETE FROM answers WHERE key = ?", key)
	return s.wrap("drop an answer", err)
}
