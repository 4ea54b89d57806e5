package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"earworm/cnn"
	"earworm/dsp/decode"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/cassandra"
	"earworm/schema/sqlite"
	"earworm/worker"
)

// sqliteSettings say where the embedded store is.
type sqliteSettings struct{ path string }

func (c *sqliteSettings) flags(s *settings) {
	s.text(&c.path, "store", "", "SQLite `file` of results (default: earworm.db in the user's data folder)")
}

// file is where the store is: the path given, in it where it is a folder, or
// the user's data folder.
func (c *sqliteSettings) file() (string, error) {
	const name = "earworm.db"
	if c.path == "" {
		folder, err := dataFolder()
		return filepath.Join(folder, name), err
	}
	if info, err := os.Stat(c.path); err == nil && info.IsDir() || os.IsPathSeparator(c.path[len(c.path)-1]) {
		return filepath.Join(c.path, name), nil
	}
	return c.path, nil
}

func (c *sqliteSettings) open(ctx context.Context) (schema.Store, error) {
	path, err := c.file()
	if err != nil {
		return nil, hinted{err, "--store PATH says where the store is"}
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, hinted{err, "--store PATH puts the store elsewhere"}
	}
	return store, nil
}

// dataFolder is where this user's data belongs on this system.
func dataFolder() (string, error) {
	if xdg := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "earworm"), nil
	}
	if runtime.GOOS == "windows" {
		if local := os.Getenv("LocalAppData"); local != "" {
			return filepath.Join(local, "earworm"), nil
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "earworm"), nil
	}
	return filepath.Join(home, ".local", "share", "earworm"), nil
}

// storeSettings choose between the embedded store and Cassandra.
type storeSettings struct {
	sqliteSettings
	cassandra cassandra.Config
}

func (c *storeSettings) flags(s *settings) {
	c.sqliteSettings.flags(s)
	s.list(&c.cassandra.Hosts, "cassandra", "Cassandra `hosts`, with commas between; in place of --store")
	s.text(&c.cassandra.Keyspace, "cassandra-keyspace", "earworm", "`keyspace` in Cassandra")
	s.choice(&c.cassandra.Consistency, "cassandra-consistency", []string{"LOCAL_QUORUM", "QUORUM", "ALL"}, "of reads and writes: LOCAL_QUORUM, QUORUM or ALL")
	s.text(&c.cassandra.Datacenter, "cassandra-datacenter", "", "`name` of the datacentre to talk to (default: any)")
	s.text(&c.cassandra.Username, "cassandra-username", "", "`name` to sign in to Cassandra with")
	s.secret(&c.cassandra.Password, "cassandra-password", "`password`; rather in EARWORM_CASSANDRA_PASSWORD")
	s.BoolVar(&c.cassandra.TLS.Enabled, "cassandra-tls", false, "encrypt connections to Cassandra")
	s.setting("cassandra-tls")
	s.text(&c.cassandra.TLS.CA, "cassandra-ca", "", "`file` of authorities to trust, PEM (default: the system's)")
	s.text(&c.cassandra.TLS.Cert, "cassandra-cert", "", "`file` of the client's certificate, PEM")
	s.text(&c.cassandra.TLS.Key, "cassandra-key", "", "`file` of the client's key, PEM")
}

func (c *storeSettings) fleet() bool { return len(c.cassandra.Hosts) > 0 }

func (c *storeSettings) open(ctx context.Context) (schema.Store, error) {
	if !c.fleet() {
		return c.sqliteSettings.open(ctx)
	}
	store, err := cassandra.Open(ctx, c.cassandra)
	switch {
	case errors.Is(err, cassandra.ErrOlder):
		return nil, hinted{err, "earworm migrate brings it up to date"}
	case err != nil:
		return nil, err
	}
	return store, nil
}

// kind says in a word which store it is.
func (c *storeSettings) kind() string {
	if c.fleet() {
		return "cassandra"
	}
	return "sqlite"
}

// name says in a word and an address which store it is.
func (c *storeSettings) name() string {
	if c.fleet() {
		return "cassandra at " + strings.Join(c.cassandra.Hosts, ",")
	}
	path, err := c.file()
	if err != nil {
		return "sqlite"
	}
	return "sqlite at " + path
}

// queueSettings choose between the in-process queue and Redis.
type queueSettings struct {
	redis string
	tls   queue.TLS
	most  int
}

func (c *queueSettings) flags(s *settings) {
	s.secret(&c.redis, "redis", "`URL` of the queue's Redis: redis://host:port/db, rediss://… (TLS), redis-sentinel://…")
	s.text(&c.tls.CA, "redis-ca", "", "`file` of authorities to trust, PEM (default: the system's)")
	s.text(&c.tls.Cert, "redis-cert", "", "`file` of the client's certificate, PEM")
	s.text(&c.tls.Key, "redis-key", "", "`file` of the client's key, PEM")
	s.count(&c.most, "most-waiting", 1_000_000, 1, "`number` of tracks that may wait for workers; who hands more in is to come back later")
}

// open opens the queue and makes sure that it answers.
func (c *queueSettings) open(ctx context.Context, config queue.Config) (*queue.Queue, error) {
	config.Redis, config.TLS, config.MostWaiting = c.redis, c.tls, c.most
	q, err := queue.Open(config)
	if err != nil {
		return nil, usageError{err}
	}
	if err := q.Ping(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

// name is the queue's server, without what signs in to it.
func (c *queueSettings) name() string {
	if c.redis == "" {
		return "redis in this process"
	}
	_, address, ok := strings.Cut(c.redis, "://")
	if !ok {
		address = c.redis
	}
	address = address[strings.LastIndexByte(address, '@')+1:]
	if end := strings.IndexAny(address, "/?"); end > 0 {
		address = address[:end]
	}
	return "redis at " + address
}

// workSettings say how a track is fetched and decoded, and by how many at once.
type workSettings struct {
	decoder     string
	ffmpeg      string
	concurrency int
	maxBytes    int64
	maxDuration time.Duration
	timeout     time.Duration
	pictures    bool
	sources     sourceSettings
}

func (c *workSettings) flags(s *settings) {
	s.choice(&c.decoder, "decoder", []string{"auto", "native", "ffmpeg"}, "auto (in Go where we can, else ffmpeg), native or ffmpeg")
	s.text(&c.ffmpeg, "ffmpeg", "", "`path` of ffmpeg (default: looked up in PATH)")
	s.count(&c.concurrency, "concurrency", runtime.GOMAXPROCS(0), 1, "tracks worked on at once")
	s.size(&c.maxBytes, "max-bytes", 2<<30, "largest file")
	s.span(&c.maxDuration, "max-duration", 2*time.Hour, "longest recording")
	s.span(&c.timeout, "decode-timeout", 5*time.Minute, "longest time that decoding one file may take")
	s.BoolVar(&c.pictures, "pictures", true, "draw each track for the pages; 60 kB of store for each minute")
	s.setting("pictures")
	c.sources.flags(s)
}

func (c *workSettings) decode() decode.Options {
	return decode.Options{Decoder: c.decoder, FFmpeg: c.ffmpeg, MaxDuration: c.maxDuration, MaxBytes: c.maxBytes, Timeout: c.timeout}
}

// worker is what handles the jobs; log may be nil.
func (c *workSettings) worker(store schema.Store, model *cnn.Model, log *slog.Logger) (*worker.Worker, error) {
	opener, err := c.sources.opener(c.maxBytes)
	if err != nil {
		return nil, err
	}
	w := &worker.Worker{Source: opener, Decode: c.decode(), Model: model, Store: store, Log: log}
	if c.pictures {
		w.NewRecorder, w.Pictures = cnn.NewRecorder, store
	}
	return w, nil
}

// logSettings say what a service writes to stderr.
type logSettings struct{ level, format string }

func (c *logSettings) flags(s *settings) {
	s.choice(&c.level, "log-level", []string{"info", "debug", "warn", "error"}, "debug, info, warn or error")
	s.choice(&c.format, "log-format", []string{"text", "json"}, "text or json")
}

func (c *logSettings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.level)); err != nil {
		panic("earworm: log level " + c.level) // one of the accepted words
	}
	options := &slog.HandlerOptions{Level: level}
	if c.format == "json" {
		return slog.New(tracedLog{slog.NewJSONHandler(w, options)})
	}
	return slog.New(tracedLog{slog.NewTextHandler(w, options)})
}

// jobOf is the job that analyses a track of the catalogue.
func jobOf(t schema.Track, modelVersion string, lane queue.Lane, force bool) queue.Job {
	return queue.Job{TrackID: t.ID, Source: t.Source, ModelVersion: modelVersion, Lane: lane, Force: force}
}

// refill enqueues the tracks that the store calls pending: a queue that was
// lost, or an enqueuer that died half-way, loses none. Jobs that wait or run
// already are not added twice. Tracks that came after a time may be in the midst
// of being handed in, with what else their job is to carry: they are left for later,
// and so is what a full queue has no room for.
func refill(ctx context.Context, store schema.Tracks, q *queue.Queue, modelVersion string, before time.Time) (added, left int, err error) {
	for t, err := range store.AllTracks(ctx) {
		if err != nil {
			return added, left, fmt.Errorf("look for pending tracks: %w", err)
		}
		if t.Status != schema.Pending {
			continue
		}
		if !t.AddedAt.Before(before.Truncate(time.Millisecond)) {
			left++
			continue
		}
		if err := q.Room(ctx); errors.Is(err, queue.ErrFull) {
			return added, left + 1, nil
		} else if err != nil {
			return added, left, err
		}
		fresh, err := q.Enqueue(ctx, jobOf(t, modelVersion, queue.Ingest, false))
		if err != nil {
			return added, left, err
		}
		if fresh {
			added++
		}
	}
	return added, left, nil
}

// closing joins an error with that of closing something after it.
func closing(err *error, end func() error) {
	*err = errors.Join(*err, end())
}
