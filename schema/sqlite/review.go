package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

	"earworm/schema"
)

// entryColumns are those of a track, then whether it has features, then theirs.
const (
	entryColumns = `track_id, t.source, t.sha256, t.title, t.artist, t.album, t.duration_s, t.status,
		t.failure_code, t.failure_message, t.model_version, t.added_at, t.updated_at, t.worth, t.worth_reasons, t.apart_tempo, t.apart_meter,
		f.tempo_bpm IS NOT NULL, coalesce(f.tempo_bpm, 0), coalesce(f.tempo_confidence, 0), coalesce(f.key, ''),
		coalesce(f.key_confidence, 0), coalesce(f.meter, ''), coalesce(f.meter_confidence, 0), coalesce(f.loudness_db, 0),
		coalesce(f.duration_s, 0), coalesce(f.model_version, ''), coalesce(f.labelled, ''), coalesce(f.updated_at, 0)`
	entryTables = " FROM tracks t LEFT JOIN features f USING (track_id)"
)

func scanItem(r row) (schema.Item, error) {
	i, _, err := scanListed(r)
	return i, err
}

func scanEntry(r row) (schema.Entry, error) {
	i, apart, err := scanListed(r)
	return schema.Entry{Track: i.Track, Features: i.Features, Apart: apart, Checkpoint: string(i.ID)}, err
}

func scanListed(r row) (i schema.Item, apart schema.Apart, err error) {
	var heard bool
	var reasons []byte
	var failure schema.Failure
	var f schema.Features
	var added, updated, refreshed int64
	var key, meter []byte
	var labelled string
	if err := r.Scan(&i.ID, &i.Source, &i.SHA256, &i.Title, &i.Artist, &i.Album, &i.DurationS, &i.Status,
		&failure.Code, &failure.Message, &i.ModelVersion, &added, &updated, &i.Worth.Score, &reasons, &apart.Tempo, &apart.Meter,
		&heard, &f.TempoBPM, &f.TempoConfidence, &key, &f.KeyConfidence, &meter, &f.MeterConfidence, &f.LoudnessDB,
		&f.DurationS, &f.ModelVersion, &labelled, &refreshed); err != nil {
		return i, apart, err
	}
	i.AddedAt, i.UpdatedAt, f.UpdatedAt = fromMilli(added), fromMilli(updated), fromMilli(refreshed)
	if failure.Code != "" {
		i.Failure = &failure
	}
	if err := json.Unmarshal(reasons, &i.Worth.Reasons); err != nil {
		return i, apart, err
	}
	if !heard {
		return i, apart, nil
	}
	f.TrackID = i.ID
	i.Features = &f
	return i, apart, musical(&f, key, meter, labelled)
}

// musical reads what features keep as text.
func musical(f *schema.Features, key, meter []byte, labelled string) error {
	if labelled != "" {
		f.Labelled = strings.Split(labelled, ",")
	}
	if err := f.Key.UnmarshalText(key); err != nil {
		return err
	}
	return f.Meter.UnmarshalText(meter)
}

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
	q := listing{column: "worth", words: prefixes(l.Text)}
	if l.Order == schema.ByAdded {
		q.column = "added_at"
	}
	q.fits.features(l.Filter, "features_version")
	q.fits.where(l.Status != "", "status = ?", l.Status)
	q.fits.where(l.Code != "", "failure_code = ?", l.Code)
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
	words  string // searched for
}

// window is how many tracks are looked at, in order, before words are searched for.
const window = 4000

// withWords asks for tracks that have words.
const withWords = " AND track_id IN (SELECT track_id FROM words_of WHERE word_row IN (SELECT rowid FROM words WHERE words MATCH ?))"

// listed gives the first n tracks of a stretch that fit. They are met by walking
// the order's index, which holds whatever is filtered by. Of words, those that
// many tracks have are soon met so too; those that few have, their own index finds.
func (s *Store) listed(ctx context.Context, q listing, stretch conditions, n int) ([]schema.Item, error) {
	order := fmt.Sprintf(" ORDER BY %s DESC, track_id LIMIT ", q.column)
	inOrder := fmt.Sprintf("SELECT track_id, %s FROM tracks INDEXED BY tracks_%[1]s WHERE true%s%s%s", q.column, stretch.text, q.fits.text, order)
	args := slices.Concat(stretch.args, q.fits.args)
	if q.words == "" {
		return s.chosen(ctx, q, inOrder+fmt.Sprint(n), args)
	}
	args = append(args, q.words)
	near := fmt.Sprintf("SELECT track_id FROM (%s%d) WHERE true%s%s%d", inOrder, window, withWords, order, n)
	items, err := s.chosen(ctx, q, near, args)
	if err != nil || len(items) == n {
		return items, err
	}
	everywhere := "SELECT track_id FROM tracks WHERE true" + stretch.text + q.fits.text + withWords + order + fmt.Sprint(n)
	return s.chosen(ctx, q, everywhere, args)
}

// chosen reads the tracks that a query names, in the listing's order.
func (s *Store) chosen(ctx context.Context, q listing, query string, args []any) ([]schema.Item, error) {
	return all(ctx, s.r, scanItem, fmt.Sprintf(`SELECT %s FROM (%s) CROSS JOIN tracks t USING (track_id)
		LEFT JOIN features f USING (track_id) ORDER BY t.%s DESC, track_id`, entryColumns, query, q.column), args...)
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

// AllLabels is as schema.Review says.
func (s *Store) AllLabels(ctx context.Context) iter.Seq2[schema.Label, error] {
	return func(yield func(schema.Label, error) bool) {
		var afterID schema.TrackID
		afterAt := int64(-1)
		for {
			labels, err := all(ctx, s.r, scanLabel, "SELECT "+labelColumns+` FROM labels
				WHERE (track_id, at) > (?, ?) ORDER BY track_id, at LIMIT ?`, afterID, afterAt, pageSize)
			if err != nil {
				yield(schema.Label{}, s.wrap("walk labels", err))
				return
			}
			for _, l := range labels {
				if !yield(l, nil) {
					return
				}
				afterID, afterAt = l.TrackID, l.At.UnixMilli()
			}
			if len(labels) < pageSize {
				return
			}
		}
	}
}

// SavePicture is as schema.Review says.
func (s *Store) SavePicture(ctx context.Context, id schema.TrackID, kind string, data []byte) error {
	err := schema.CheckPicture(data)
	if err == nil {
		err = one(s.w.ExecContext(ctx, `INSERT OR REPLACE INTO pictures SELECT track_id, ?, ? FROM tracks WHERE track_id = ?`,
			kind, data, id))
	}
	return s.wrap("save "+kind+" of track "+string(id), err)
}

// Picture is as schema.Review says.
func (s *Store) Picture(ctx context.Context, id schema.TrackID, kind string) (data []byte, err error) {
	err = s.r.QueryRowContext(ctx, "SELECT data FROM pictures WHERE track_id = ? AND kind = ?", id, kind).Scan(&data)
	return data, s.wrap("read "+kind+" of track "+string(id), found(err))
}

// SetApart is as schema.Review says.
func (s *Store) SetApart(ctx context.Context, id schema.TrackID, apart schema.Apart) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE tracks SET apart_tempo = ?, apart_meter = ? WHERE track_id = ?",
			apart.Tempo, apart.Meter, id); err != nil {
			return err
		}
		return refreshFeatures(ctx, tx, id)
	})
	return s.wrap("set apart track "+string(id), err)
}

// SaveSummary is as schema.Review says.
func (s *Store) SaveSummary(ctx context.Context, sum schema.Summary) error {
	raw, err := json.Marshal(sum)
	if err == nil {
		_, err = s.w.ExecContext(ctx, "INSERT OR REPLACE INTO summaries VALUES (1, ?)", string(raw))
	}
	return s.wrap("save summary", err)
}

// Summary is as schema.Review says.
func (s *Store) Summary(ctx context.Context) (sum schema.Summary, err error) {
	var raw []byte
	if err = found(s.r.QueryRowContext(ctx, "SELECT summary FROM summaries").Scan(&raw)); err == nil {
		err = json.Unmarshal(raw, &sum)
	}
	return sum, s.wrap("read summary", err)
}
