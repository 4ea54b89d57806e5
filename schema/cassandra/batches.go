package cassandra

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// CreateBatch is as schema.Batches says.
func (s *Store) CreateBatch(ctx context.Context, b schema.Batch) error {
	b.Revision = 1
	b.CreatedAt, b.UpdatedAt = milli(b.CreatedAt), milli(b.UpdatedAt)
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	by := gocql.MustRandomUUID()
	applied, there, err := cas(ctx, func() *gocql.Query {
		return s.query("INSERT INTO reprocessings (batch_id, revision, body, created_by) VALUES (?, 1, ?, ?) IF NOT EXISTS",
			b.ID, string(body), by)
	})
	if err == nil && !applied && there["created_by"] != by {
		err = schema.ErrConflict
	}
	return s.config.wrap("create batch "+b.ID, err)
}

func milli(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func scanBatch(r row) (b schema.Batch, err error) {
	var body []byte
	if err := r(&body); err != nil {
		return b, found(err)
	}
	return b, json.Unmarshal(body, &b)
}

// Batch is as schema.Batches says.
func (s *Store) Batch(ctx context.Context, id string) (schema.Batch, error) {
	b, err := scanBatch(s.row(ctx, "SELECT body FROM reprocessings WHERE batch_id = ?", id))
	return b, s.config.wrap("read batch "+id, err)
}

// AllBatches is as schema.Batches says.
func (s *Store) AllBatches(ctx context.Context) ([]schema.Batch, error) {
	batches, err := gather(ctx, s.query("SELECT body FROM reprocessings"), scanBatch)
	slices.SortFunc(batches, func(a, b schema.Batch) int {
		if later := b.CreatedAt.Compare(a.CreatedAt); later != 0 {
			return later
		}
		return strings.Compare(a.ID, b.ID)
	})
	return batches, s.config.wrap("list batches", err)
}

// SaveBatch is as schema.Batches says.
func (s *Store) SaveBatch(ctx context.Context, b schema.Batch) (schema.Batch, error) {
	next := b
	next.Revision++
	next.UpdatedAt = milli(time.Now())
	next.Lease.Until = milli(next.Lease.Until)
	body, err := json.Marshal(next)
	if err == nil {
		err = s.saveBatch(ctx, b, string(body))
	}
	if err != nil {
		return b, s.config.wrap("save batch "+b.ID, err)
	}
	return next, nil
}

func (s *Store) saveBatch(ctx context.Context, b schema.Batch, next string) error {
	applied, there, err := cas(ctx, func() *gocql.Query {
		return s.query("UPDATE reprocessings SET revision = ?, body = ? WHERE batch_id = ? IF revision = ?",
			b.Revision+1, next, b.ID, b.Revision)
	})
	if err != nil || applied {
		return err
	}
	if there["revision"] == b.Revision+1 { // it may be ours, by a call whose answer was lost
		var stands string
		if err := s.query("SELECT body FROM reprocessings WHERE batch_id = ?", b.ID).ScanContext(ctx, &stands); err != nil {
			return found(err)
		}
		if stands == next {
			return nil
		}
	}
	return schema.ErrConflict
}

// SaveOutcome is as schema.Batches says.
func (s *Store) SaveOutcome(ctx context.Context, batchID string, part int, id schema.TrackID, code schema.Code) error {
	err := s.query("INSERT INTO outcomes (batch_id, part, track_id, code) VALUES (?, ?, ?, ?)", batchID, part, id, code).ExecContext(ctx)
	return s.wrap("save outcome in batch "+batchID+" of track", id, err)
}

// Outcomes is as schema.Batches says.
func (s *Store) Outcomes(ctx context.Context, batchID string, part int) iter.Seq2[schema.Outcome, error] {
	query := s.query("SELECT track_id, code FROM outcomes WHERE batch_id = ? AND part = ?", batchID, part)
	return rows(ctx, s, []*gocql.Query{query}, func(r row) (o schema.Outcome, err error) { return o, r(&o.TrackID, &o.Code) })
}

// CountOutcomes is as schema.Batches says. It reads the part's outcomes.
func (s *Store) CountOutcomes(ctx context.Context, batchID string, part int) (schema.BatchCounts, error) {
	counts := schema.BatchCounts{Failures: map[schema.Code]int{}}
	for o, err := range s.Outcomes(ctx, batchID, part) {
		switch {
		case err != nil:
			return schema.BatchCounts{}, err
		case o.Code == "":
			counts.Done++
		default:
			counts.Failed++
			counts.Failures[o.Code]++
		}
	}
	return counts, nil
}
