package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"earworm/schema"
)

// Spaces is as schema.Vectors says.
func (s *Store) Spaces(ctx context.Context) ([]schema.Space, error) {
	spaces, err := all(ctx, s.r, scanSpace, "SELECT space, length, model FROM spaces ORDER BY space")
	return spaces, s.wrap("list spaces", err)
}

func scanSpace(r row) (p schema.Space, err error) {
	return p, found(r.Scan(&p.Name, &p.Length, &p.Model))
}

func readSpace(ctx context.Context, db querier, name string) (schema.Space, error) {
	return scanSpace(db.QueryRowContext(ctx, "SELECT space, length, model FROM spaces WHERE space = ?", name))
}

// keepSpace makes a space with its first vector.
func keepSpace(ctx context.Context, tx *sql.Tx, name string, length int, model bool) error {
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO spaces VALUES (?, ?, ?)", name, length, model)
	return err
}

// PutVector is as schema.Vectors says.
func (s *Store) PutVector(ctx context.Context, id schema.TrackID, space string, v []float32) error {
	err := schema.CheckVector(v)
	if err == nil {
		err = s.tx(ctx, func(tx *sql.Tx) error { return putVector(ctx, tx, id, space, v) })
	}
	return s.wrap(fmt.Sprintf("put vector of track %s in space %s", id, space), err)
}

func putVector(ctx context.Context, tx *sql.Tx, id schema.TrackID, space string, v []float32) error {
	if err := one(tx.ExecContext(ctx, `INSERT OR REPLACE INTO vectors SELECT track_id, ?, ? FROM tracks WHERE track_id = ?`,
		space, encodeVector(v), id)); err != nil {
		return err
	}
	if err := keepSpace(ctx, tx, space, len(v), false); err != nil {
		return err
	}
	there, err := readSpace(ctx, tx, space)
	if err != nil {
		return err
	}
	if there.Model {
		return fmt.Errorf("space %s is a model version's: %w", space, schema.ErrConflict)
	}
	return there.Fits(v)
}

// TrackVector is as schema.Vectors says.
func (s *Store) TrackVector(ctx context.Context, id schema.TrackID, space string) ([]float32, error) {
	var raw []byte
	err := s.r.QueryRowContext(ctx, "SELECT value FROM vectors WHERE track_id = ? AND space = ?", id, space).Scan(&raw)
	return decodeVector(raw), s.wrap(fmt.Sprintf("read vector of track %s in space %s", id, space), found(err))
}

// Nearest is as schema.Vectors says. The search is exact: it reads every vector
// of the space that passes the filter.
func (s *Store) Nearest(ctx context.Context, q schema.Near) ([]schema.Neighbour, error) {
	near, err := s.nearest(ctx, q)
	return near, s.wrap("search space "+q.Space, err)
}

func (s *Store) nearest(ctx context.Context, q schema.Near) ([]schema.Neighbour, error) {
	space, err := readSpace(ctx, s.r, q.Space)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(q.Check(), space.Fits(q.Vector)); err != nil {
		return nil, err
	}
	query, args := "SELECT v.track_id, v.value FROM vectors v WHERE v.space = ?", []any{q.Space}
	if c := nearConditions(q); c.text != "" {
		query = "SELECT v.track_id, v.value FROM vectors v JOIN features f USING (track_id) WHERE v.space = ?" + c.text
		args = append(args, c.args...)
	}
	rows, err := s.r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	top := schema.NewNearest(q.Limit)
	angle := schema.CosineTo(q.Vector)
	var raw sql.RawBytes
	var id schema.TrackID
	v := make([]float32, 0, space.Length)
	for rows.Next() {
		if err := rows.Scan(&id, &raw); err != nil {
			return nil, err
		}
		v = appendVector(v[:0], raw)
		top.Add(schema.Neighbour{TrackID: id, Similarity: angle(v)})
	}
	return top.Ranked(), rows.Err()
}

func nearConditions(q schema.Near) (c conditions) {
	c.features(q.Filter, "model_version")
	var bounds, names []any
	for _, r := range q.Tempi {
		bounds = append(bounds, r[0], r[1])
	}
	for _, k := range q.Keys {
		names = append(names, k.String())
	}
	c.where(len(bounds) > 0, "(false"+strings.Repeat(" OR f.tempo_bpm BETWEEN ? AND ?", len(q.Tempi))+")", bounds...)
	c.where(len(names) > 0, "(false"+strings.Repeat(" OR f.key = ?", len(names))+")", names...)
	return c
}
