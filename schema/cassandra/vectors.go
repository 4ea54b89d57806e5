package cassandra

import (
	"context"
	"errors"
	"fmt"
	"slices"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// vectorTables are those of vectors, by the length that they are filled up to.
var vectorTables = []struct {
	length int
	name   string
}{
	{schema.EmbeddingSize, "vectors"}, {256, "vectors_256"}, {schema.MaxVector, "vectors_1024"},
}

// vectorTable is the table for vectors of a length, and the length they have in it.
func vectorTable(length int) (name string, padded int) {
	for _, t := range vectorTables {
		if length <= t.length {
			return t.name, t.length
		}
	}
	panic("cassandra: vector above the longest")
}

// padded fills a vector up with zeros.
func padded(v []float32, length int) []float32 {
	return append(slices.Clip(v), make([]float32, length-len(v))...)
}

// Spaces is as schema.Vectors says.
func (s *Store) Spaces(ctx context.Context) ([]schema.Space, error) {
	spaces, err := s.allSpaces(ctx)
	return spaces, s.config.wrap("list spaces", err)
}

func (s *Store) allSpaces(ctx context.Context) ([]schema.Space, error) {
	return gather(ctx, s.query("SELECT space, length, model FROM spaces WHERE name = 'all'"), scanSpace)
}

func scanSpace(r row) (p schema.Space, err error) { return p, r(&p.Name, &p.Length, &p.Model) }

// space is one that was made; ErrNotFound where none was. What it says stays
// true for as long as its vectors are there.
func (s *Store) space(ctx context.Context, name string) (schema.Space, error) {
	if known, ok := s.spaces.Load(name); ok {
		return known.(schema.Space), nil //nolint:forcetypeassert // nothing else is stored
	}
	p, err := scanSpace(s.row(ctx, "SELECT space, length, model FROM spaces WHERE name = 'all' AND space = ?", name))
	if err != nil {
		return p, found(err)
	}
	s.spaces.Store(name, p)
	return p, nil
}

// keepSpace makes a space with its first vector; of two that make it at once
// the first says how long its vectors are.
func (s *Store) keepSpace(ctx context.Context, p schema.Space) (schema.Space, error) {
	there, err := s.space(ctx, p.Name)
	if !errors.Is(err, schema.ErrNotFound) {
		return there, err
	}
	if _, _, err := cas(ctx, func() *gocql.Query {
		return s.query("INSERT INTO spaces (name, space, length, model) VALUES ('all', ?, ?, ?) IF NOT EXISTS", p.Name, p.Length, p.Model)
	}); err != nil {
		return there, err
	}
	return s.space(ctx, p.Name)
}

// PutVector is as schema.Vectors says.
func (s *Store) PutVector(ctx context.Context, id schema.TrackID, space string, v []float32) error {
	return s.wrap("put vector in space "+space+" of track", id, s.putVector(ctx, id, space, v))
}

func (s *Store) putVector(ctx context.Context, id schema.TrackID, space string, v []float32) error {
	if err := schema.CheckVector(v); err != nil {
		return err
	}
	if err := s.known(ctx, id); err != nil {
		return err
	}
	there, err := s.keepSpace(ctx, schema.Space{Name: space, Length: len(v)})
	if err != nil {
		return err
	}
	if there.Model {
		return fmt.Errorf("space %s is a model version's: %w", space, schema.ErrConflict)
	}
	if err := there.Fits(v); err != nil {
		return err
	}
	if err := s.writeVector(ctx, id, space, v); err != nil {
		return err
	}
	// The features are read after the vector was written: whoever changes them
	// meanwhile sees the vector, and describes it too.
	f, err := s.Features(ctx, id)
	if errors.Is(err, schema.ErrNotFound) {
		return nil
	}
	table, _ := vectorTable(there.Length)
	return errors.Join(err, s.describe(ctx, table, space, f))
}

func (s *Store) writeVector(ctx context.Context, id schema.TrackID, space string, v []float32) error {
	table, length := vectorTable(len(v))
	return s.query("INSERT INTO "+table+" (track_id, space, embedding) VALUES (?, ?, ?)", id, space, padded(v, length)).ExecContext(ctx)
}

// describeVectors writes the values that count beside each of a track's vectors.
func (s *Store) describeVectors(ctx context.Context, f schema.Features) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, table := range vectorTables {
		all.Go(func() error {
			own, err := gather(ctx, s.query("SELECT space FROM "+table.name+" WHERE track_id = ?", f.TrackID),
				func(r row) (name string, err error) { return name, r(&name) })
			for _, space := range own {
				err = errors.Join(err, s.describe(ctx, table.name, space, f))
			}
			return err
		})
	}
	return all.Wait()
}

func (s *Store) describe(ctx context.Context, table, space string, f schema.Features) error {
	return s.query("UPDATE "+table+" SET tempo_bpm = ?, key = ?, meter = ? WHERE track_id = ? AND space = ?",
		f.TempoBPM, f.Key.String(), f.Meter.String(), f.TrackID, space).ExecContext(ctx)
}

// TrackVector is as schema.Vectors says.
func (s *Store) TrackVector(ctx context.Context, id schema.TrackID, space string) ([]float32, error) {
	v, err := s.trackVector(ctx, id, space)
	return v, s.wrap("read vector in space "+space+" of track", id, err)
}

func (s *Store) trackVector(ctx context.Context, id schema.TrackID, space string) (v []float32, err error) {
	p, err := s.space(ctx, space)
	if err != nil {
		return nil, err
	}
	table, _ := vectorTable(p.Length)
	err = s.query("SELECT embedding FROM "+table+" WHERE track_id = ? AND space = ?", id, space).ScanContext(ctx, &v)
	if err == nil && v == nil { // described as it was deleted
		err = schema.ErrNotFound
	}
	if err != nil {
		return nil, found(err)
	}
	return v[:p.Length], nil
}

// Nearest is as schema.Vectors says. The index finds more than are asked for,
// since it errs with the last ones; they are ranked exactly and cut.
func (s *Store) Nearest(ctx context.Context, q schema.Near) ([]schema.Neighbour, error) {
	near, err := s.nearest(ctx, q)
	return near, s.config.wrap("search space "+q.Space, err)
}

// The index is right about 98 in 100 of the first 50 and all of the first 100
// at a hundred (measured on random vectors).
const (
	leastFetched = 100
	overFetch    = 5

	mostSearches = 4 // of one query at a time
)

func (s *Store) nearest(ctx context.Context, q schema.Near) ([]schema.Neighbour, error) {
	p, err := s.space(ctx, q.Space)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(q.Check(), p.Fits(q.Vector)); err != nil {
		return nil, err
	}
	late := lateFilter(q.Filter)
	fetch := min(schema.MostNear, max(leastFetched, overFetch*q.Limit))
	if late != (schema.Filter{}) {
		fetch = schema.MostNear // some of them will not pass
	}
	searches := nearConditions(q)
	found := make([][]schema.Neighbour, len(searches))
	angle := schema.CosineTo(q.Vector)
	all, searching := errgroup.WithContext(ctx)
	all.SetLimit(mostSearches)
	for i, c := range searches {
		all.Go(func() (err error) {
			found[i], err = s.ann(searching, p, q.Vector, c, fetch, angle)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	near := schema.NewNearest(len(searches) * fetch)
	for _, n := range distinct(slices.Concat(found...)) {
		near.Add(n)
	}
	if late == (schema.Filter{}) {
		return near.Ranked()[:min(q.Limit, len(near.Ranked()))], nil
	}
	return s.passing(ctx, late, near.Ranked(), q.Limit)
}

// distinct drops what was found by more than one search: ranges may overlap.
func distinct(near []schema.Neighbour) []schema.Neighbour {
	seen := make(map[schema.TrackID]bool, len(near))
	return slices.DeleteFunc(near, func(n schema.Neighbour) bool {
		was := seen[n.TrackID]
		seen[n.TrackID] = true
		return was
	})
}

// lateFilter is what of a filter the vectors' tables have no column for.
func lateFilter(f schema.Filter) schema.Filter {
	f.MinTempo, f.MaxTempo, f.Key, f.Meter = 0, 0, schema.UnknownKey, schema.Meter{}
	return f
}

// passing gives the nearest whose features fit a filter, as many as limit. It
// reads the features of the nearest first, and no more than it takes.
func (s *Store) passing(ctx context.Context, f schema.Filter, near []schema.Neighbour, limit int) (kept []schema.Neighbour, err error) {
	for some := range slices.Chunk(near, max(20, 2*limit)) {
		ids := make([]schema.TrackID, len(some))
		for i, n := range some {
			ids[i] = n.TrackID
		}
		heard, err := s.heardOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		fits := map[schema.TrackID]bool{}
		for _, h := range heard {
			fits[h.TrackID] = f.Fits(h.Features)
		}
		for _, n := range some {
			if fits[n.TrackID] {
				kept = append(kept, n)
			}
		}
		if len(kept) >= limit {
			return kept[:limit], nil
		}
	}
	return kept, nil
}

// nearConditions are the searches whose findings together fit the query: one
// for each range of tempi and each key.
func nearConditions(q schema.Near) (searches []conditions) {
	tempi, keys := q.Tempi, q.Keys
	if len(tempi) == 0 {
		tempi = [][2]float64{{}}
	}
	if len(keys) == 0 {
		keys = []schema.Key{schema.UnknownKey}
	}
	for _, r := range tempi {
		for _, k := range keys {
			var c conditions
			c.where(true, "space = ?", q.Space)
			c.features(schema.Filter{
				MinTempo: q.Filter.MinTempo, MaxTempo: q.Filter.MaxTempo, Key: q.Filter.Key, Meter: q.Filter.Meter,
			})
			c.where(r != [2]float64{}, "tempo_bpm >= ? AND tempo_bpm <= ?", r[0], r[1])
			c.where(k != schema.UnknownKey, "key = ?", k.String())
			searches = append(searches, c)
		}
	}
	return searches
}

// ann asks the vector index for the n nearest that fit.
func (s *Store) ann(ctx context.Context, p schema.Space, v []float32, c conditions, n int, angle func([]float32) float64) ([]schema.Neighbour, error) {
	table, length := vectorTable(p.Length)
	q := s.query(fmt.Sprintf("SELECT track_id, embedding FROM %s WHERE %s ORDER BY embedding ANN OF ? LIMIT %d", table, c.text, n),
		append(slices.Clip(c.values), padded(v, length))...)
	// The index gives all it finds as one page, and must not be asked for a second.
	near, err := gather(ctx, q.PageSize(n+1), func(r row) (x schema.Neighbour, err error) {
		var w []float32
		if err := r(&x.TrackID, &w); err != nil {
			return x, err
		}
		x.Similarity = angle(w[:p.Length])
		return x, nil
	})
	return near, err
}
