//go:build scale

package cassandra_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"golang.org/x/sync/errgroup"

	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/cassandra/cassandratest"
)

// filled opens a store of many tracks, all of them on disk, and gives the
// vectors of the first of them.
func filled(t *testing.T) (s *cassandra.Store, embeddings [][]float32, tracks int) {
	t.Helper()
	c := config(t)
	if kept := os.Getenv("EARWORM_SCALE_KEYSPACE"); kept != "" {
		c.Keyspace = kept
	}
	c.PageSize = 500
	migrate(t, c)
	s = open(t, c)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tracks, vectors := number(t, "EARWORM_SCALE_TRACKS", 200_000), number(t, "EARWORM_SCALE_VECTORS", 100_000)
	f := filler{rows: cassandratest.Connect(t, c.Hosts[0]), keyspace: c.Keyspace}
	if _, err := s.TrackVector(t.Context(), scaleID(0), scaleVersion); errors.Is(err, schema.ErrNotFound) {
		began := time.Now()
		f.fill(t, tracks, vectors)
		t.Logf("%d tracks, %d vectors written in %.0f s", tracks, vectors, time.Since(began).Seconds())
		f.flush(t)
	} else if err != nil {
		t.Fatal(err)
	}
	embeddings = make([][]float32, vectors)
	for i := range embeddings {
		embeddings[i] = direction(chance(i))
	}
	return s, embeddings, tracks
}

func scaleID(i int) schema.TrackID { return schema.TrackIDOf(fmt.Sprint("scale ", i)) }

// chance is that of one track, always the same.
func chance(i int) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), 9)) }

// word is one of 8,000, the first of them far oftener than the last.
func word(rng *rand.Rand) string {
	x := rng.Float64()
	n := int(8000 * x * x * x)
	syllables := []string{"ma", "lo", "ri", "den", "ka", "su", "tor", "ve", "bal", "ni", "ho", "jen", "po", "sha", "gu", "fi", "ra", "tel", "mu", "os"}
	return syllables[n%20] + syllables[n/20%20] + syllables[n/400]
}

// filler writes rows as the store does, without its checks, for speed.
type filler struct {
	rows     *gocql.Session
	keyspace string
}

// fill writes tracks, the first of them with as many vectors as asked for; of
// the others every tenth failed. The space comes last: where it is, all is.
// A fill that broke off goes on where it was.
func (f filler) fill(t *testing.T, tracks, vectors int) {
	t.Helper()
	const atOnce = 32
	all, ctx := errgroup.WithContext(t.Context())
	all.SetLimit(atOnce)
	done := sort.Search(tracks, func(i int) bool {
		var source string
		err := f.rows.Query("SELECT source FROM "+f.keyspace+".tracks WHERE track_id = ?", scaleID(i)).ScanContext(ctx, &source)
		if err != nil && !errors.Is(err, gocql.ErrNotFound) {
			t.Fatal(err)
		}
		return err != nil
	})
	t.Logf("%d tracks are there already", done)
	for i := max(0, done-2*atOnce); i < tracks; i++ {
		if ctx.Err() != nil {
			break
		}
		all.Go(func() error {
			rng := chance(i)
			embedding := direction(rng)
			if i >= vectors {
				embedding = nil
			}
			return f.track(ctx, i, rng, embedding)
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := f.put(t.Context(), "INSERT INTO %s.spaces (name, space, length, model) VALUES ('all', ?, ?, true)",
		scaleVersion, schema.EmbeddingSize); err != nil {
		t.Fatal(err)
	}
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

// put writes a row, again where a server with much to do lets it wait too long.
func (f filler) put(ctx context.Context, statement string, values ...any) (err error) {
	for range 60 {
		err = f.rows.Query(fmt.Sprintf(statement, f.keyspace), values...).ExecContext(ctx)
		if _, late := errors.AsType[*gocql.RequestErrWriteTimeout](err); !late {
			return err
		}
		time.Sleep(time.Second)
	}
	return err
}

func (f filler) track(ctx context.Context, i int, rng *rand.Rand, embedding []float32) error {
	id, added := scaleID(i), time.UnixMilli(1_700_000_000_000+int64(i))
	failed := embedding == nil && i%10 == 9
	status, code := schema.Analysed, ""
	if failed {
		status, code = schema.Failed, string([]schema.Code{schema.Corrupt, schema.Silent}[rng.IntN(2)])
	}
	title, artist, album := word(rng)+" "+word(rng)+" "+word(rng), word(rng)+" "+word(rng), word(rng)+" "+word(rng)
	source := fmt.Sprintf("file:///music/%s/%s/%03d.flac", strings.ReplaceAll(artist, " ", "-"), strings.ReplaceAll(album, " ", "-"), i)
	if err := f.put(ctx, `INSERT INTO %s.tracks (track_id, source, title, artist, album, added_at, duration_s, status,
			failure_code, failure_message, model_version, updated_at) VALUES (?, ?, ?, ?, ?, ?, 180, ?, ?, '', ?, ?)`,
		id, source, title, artist, album, added, status, code, scaleVersion, added); err != nil {
		return err
	}
	words := cassandra.Beginnings(title, artist, album, source)
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

// flush has the tables written to disk, and waits until they are, and as
// compact as they are going to be.
func (f filler) flush(t *testing.T) {
	t.Helper()
	tables := []string{"tracks", "analyses", "features", "listing", "vectors"}
	for _, table := range tables {
		if err := f.put(t.Context(), "ALTER TABLE %s."+table+" WITH memtable_flush_period_in_ms = 2000"); err != nil {
			t.Fatal(err)
		}
	}
	const quiet = 10 // s, well above the period
	deadline := time.Now().Add(20 * time.Minute)
	for still := 0; still < quiet; still++ {
		if time.Now().After(deadline) {
			t.Fatal("the tables are not on disk after 20 minutes")
		}
		time.Sleep(time.Second)
		var tasks int
		if err := f.rows.Query("SELECT count(*) FROM system_views.sstable_tasks WHERE keyspace_name = ?", f.keyspace).
			ScanContext(t.Context(), &tasks); err != nil {
			t.Fatal(err)
		}
		if tasks > 0 {
			still = -1
		}
	}
	for _, table := range tables {
		var mebibytes int64
		if err := f.rows.Query("SELECT mebibytes FROM system_views.disk_usage WHERE keyspace_name = ? AND table_name = ?", f.keyspace, table).
			ScanContext(t.Context(), &mebibytes); err != nil {
			t.Fatal(err)
		}
		if mebibytes == 0 {
			t.Errorf("table %s is not on disk", table)
		}
		t.Logf("table %s: %d MiB on disk", table, mebibytes)
	}
}
