package cassandra

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"sync"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// row scans one row of a result into dest.
type row func(dest ...any) error

// row is the one row that a statement selects, or gocql.ErrNotFound.
func (s *Store) row(ctx context.Context, statement string, values ...any) row {
	return func(dest ...any) error { return s.query(statement, values...).ScanContext(ctx, dest...) }
}

// tokenRange is a part of the ring, both ends included.
type tokenRange struct{ from, to int64 }

// tokenRanges splits the ring into n parts.
func tokenRanges(n int) []tokenRange {
	ranges := make([]tokenRange, n)
	from := int64(math.MinInt64)
	for i := range ranges {
		// The i-th end is (i+1)/n of the 2^64 tokens, minus one; reckoned
		// without overflow, and all of them for the last.
		to := int64(math.MaxInt64)
		if i < n-1 {
			to = math.MinInt64 + int64(math.MaxUint64/uint64(n)*uint64(i+1)-1)
		}
		ranges[i] = tokenRange{from, to}
		from = to + 1
	}
	return ranges
}

// walk gives all rows of a table that selection, without a WHERE, names. Some
// token ranges are read at a time, each page by page; what is read ahead of
// the caller is a few pages.
func walk[T any](ctx context.Context, s *Store, selection string, scan func(row) (T, error)) iter.Seq2[T, error] {
	var queries []*gocql.Query
	for _, r := range tokenRanges(s.config.ScanRanges) {
		queries = append(queries, s.query(selection+" WHERE token(track_id) >= ? AND token(track_id) <= ?", r.from, r.to))
	}
	return rows(ctx, s, queries, scan)
}

// rows gives the rows of all queries, in no order. It stops at the first error,
// which it gives last.
func rows[T any](ctx context.Context, s *Store, queries []*gocql.Query, scan func(row) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		todo := make(chan *gocql.Query, len(queries))
		for _, q := range queries {
			todo <- q
		}
		close(todo)
		read := make(chan T, s.config.PageSize)
		var readers sync.WaitGroup
		for range min(s.config.ScanParallel, len(queries)) {
			readers.Go(func() {
				for q := range todo {
					if err := readInto(ctx, q, scan, read); err != nil {
						cancel(err)
						return
					}
				}
			})
		}
		go func() {
			readers.Wait()
			close(read)
		}()
		for t := range read {
			if ctx.Err() == nil && !yield(t, nil) {
				cancel(nil)
				for range read { // until the readers have ended
				}
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			var none T
			yield(none, s.config.wrap("scan", err))
		}
	}
}

func readInto[T any](ctx context.Context, q *gocql.Query, scan func(row) (T, error), to chan<- T) error {
	iter := q.IterContext(ctx)
	scanner := iter.Scanner()
	for scanner.Next() {
		t, err := scan(scanner.Scan)
		if err != nil {
			_ = iter.Close() // which can say no more than err does
			return err
		}
		select {
		case to <- t:
		case <-ctx.Done():
			_ = iter.Close()
			return context.Cause(ctx)
		}
	}
	return scanner.Err()
}

// Parts is as schema.Scanner says: the token ranges that the ring is split into.
func (s *Store) Parts() int { return s.config.ScanRanges }

// Scan is as schema.Scanner says. A checkpoint is a track's token. The features
// of a page of tracks are those between its first and last token.
func (s *Store) Scan(ctx context.Context, part int, after string) iter.Seq2[schema.Entry, error] {
	return func(yield func(schema.Entry, error) bool) {
		after := after
		bounds := tokenRanges(s.Parts())[part]
		for {
			entries, err := s.entries(ctx, &after, bounds.from, bounds.to)
			if err != nil {
				yield(schema.Entry{}, s.config.wrap("scan", err))
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if len(entries) < s.config.PageSize {
				return
			}
		}
	}
}

// entries reads a page of tracks with their features, from after a checkpoint,
// which it moves on.
func (s *Store) entries(ctx context.Context, after *string, from, to int64) ([]schema.Entry, error) {
	above := ">="
	if *after != "" {
		token, err := strconv.ParseInt(*after, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("checkpoint is %q; want one of this scan's", *after)
		}
		above, from = ">", token
	}
	type met struct {
		schema.Track
		token int64
	}
	tracks, err := gather(ctx, s.query(fmt.Sprintf("SELECT token(track_id), "+trackColumns+
		" FROM tracks WHERE token(track_id) %s ? AND token(track_id) <= ? LIMIT %d", above, s.config.PageSize), from, to),
		func(r row) (m met, err error) {
			m.Track, err = scanTrack(func(dest ...any) error { return r(append([]any{&m.token}, dest...)...) })
			return m, err
		})
	if err != nil || len(tracks) == 0 {
		return nil, err
	}
	type placed struct {
		schema.Features
		apart schema.Apart
	}
	heard, err := gather(ctx, s.query("SELECT "+featureColumns+", apart_tempo, apart_meter FROM features WHERE token(track_id) >= ? AND token(track_id) <= ?",
		tracks[0].token, tracks[len(tracks)-1].token),
		func(r row) (p placed, err error) {
			p.Features, err = scanFeatures(func(dest ...any) error { return r(append(dest, &p.apart.Tempo, &p.apart.Meter)...) })
			return p, err
		})
	if err != nil {
		return nil, err
	}
	features := make(map[schema.TrackID]*placed, len(heard))
	for _, f := range heard {
		features[f.TrackID] = &f
	}
	entries := make([]schema.Entry, len(tracks))
	for i, t := range tracks {
		entries[i] = schema.Entry{Track: t.Track, Checkpoint: strconv.FormatInt(t.token, 10)}
		if f := features[t.ID]; f != nil {
			entries[i].Features, entries[i].Apart = &f.Features, f.apart
		}
	}
	*after = entries[len(entries)-1].Checkpoint
	return entries, nil
}
