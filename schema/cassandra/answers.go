package cassandra

import (
	"context"
	"errors"
	"time"

	"github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// ClaimAnswer is as schema.Answers says.
func (s *Store) ClaimAnswer(ctx context.Context, key, request string, _ time.Time) (a schema.Answer, claimed bool, err error) {
	for {
		claimed, _, err = cas(ctx, func() *gocql.Query {
			return s.query("INSERT INTO answers (key, request, status) VALUES (?, ?, 0) IF NOT EXISTS USING TTL ?",
				key, request, int(schema.ClaimKept.Seconds()))
		})
		if claimed || err != nil {
			break
		}
		err = found(s.query("SELECT request, status, kind, body FROM answers WHERE key = ?", key).
			ScanContext(ctx, &a.Request, &a.Status, &a.Kind, &a.Body))
		if !errors.Is(err, schema.ErrNotFound) { // else it has just ended
			break
		}
	}
	return a, claimed, s.config.wrap("claim an answer", err)
}

// SaveAnswer is as schema.Answers says. It is a transaction as claims are: a
// plain write would be ordered among them by another clock.
func (s *Store) SaveAnswer(ctx context.Context, key string, a schema.Answer, _ time.Time) error {
	_, _, err := cas(ctx, func() *gocql.Query {
		return s.query("UPDATE answers USING TTL ? SET request = ?, status = ?, kind = ?, body = ? WHERE key = ? IF request IN (?, null)",
			int(schema.AnswersKept.Seconds()), a.Request, a.Status, a.Kind, a.Body, key, a.Request)
	})
	return s.config.wrap("save an answer", err)
}

// DropAnswer is as schema.Answers says.
func (s *Store) DropAnswer(ctx context.Context, key string) error {
	_, _, err := cas(ctx, func() *gocql.Query { return s.query("DELETE FROM answers WHERE key = ? IF EXISTS", key) })
	return s.config.wrap("drop an answer", err)
}
