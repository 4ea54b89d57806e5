package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"earworm/schema"
)

// CreateBatch is as schema.Batches says.
func (s *Store) CreateBatch(ctx context.Context, b schema.Batch) error {
	b.Revision = 1
	b.CreatedAt, b.UpdatedAt = milli(b.CreatedAt), milli(b.UpdatedAt)
	body, err := json.Marshal(b)
	if err == nil {
		err = unlessTaken(one(s.w.ExecContext(ctx, "INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?)",
			b.ID, b.CreatedAt.UnixMilli(), b.Revision, string(body))))
	}
	return s.wrap("create batch "+b.ID, err)
}

// unlessTaken says that a row which was not written stood as another has left it.
func unlessTaken(err error) error {
	if err == schema.ErrNotFound { //nolint:errorlint // as one gives it
		return schema.ErrConflict
	}
	return err
}

func milli(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func scanBatch(r row) (b schema.Batch, err error) {
	var body []byte
	if err := r.Scan(&body); err != nil {
		return b, found(err)
	}
	return b, json.Unmarshal(body, &b)
}

// Batch is as schema.Batches says.
func (s *Store) Batch(ctx context.Context, id string) (schema.Batch, error) {
	b, err := scanBatch(s.r.QueryRowContext(ctx, "SELECT batch FROM batches WHERE batch_id = ?", id))
	return b, s.wrap("read batch "+id, err)
}

// AllBatches is as schema.Batches says.
func (s *Store) AllBatches(ctx context.Context) ([]schema.Batch, error) {
	batches, err := all(ctx, s.r, scanBatch, "SELECT batch FROM batches ORDER BY created_at DESC, batch_id")
	return batches, s.wrap("list batches", err)
}

// SaveBatch is as schema.Batches says.
func (s *Store) SaveBatch(ctx context.Context, b schema.Batch) (schema.Batch, error) {
	next := b
	next.Revision++
	next.UpdatedAt = milli(time.Now())
	next.Lease.Until = milli(next.Lease.Until)
	body, err := json.Marshal(next)
	if err == nil {
		err = unlessTaken(one(s.w.ExecContext(ctx, "UPDATE batches SET revision = ?, batch = ? WHERE batch_id = ? AND revision = ?",
			next.Revision, string(body), b.ID, b.Revision)))
	}
	if err != nil {
		return b, s.wrap("save batch "+b.ID, err)
	}
	return next, nil
}

// SaveOutcome is as schema.Batches says.
func (s *Store) SaveOutcome(ctx context.Context, batchID string, part int, id schema.TrackID, code schema.Code) error {
	_, err := s.w.ExecContext(ctx, "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)", batchID, part, id, code)
	return s.wrap(fmt.Sprintf("save outcome of track %s in batch %s", id, batchID), err)
}

// Outcomes is as schema.Batches says.
func (s *Store) Outcomes(ctx context.Context, batchID string, part int) iter.Seq2[schema.Outcome, error] {
	return pages(ctx, s, "SELECT track_id, code FROM outcomes WHERE batch_id = ? AND part = ?", []any{batchID, part}, "",
		func(r row) (o schema.Outcome, err error) { return o, r.Scan(&o.TrackID, &o.Code) },
		func(o schema.Outcome) schema.TrackID { return o.TrackID })
}

// CountOutcomes is as schema.Batches says.
func (s *Store) CountOutcomes(ctx context.Context, batchID string, part int) (schema.BatchCounts, error) {
	type some struct {
		code schema.Code
		n    int
	}
	counts := schema.BatchCounts{Failures: map[schema.Code]int{}}
	groups, err := all(ctx, s.r, func(r row) (g some, err error) { return g, r.Scan(&g.code, &g.n) },
		"SELECT code, count(*) FROM outcomes WHERE batch_id = ? AND part = ? GROUP BY code", batchID, part)
	for _, g := range groups {
		if g.code == "" {
			counts.Done += g.n
			continue
		}
		counts.Failed += g.n
		counts.Failures[g.code] += g.n
	}
	return counts, s.wrap("count outcomes of batch "+batchID, err)
}

// Parts is as schema.Scanner says.
func (s *Store) Parts() int { return 1 }

// Scan is as schema.Scanner says; a checkpoint is the identifier of the last track.
func (s *Store) Scan(ctx context.Context, _ int, after string) iter.Seq2[schema.Entry, error] {
	return pages(ctx, s, "SELECT "+entryColumns+entryTables+" WHERE true", nil, schema.TrackID(after), scanEntry,
		func(e schema.Entry) schema.TrackID { return e.ID })
}
