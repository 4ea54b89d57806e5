package cassandra

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"unicode"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// listingBuckets split each listing, so that at ten million tracks a partition
// holds some 600,000 rows; a page asks each of them. It cannot change while
// there are rows.
const listingBuckets = 16

// mostAtOnce bounds how many tracks one statement asks for.
const mostAtOnce = 100

func bucketOf(id schema.TrackID) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // it never fails
	return int(h.Sum32() % listingBuckets)
}

// relist brings a track's rows in both listings up to date, after whatever
// changed of it was written. was is the worth that it was listed with before.
func (s *Store) relist(ctx context.Context, id schema.TrackID, was *float64) error {
	items, err := s.items(ctx, []schema.TrackID{id})
	if err != nil || len(items) == 0 {
		return err
	}
	i := items[id]
	f := i.Features
	if f == nil {
		f = &schema.Features{}
	}
	code := schema.Code("")
	if i.Failure != nil {
		code = i.Failure.Code
	}
	words := beginnings(i.Title, i.Artist, i.Album, i.Source)
	all, ctx := errgroup.WithContext(ctx)
	for listing, rank := range map[schema.Order]float64{schema.ByWorth: i.Worth.Score, schema.ByAdded: float64(i.AddedAt.UnixMilli())} {
		values := []any{listing, bucketOf(id), rank, id, i.Status, code, words, f.ModelVersion, f.Key.String(), f.Meter.String()}
		columns := "listing, bucket, rank, track_id, status, failure_code, words, model_version, key, meter"
		if i.Features != nil { // numbers of none would be found by a filter
			columns += ", tempo_bpm, tempo_confidence, key_confidence, meter_confidence"
			values = append(values, f.TempoBPM, f.TempoConfidence, f.KeyConfidence, f.MeterConfidence)
		}
		places := strings.Repeat("?, ", len(values)-1) + "?"
		all.Go(func() error {
			return s.query("INSERT INTO listing ("+columns+") VALUES ("+places+")", values...).ExecContext(ctx)
		})
	}
	before := 0.0
	if was != nil {
		before = *was
	}
	if before != i.Worth.Score {
		all.Go(func() error { return s.unlist(ctx, schema.ByWorth, before, id) })
	}
	return all.Wait()
}

func (s *Store) unlist(ctx context.Context, listing schema.Order, rank float64, id schema.TrackID) error {
	return s.query("DELETE FROM listing WHERE listing = ? AND bucket = ? AND rank = ? AND track_id = ?",
		listing, bucketOf(id), rank, id).ExecContext(ctx)
}

// beginnings are those of every word in texts, in lower case. Long words are
// found by their first 16 letters, and only the first 24 words count.
func beginnings(texts ...string) []string {
	const mostWords, longest = 24, 16
	all := wordsOf(strings.Join(texts, " "))
	set := map[string]bool{}
	for _, w := range all[:min(len(all), mostWords)] {
		letters := []rune(w)
		for n := range min(len(letters), longest) {
			set[string(letters[:n+1])] = true
		}
	}
	list := make([]string, 0, len(set))
	for w := range set {
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// items reads tracks with their features and worth.
func (s *Store) items(ctx context.Context, ids []schema.TrackID) (map[schema.TrackID]schema.Item, error) {
	var tracks []schema.Track
	var heard []worthy
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		tracks, err = gather(ctx, s.query("SELECT "+trackColumns+" FROM tracks WHERE track_id IN ?", ids), scanTrack)
		return err
	})
	all.Go(func() (err error) {
		heard, err = s.heardOf(ctx, ids)
		return err
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	items := map[schema.TrackID]schema.Item{}
	for _, t := range tracks {
		items[t.ID] = schema.Item{Track: t, Worth: schema.Worth{Reasons: []string{}}}
	}
	for _, f := range heard {
		i, ok := items[f.TrackID]
		if !ok {
			continue
		}
		i.Features = &f.Features
		i.Worth.Score = f.worth
		i.Worth.Reasons = append(i.Worth.Reasons, f.reasons...)
		items[f.TrackID] = i
	}
	return items, nil
}

// worthy is features with what a minute on them is worth.
type worthy struct {
	schema.Features
	worth   float64
	reasons []string
}

// heardOf reads the features of those tracks that have some.
func (s *Store) heardOf(ctx context.Context, ids []schema.TrackID) (heard []worthy, err error) {
	for some := range slices.Chunk(ids, mostAtOnce) {
		more, err := gather(ctx, s.query("SELECT "+featureColumns+", worth, worth_reasons FROM features WHERE track_id IN ?", some), scanWorthy)
		if err != nil {
			return nil, err
		}
		heard = append(heard, more...)
	}
	return heard, nil
}

func scanWorthy(r row) (w worthy, err error) {
	w.Features, err = scanFeatures(func(dest ...any) error { return r(append(dest, &w.worth, &w.reasons)...) })
	return w, err
}

// List is as schema.Review says.
func (s *Store) List(ctx context.Context, l schema.Listing) (schema.Page, error) {
	page, err := s.list(ctx, l)
	return page, s.config.wrap("list tracks", err)
}

// list reads the index from after the cursor and passes over rows that their
// track does not bear out, until the page is full or the index at its end.
func (s *Store) list(ctx context.Context, l schema.Listing) (page schema.Page, err error) {
	if err := l.Check(); err != nil {
		return page, err
	}
	var at *schema.Cursor
	if l.After != "" {
		c, err := schema.ParseCursor(l.After, l.Order)
		if err != nil {
			return page, err
		}
		at = &c
	}
	for {
		rows, end, err := s.listed(ctx, l, at, l.Limit+1-len(page.Items))
		if err != nil {
			return page, err
		}
		items, err := s.borneOut(ctx, l, rows)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, items...)
		if len(page.Items) > l.Limit {
			page.Items = page.Items[:l.Limit]
			page.Next = schema.CursorAt(l.Order, page.Items[l.Limit-1]).String()
			return page, nil
		}
		if end {
			return page, nil
		}
		at = &rows[len(rows)-1]
	}
}

// borneOut turns rows of the index into items, without those that are behind
// what their track says now.
func (s *Store) borneOut(ctx context.Context, l schema.Listing, rows []schema.Cursor) ([]schema.Item, error) {
	ids := make([]schema.TrackID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	found := map[schema.TrackID]schema.Item{}
	for some := range slices.Chunk(ids, mostAtOnce) {
		items, err := s.items(ctx, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, items)
	}
	var items []schema.Item
	for _, r := range rows {
		i, ok := found[r.ID]
		if ok && schema.CursorAt(l.Order, i).Value == r.Value && l.Fits(i) {
			items = append(items, i)
		}
	}
	return items, nil
}

// listed reads rows of the index after a cursor, n at most, and whether they
// are the last. Tracks are spread evenly: each bucket is asked for little more
// than its share, and where that was too little, rows beyond what one of them
// gave are left to the next call.
func (s *Store) listed(ctx context.Context, l schema.Listing, after *schema.Cursor, n int) (rows []schema.Cursor, end bool, err error) {
	share := min(n, 2*n/listingBuckets+8)
	var queries []*gocql.Query
	for bucket := range listingBuckets {
		if after == nil {
			queries = append(queries, s.inBucket(l, bucket, share, ""))
			continue
		}
		queries = append(queries,
			s.inBucket(l, bucket, share, "rank = ? AND track_id > ?", after.Value, after.ID),
			s.inBucket(l, bucket, share, "rank < ?", after.Value))
	}
	found := make([][]schema.Cursor, len(queries))
	all, ctx := errgroup.WithContext(ctx)
	for i, q := range queries {
		all.Go(func() (err error) {
			found[i], err = gather(ctx, q, func(r row) (c schema.Cursor, err error) {
				c.Order = l.Order
				return c, r(&c.Value, &c.ID)
			})
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, false, err
	}
	rows, end = merged(found, share)
	if len(rows) > n {
		rows, end = rows[:n], false
	}
	return rows, end, nil
}

// merged puts the first rows of several lists, each cut at a length, in one
// order, up to where one that was cut may hold more. end: none was cut.
func merged(lists [][]schema.Cursor, cut int) (rows []schema.Cursor, end bool) {
	order := func(a, b schema.Cursor) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.ID, b.ID))
	}
	rows, end = slices.Concat(lists...), true
	slices.SortFunc(rows, order)
	for _, list := range lists {
		if len(list) < cut {
			continue
		}
		end = false
		if i, _ := slices.BinarySearchFunc(rows, list[len(list)-1], order); i < len(rows) {
			rows = rows[:i+1]
		}
	}
	return rows, end
}

// inBucket selects the first n rows of a bucket that fit the listing, beyond a place in it.
func (s *Store) inBucket(l schema.Listing, bucket, n int, beyond string, place ...any) *gocql.Query {
	c := conditions{"listing = ? AND bucket = ?", []any{l.Order, bucket}}
	c.where(beyond != "", beyond, place...)
	c.features(l.Filter)
	c.where(l.Status != "", "status = ?", l.Status)
	c.where(l.Code != "", "failure_code = ?", l.Code)
	for _, w := range wordsOf(l.Text) {
		letters := []rune(w)
		c.where(true, "words CONTAINS ?", string(letters[:min(len(letters), 16)]))
	}
	return s.query(fmt.Sprintf("SELECT rank, track_id FROM listing WHERE %s LIMIT %d", c.text, n), c.values...)
}

// conditions gather what a query asks for beside each other.
type conditions struct {
	text   string
	values []any
}

func (c *conditions) where(set bool, condition string, values ...any) {
	if !set {
		return
	}
	if c.text != "" {
		c.text += " AND "
	}
	c.text += condition
	c.values = append(c.values, values...)
}

// features asks for what a filter does; each of its columns is indexed.
func (c *conditions) features(f schema.Filter) {
	c.where(f.MinTempo != 0, "tempo_bpm >= ?", f.MinTempo)
	c.where(f.MaxTempo != 0, "tempo_bpm <= ?", f.MaxTempo)
	c.where(f.Key != schema.UnknownKey, "key = ?", f.Key.String())
	c.where(f.Meter != schema.Meter{}, "meter = ?", f.Meter.String())
	c.where(f.ModelVersion != "", "model_version = ?", f.ModelVersion)
	c.where(f.MaxTempoConfidence != 0, "tempo_confidence <= ?", f.MaxTempoConfidence)
	c.where(f.MaxKeyConfidence != 0, "key_confidence <= ?", f.MaxKeyConfidence)
	c.where(f.MaxMeterConfidence != 0, "meter_confidence <= ?", f.MaxMeterConfidence)
}
