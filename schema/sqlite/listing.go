package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"earworm/schema"
)

// List is as schema.Review says. A cursor holds where the page before ended in
// the listing's order.
func (s *Store) List(ctx context.Context, l schema.Listing) (schema.Page, error) {
	page, err := s.list(ctx, l)
	return page, s.wrap("list tracks", err)
}

func (s *Store) list(ctx context.Context, l schema.Listing) (page schema.Page, err error) {
	if err := l.Check(); err != nil {
		return page, err
	}
	q := listing{column: "worth", words: withWords(l.Text)}
	if l.Order == schema.ByAdded {
		q.column = "added_at"
	}
	q.fits.features(l.Filter, "features_version")
	q.fits.where(l.Status != "", "status = ?", l.Status)
	q.fits.where(l.Code != "", "failure_code = ?", l.Code)
	if q.few, err = s.few(ctx, l); err != nil {
		return page, err
	}
	if q.few.text == "" { // words cost more to count
		if q, err = s.fewWords(ctx, q); err != nil {
			return page, err
		}
	}
	stretches := []conditions{{}}
	if l.After != "" {
		at, err := schema.ParseCursor(l.After, l.Order)
		if err != nil {
			return page, err
		}
		stretches = make([]conditions, 2) // of the same rank, then of lower
		stretches[0].where(true, q.column+" = ? AND track_id > ?", at.Value, at.ID)
		stretches[1].where(true, q.column+" < ?", at.Value)
	}
	for _, stretch := range stretches {
		items, err := s.listed(ctx, q, stretch, l.Limit+1-len(page.Items))
		if err != nil {
			return page, err
		}
		if page.Items = append(page.Items, items...); len(page.Items) > l.Limit {
			page.Items = page.Items[:l.Limit]
			page.Next = schema.CursorAt(l.Order, page.Items[l.Limit-1]).String()
			break
		}
	}
	return page, nil
}

// listing is a Listing in the store's language.
type listing struct {
	column string // of its order; its index is tracks_ and this
	fits   conditions
	few    conditions // selects a few tracks, among which all that fit are; empty: there are not few
	words  conditions // selects the tracks that have the words searched for; empty: all do
}

const (
	window = 4000 // tracks that are looked at, in order, before words are searched for
	atMost = 2000 // tracks that are few
)

// withWords selects the tracks that have words that begin so.
func withWords(text string) (c conditions) {
	if words := prefixes(text); words != "" {
		c.text = "SELECT track_id FROM words_of WHERE word_row IN (SELECT rowid FROM words WHERE words MATCH ?)"
		c.args = []any{words}
	}
	return c
}

// few looks, among what a listing asks for, for something that few tracks have.
func (s *Store) few(ctx context.Context, l schema.Listing) (few conditions, err error) {
	var asked []conditions
	for _, f := range []schema.Filter{
		{Key: l.Key}, {Meter: l.Meter}, {MinTempo: l.MinTempo, MaxTempo: l.MaxTempo}, {MaxTempoConfidence: l.MaxTempoConfidence},
	} {
		c := conditions{text: "SELECT track_id FROM features WHERE true"}
		if c.features(f, "model_version"); len(c.args) > 0 {
			asked = append(asked, c)
		}
	}
	if l.Status != "" || l.Code != "" {
		c := conditions{text: "SELECT track_id FROM tracks WHERE true"}
		c.where(true, "status = ?", cmp.Or(l.Status, schema.Failed))
		c.where(l.Code != "", "failure_code = ?", l.Code)
		asked = append(asked, c)
	}
	for _, c := range asked {
		var n int
		query := fmt.Sprintf("SELECT count(*) FROM (%s LIMIT %d)", c.text, s.atMost+1) //nolint:gosec // c.text is of this file, its values are bound
		if err := s.r.QueryRowContext(ctx, query, c.args...).Scan(&n); err != nil || n <= s.atMost {
			return c, err
		}
	}
	return few, nil
}

// fewWords finds the tracks that have the words searched for, where they are few.
func (s *Store) fewWords(ctx context.Context, q listing) (listing, error) {
	if q.words.text == "" {
		return q, nil
	}
	rows, err := all(ctx, s.r, func(r row) (id int64, err error) { return id, r.Scan(&id) },
		fmt.Sprintf("SELECT rowid FROM words WHERE words MATCH ? LIMIT %d", s.atMost+1), q.words.args...)
	if err != nil || len(rows) > s.atMost {
		return q, err
	}
	list, err := json.Marshal(rows)
	q.few = conditions{"SELECT track_id FROM words_of WHERE word_row IN (SELECT value FROM json_each(?))", []any{string(list)}}
	q.words = conditions{}
	return q, err
}

// listed gives the first n tracks of a stretch that fit. Where few tracks can,
// those are gathered and sorted. Others are met by walking the order's index,
// which holds whatever is filtered by, and so are words that many tracks have,
// unless something else keeps them away.
func (s *Store) listed(ctx context.Context, q listing, stretch conditions, n int) ([]schema.Item, error) {
	if q.few.text == "" && q.words.text != "" {
		near := conditions{text: "SELECT track_id FROM (" + q.inOrder(stretch, window) + ") WHERE track_id IN (" + q.words.text + ")" + q.first(n)}
		near.args = slices.Concat(stretch.args, q.fits.args, q.words.args)
		items, err := s.chosen(ctx, q, near)
		if err != nil || len(items) == n {
			return items, err
		}
		q.few, q.words = q.words, conditions{}
	}
	if q.few.text == "" {
		return s.chosen(ctx, q, conditions{q.inOrder(stretch, n), slices.Concat(stretch.args, q.fits.args)})
	}
	gathered := conditions{text: "SELECT track_id FROM (" + q.few.text + ") CROSS JOIN tracks USING (track_id) WHERE true" + stretch.text + q.fits.text}
	gathered.args = slices.Concat(q.few.args, stretch.args, q.fits.args)
	gathered.where(q.words.text != "", "track_id IN ("+q.words.text+")", q.words.args...)
	gathered.text += q.first(n)
	return s.chosen(ctx, q, gathered)
}

// inOrder selects the first n of a stretch that fit, and nothing but its index is read.
func (q listing) inOrder(stretch conditions, n int) string {
	return fmt.Sprintf("SELECT track_id, %s FROM tracks INDEXED BY tracks_%[1]s WHERE true%s%s%s", q.column, stretch.text, q.fits.text, q.first(n))
}

func (q listing) first(n int) string {
	return fmt.Sprintf(" ORDER BY %s DESC, track_id LIMIT %d", q.column, n)
}

// chosen reads the tracks that a query selects, in the listing's order.
func (s *Store) chosen(ctx context.Context, q listing, selected conditions) ([]schema.Item, error) {
	return all(ctx, s.r, scanItem, fmt.Sprintf(`SELECT %s FROM (%s) CROSS JOIN tracks t USING (track_id)
		LEFT JOIN features f USING (track_id) ORDER BY t.%s DESC, track_id`, entryColumns, selected.text, q.column), selected.args...)
}

// conditions gather what a query asks for beside each other.
type conditions struct {
	text string
	args []any
}

func (c *conditions) where(set bool, condition string, values ...any) {
	if set {
		c.text += " AND " + condition
		c.args = append(c.args, values...)
	}
}

// features asks for what a filter does; version is the column of the model version.
func (c *conditions) features(f schema.Filter, version string) {
	c.where(f.MinTempo != 0, "tempo_bpm >= ?", f.MinTempo)
	c.where(f.MaxTempo != 0, "tempo_bpm <= ?", f.MaxTempo)
	c.where(f.Key != schema.UnknownKey, "key = ?", f.Key.String())
	c.where(f.Meter != schema.Meter{}, "meter = ?", f.Meter.String())
	c.where(f.ModelVersion != "", version+" = ?", f.ModelVersion)
	c.where(f.MaxTempoConfidence != 0, "tempo_confidence <= ?", f.MaxTempoConfidence)
	c.where(f.MaxKeyConfidence != 0, "key_confidence <= ?", f.MaxKeyConfidence)
	c.where(f.MaxMeterConfidence != 0, "meter_confidence <= ?", f.MaxMeterConfidence)
}

// prefixes is a search for words that begin so, in FTS5's language.
func prefixes(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	for i, w := range words {
		words[i] = `"` + w + `"*`
	}
	return strings.Join(words, " ")
}
