//go:build scale

package cassandra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"golang.org/x/sync/errgroup"

	"earworm/schema"
	"earworm/schema/cassandra"
)

const scaleVersion = "scale-1"

// number reads a figure of this test from the environment.
func number(t *testing.T, name string, preset int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return preset
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; want a number of 1 or more", name, text)
	}
	return n
}

// TestScale fills a real Cassandra with generated tracks, has it write them to
// disk, and holds what readers ask for against a limit: 200 ms for 99 of 100
// queries, and 95 of 100 true neighbours among the ten found. EARWORM_SCALE_TRACKS
// (200000) and EARWORM_SCALE_VECTORS (100000) say how many.
func TestScale(t *testing.T) {
	c := config(t)
	c.PageSize = 500
	migrate(t, c)
	s := open(t, c)
	defer s.Close()
	tracks, vectors := number(t, "EARWORM_SCALE_TRACKS", 200_000), number(t, "EARWORM_SCALE_VECTORS", 100_000)
	f := filler{rows: plain(t, c), keyspace: c.Keyspace}
	began := time.Now()
	embeddings := f.fill(t, tracks, vectors)
	t.Logf("%d tracks, %d vectors written in %.0f s", tracks, vectors, time.Since(began).Seconds())
	f.flush(t)

	rng := rand.New(rand.NewPCG(5, 6))
	any := func() schema.TrackID { return scaleID(rng.IntN(tracks)) }
	key := func() schema.Key { return schema.Keys()[rng.IntN(24)] }
	list := func(l schema.Listing) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.List(ctx, l); return err }
	}
	deep := cursorDeepIn(t, s)
	queries := map[string]func(context.Context) error{
		"track":               func(ctx context.Context) error { _, err := s.Track(ctx, any()); return err },
		"features":            func(ctx context.Context) error { _, err := s.Features(ctx, scaleID(rng.IntN(vectors))); return err },
		"first page by worth": list(schema.Listing{Order: schema.ByWorth, Limit: 50}),
		"deep page by worth":  list(schema.Listing{Order: schema.ByWorth, Limit: 50, After: deep}),
		"newest tracks":       list(schema.Listing{Order: schema.ByAdded, Limit: 50}),
		"page of one key": func(ctx context.Context) error {
			return list(schema.Listing{Filter: schema.Filter{Key: key()}, Order: schema.ByWorth, Limit: 50})(ctx)
		},
		"page of a rare meter": list(schema.Listing{
			Filter: schema.Filter{Meter: schema.Meter{Beats: 7, Unit: 8}, MaxTempoConfidence: 0.5}, Order: schema.ByWorth, Limit: 50,
		}),
		"page of failures": list(schema.Listing{Status: schema.Failed, Code: schema.Corrupt, Order: schema.ByAdded, Limit: 50}),
		"search by words": func(ctx context.Context) error {
			return list(schema.Listing{Text: fmt.Sprintf("song %d", rng.IntN(900)), Order: schema.ByWorth, Limit: 50})(ctx)
		},
		"nearest": func(ctx context.Context) error {
			_, err := s.Nearest(ctx, schema.Near{Space: scaleVersion, Vector: embeddings[rng.IntN(vectors)], Limit: 10})
			return err
		},
		"nearest of a key and tempo": func(ctx context.Context) error {
			_, err := s.Nearest(ctx, schema.Near{
				Space: scaleVersion, Vector: embeddings[rng.IntN(vectors)], Limit: 10,
				Keys: []schema.Key{key()}, Tempi: [][2]float64{{100, 110}},
			})
			return err
		},
	}
	names := make([]string, 0, len(queries))
	for name := range queries {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) { within(t, queries[name]) })
	}
	t.Run("recall", func(t *testing.T) { recall(t, s, embeddings) })
	t.Run("scan", func(t *testing.T) {
		began := time.Now()
		seen := 0
		for part := range s.Parts() {
			for _, err := range s.Scan(t.Context(), part, "") {
				if err != nil {
					t.Fatal(err)
				}
				seen++
			}
		}
		t.Logf("%d tracks scanned with their features in %.1f s", seen, time.Since(began).Seconds())
		if seen != tracks {
			t.Errorf("the scan met %d of %d tracks", seen, tracks)
		}
	})
}

// within runs a query 300 times after a warm-up.
func within(t *testing.T, query func(context.Context) error) {
	t.Helper()
	const runs, limit = 300, 200 * time.Millisecond
	took := make([]time.Duration, 0, runs)
	for i := range runs + 20 {
		began := time.Now()
		if err := query(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i >= 20 {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	p50, p99 := took[runs/2], took[runs*99/100]
	t.Logf("median %.1f ms, p99 %.1f ms", milliseconds(p50), milliseconds(p99))
	if p99 > limit {
		t.Errorf("99 of 100 take up to %v; want %v or less", p99, limit)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// recall holds the index's ten nearest against those of an exact search.
func recall(t *testing.T, s *cassandra.Store, embeddings [][]float32) {
	t.Helper()
	const queries, k = 100, 10
	rng := rand.New(rand.NewPCG(7, 8))
	hits := 0
	for range queries {
		v := blurred(rng, embeddings[rng.IntN(len(embeddings))])
		exact := schema.NewNearest(k)
		angle := schema.CosineTo(v)
		for i, w := range embeddings {
			exact.Add(schema.Neighbour{TrackID: scaleID(i), Similarity: angle(w)})
		}
		got, err := s.Nearest(t.Context(), schema.Near{Space: scaleVersion, Vector: v, Limit: k})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range exact.Ranked() {
			if slices.ContainsFunc(got, func(n schema.Neighbour) bool { return n.TrackID == want.TrackID }) {
				hits++
			}
		}
	}
	share := float64(hits) / queries / k
	t.Logf("recall at %d: %.3f", k, share)
	if share < 0.95 {
		t.Errorf("recall at %d is %.3f; want 0.95", k, share)
	}
}

func blurred(rng *rand.Rand, v []float32) []float32 {
	w := slices.Clone(v)
	for i := range w {
		w[i] += 0.02 * float32(rng.NormFloat64())
	}
	return w
}

// cursorDeepIn walks some pages into the listing by worth.
func cursorDeepIn(t *testing.T, s *cassandra.Store) (after string) {
	t.Helper()
	for range 20 {
		page, err := s.List(t.Context(), schema.Listing{Order: schema.ByWorth, Limit: 500, After: after})
		if err != nil {
			t.Fatal(err)
		}
		after = page.Next
	}
	return after
}

func scaleID(i int) schema.TrackID { return schema.TrackIDOf(fmt.Sprint("scale ", i)) }

// filler writes rows as the store does, without its checks, for speed.
type filler struct {
	rows     *gocql.Session
	keyspace string
}

// fill writes tracks, the first of them with as many vectors as asked for, which
// it returns; of the others every tenth failed.
func (f filler) fill(t *testing.T, tracks, vectors int) [][]float32 {
	t.Helper()
	embeddings := make([][]float32, vectors)
	all, ctx := errgroup.WithContext(t.Context())
	all.SetLimit(32)
	for i := range tracks {
		if ctx.Err() != nil {
			break
		}
		rng := rand.New(rand.NewPCG(uint64(i), 9))
		if i < vectors {
			embeddings[i] = direction(rng)
		}
		all.Go(func() error {
			if i < vectors {
				return f.track(ctx, i, rng, embeddings[i])
			}
			return f.track(ctx, i, rng, nil)
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := f.put(t.Context(), "INSERT INTO %s.spaces (name, space, length, model) VALUES ('all', ?, ?, true)",
		scaleVersion, schema.EmbeddingSize); err != nil {
		t.Fatal(err)
	}
	return embeddings
}

// direction is one of music's, roughly: recordings lie around some hundred centres.
func direction(rng *rand.Rand) []float32 {
	centre := rand.New(rand.NewPCG(uint64(rng.IntN(300)), 10))
	v := make([]float32, schema.EmbeddingSize)
	for i := range v {
		v[i] = float32(centre.NormFloat64() + 0.5*rng.NormFloat64())
	}
	return v
}

func (f filler) put(ctx context.Context, statement string, values ...any) error {
	return f.rows.Query(fmt.Sprintf(statement, f.keyspace), values...).ExecContext(ctx)
}

func (f filler) track(ctx context.Context, i int, rng *rand.Rand, embedding []float32) error {
	id, added := scaleID(i), time.UnixMilli(1_700_000_000_000+int64(i))
	failed := embedding == nil && i%10 == 9
	status, code := schema.Analysed, ""
	if failed {
		status, code = schema.Failed, string([]schema.Code{schema.Corrupt, schema.Silent}[rng.IntN(2)])
	}
	title := fmt.Sprintf("Song %d", i)
	if err := f.put(ctx, `INSERT INTO %s.tracks (track_id, source, title, artist, album, added_at, duration_s, status,
			failure_code, failure_message, model_version, updated_at) VALUES (?, ?, ?, ?, '', ?, 180, ?, ?, '', ?, ?)`,
		id, fmt.Sprintf("file:///music/%d.flac", i), title, fmt.Sprintf("Artist %d", i/20), added, status, code, scaleVersion, added); err != nil {
		return err
	}
	words := cassandra.Beginnings(title, fmt.Sprintf("Artist %d", i/20))
	if failed {
		for listing, rank := range map[schema.Order]float64{schema.ByWorth: 0, schema.ByAdded: float64(added.UnixMilli())} {
			if err := f.put(ctx, `INSERT INTO %s.listing (listing, bucket, rank, track_id, status, failure_code, words, key, meter, model_version)
					VALUES (?, ?, ?, ?, ?, ?, ?, '', '', '')`, listing, cassandra.BucketOf(id), rank, id, status, code, words); err != nil {
				return err
			}
		}
		return nil
	}
	key, meter := schema.Keys()[rng.IntN(24)].String(), []string{"4/4", "4/4", "4/4", "4/4", "3/4", "6/8", "7/8"}[rng.IntN(7)]
	bpm, confidence := 60+120*rng.Float64(), []float64{rng.Float64(), rng.Float64(), rng.Float64()}
	worth := float64(rng.IntN(3000)) / 1000
	result, err := json.Marshal(schema.Analysis{TrackID: id, ModelVersion: scaleVersion, Tempo: schema.Tempo{BPM: bpm}})
	if err != nil {
		return err
	}
	if err := f.put(ctx, "INSERT INTO %s.analyses (track_id, model_version, analysed_at, result) VALUES (?, ?, ?, ?)",
		id, scaleVersion, added, string(result)); err != nil {
		return err
	}
	if err := f.put(ctx, `INSERT INTO %s.features (track_id, tempo_bpm, tempo_confidence, key, key_confidence, meter, meter_confidence,
			loudness_db, duration_s, model_version, updated_at, worth, worth_reasons, revision) VALUES (?, ?, ?, ?, ?, ?, ?, -12, 180, ?, ?, ?, ?, 1)`,
		id, bpm, confidence[0], key, confidence[1], meter, confidence[2], scaleVersion, added, worth, []string{"tempo unsure"}); err != nil {
		return err
	}
	for listing, rank := range map[schema.Order]float64{schema.ByWorth: worth, schema.ByAdded: float64(added.UnixMilli())} {
		if err := f.put(ctx, `INSERT INTO %s.listing (listing, bucket, rank, track_id, status, failure_code, words, tempo_bpm, tempo_confidence,
				key, key_confidence, meter, meter_confidence, model_version) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?)`,
			listing, cassandra.BucketOf(id), rank, id, status, words, bpm, confidence[0], key, confidence[1], meter, confidence[2], scaleVersion); err != nil {
			return err
		}
	}
	if embedding == nil {
		return nil
	}
	return f.put(ctx, "INSERT INTO %s.vectors (track_id, space, embedding, tempo_bpm, key, meter) VALUES (?, ?, ?, ?, ?, ?)",
		id, scaleVersion, embedding, bpm, key, meter)
}

// flush has the tables written to disk, and waits until they are.
func (f filler) flush(t *testing.T) {
	t.Helper()
	for _, table := range []string{"tracks", "features", "listing", "vectors"} {
		if err := f.put(t.Context(), "ALTER TABLE %s."+table+" WITH memtable_flush_period_in_ms = 2000"); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(2 * time.Minute)
	for _, table := range []string{"tracks", "features", "listing", "vectors"} {
		for mebibytes := int64(0); mebibytes == 0; {
			if time.Now().After(deadline) {
				t.Fatalf("table %s is not on disk after two minutes", table)
			}
			time.Sleep(time.Second)
			if err := f.rows.Query("SELECT mebibytes FROM system_views.disk_usage WHERE keyspace_name = ? AND table_name = ?", f.keyspace, table).
				ScanContext(t.Context(), &mebibytes); err != nil {
				t.Fatal(err)
			}
			if mebibytes > 0 {
				t.Logf("table %s: %d MiB on disk", table, mebibytes)
			}
		}
	}
}
