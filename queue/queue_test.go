package queue

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"earworm/schema"
)

func TestSameJobIsNotAddedTwice(t *testing.T) {
	t.Parallel()
	forced := job("a")
	forced.Force = true
	newer := job("a")
	newer.ModelVersion = "m2"
	cases := map[string]struct {
		first, second Job
		added         bool
		ingest, batch int
	}{
		"same lane":                    {job("a"), job("a"), false, 1, 0},
		"forced":                       {job("a"), forced, false, 1, 0},
		"batch asks for what waits":    {job("a"), batchJob("a"), false, 1, 0},
		"ingest asks what batch has":   {batchJob("a"), job("a"), true, 1, 0},
		"other track":                  {job("a"), job("b"), true, 2, 0},
		"other model version":          {job("a"), newer, true, 2, 0},
		"other track in the other one": {job("a"), batchJob("b"), true, 1, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := Open(Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer q.Close()
			enqueue(t, q, c.first)
			if added, err := q.Enqueue(t.Context(), c.second); added != c.added || err != nil {
				t.Errorf("added = %v, %v; want %v", added, err, c.added)
			}
			if i, r := lane(t, q, Ingest).Waiting, lane(t, q, Reprocess).Waiting; i != c.ingest || r != c.batch {
				t.Errorf("%d and %d wait, want %d and %d", i, r, c.ingest, c.batch)
			}
		})
	}
}

func TestJobTakenFromABatchKeepsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{})
		old := batchJob("a")
		old.Batch, old.Force = "b1", true
		enqueue(t, q, old, job("a"))
		r := &record{}
		stop := start(t, q, r.handle)
		time.Sleep(5 * time.Second)
		stop()
		if len(r.got) != 1 || r.got[0].Batch != "b1" || !r.got[0].Force || r.got[0].Lane != Ingest {
			t.Errorf("delivered %+v", r.got)
		}
	})
}

func TestEndedJobCanBeAddedAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]func(context.Context, Delivery) error{
		"done":            nil,
		"failed for good": func(context.Context, Delivery) error { return schema.Fail(schema.Silent, "no sound") },
		"out of attempts": func(context.Context, Delivery) error { return errors.New("store is away") },
	}
	for name, answer := range cases {
		for _, again := range Lanes() {
			t.Run(name+", then "+string(again), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					q := newFleet(t).queue(Config{Attempts: 1})
					r := &record{answer: answer}
					stop := start(t, q, r.handle)
					j := job("a")
					for range 3 {
						enqueue(t, q, j)
						time.Sleep(5 * time.Second)
						j.Lane = again
					}
					stop()
					if len(r.got) != 3 || r.got[2].Attempt != 1 {
						t.Errorf("delivered %+v", r.got)
					}
					if dead := lane(t, q, Ingest).Dead + lane(t, q, Reprocess).Dead; answer != nil && dead != 1 {
						t.Errorf("%d dead letters of one job, want the newest", dead)
					}
				})
			})
		}
	}
}

// asynq publishes a lane's name once in a process's life. A Redis that has lost
// it must not make the same job's second enqueueing go round for ever.
func TestEnqueueAfterRedisLostAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		q := f.queue(Config{})
		enqueue(t, q, job("a"))
		f.server.FlushAll()
		enqueue(t, q, job("a"))
		if added, err := q.Enqueue(t.Context(), job("a")); added || err != nil {
			t.Errorf("enqueued twice: %v, %v", added, err)
		}
		if s := lane(t, q, Ingest); s.Waiting != 1 {
			t.Errorf("status %+v, want one waiting", s)
		}
	})
}

func TestRunningJobIsNotAddedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{})
		enqueue(t, q, batchJob("a"))
		stop := start(t, q, taking(10*time.Second))
		time.Sleep(5 * time.Second)
		for _, j := range []Job{job("a"), batchJob("a")} {
			if added, err := q.Enqueue(t.Context(), j); added || err != nil {
				t.Errorf("%s: added = %v, %v", j.Lane, added, err)
			}
		}
		stop()
	})
}

func TestEnqueueRefusesWhatIsNoJob(t *testing.T) {
	t.Parallel()
	q, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for want, spoil := range map[string]func(*Job){
		"track_id is \"\"":            func(j *Job) { j.TrackID = "" },
		"track_id is \"a b\"":         func(j *Job) { j.TrackID = "a b" },
		"source of track a is empty":  func(j *Job) { j.Source = "" },
		"lane is \"fast\"; want":      func(j *Job) { j.Lane = "fast" },
		"model_version is \"\\n\"; w": func(j *Job) { j.ModelVersion = "\n" },
	} {
		j := job("a")
		spoil(&j)
		if _, err := q.Enqueue(t.Context(), j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRetryAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		attempt int
		chance  float64
		want    time.Duration
	}{
		"first":                {1, 0, 5 * time.Second},
		"first, all chance":    {1, 1, 2500 * time.Millisecond},
		"second":               {2, 0, 10 * time.Second},
		"fourth, half chance":  {4, 0.5, 30 * time.Second},
		"at the limit":         {8, 0, 10 * time.Minute},
		"far beyond the limit": {math.MaxInt32, 0, 10 * time.Minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := retryAt(now, c.attempt, 5*time.Second, 10*time.Minute, c.chance).Sub(now)
			if got != c.want {
				t.Errorf("after %v, want %v", got, c.want)
			}
		})
	}
}

// Nothing answers at an address: one line, without the password, soon.
func TestUnreachableRedisIsOneClearLine(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	const refused, sentinels = ": connection refused", ": no sentinel answers"
	for name, c := range map[string]struct{ redis, want string }{
		"bare":     {at, at + refused},
		"redis":    {"redis://me:hush@" + at + "/1", at + refused},
		"rediss":   {"rediss://me:hush@" + at + "/1", at + refused},
		"sentinel": {"redis-sentinel://me:hush@" + at + "?master=main", at + sentinels},
		"cluster":  {"redis://me:hush@" + at + "," + at, at + "," + at + refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := Open(Config{Redis: c.redis, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer q.Close()
			_, enqueued := q.Enqueue(t.Context(), job("a"))
			_, status := q.Status(t.Context())
			want := "redis at " + c.want
			for _, op := range []struct {
				name, want string
				err        error
			}{
				{"ping", want, q.Ping(t.Context())},
				{"run", want, q.Run(t.Context(), nil)},
				{"status", want, status},
				{"enqueue", "enqueue track a: " + want, enqueued},
			} {
				if op.err == nil || op.err.Error() != op.want {
					t.Errorf("%s:\ngot  %v\nwant %s", op.name, op.err, op.want)
				}
			}
		})
	}
}

func TestConfigNamesTheField(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		"concurrency is -2; want 1 or more":                 {Concurrency: -2},
		"attempts is -1; want 1 or more":                    {Attempts: -1},
		"job_timeout is 1ms; want 1s or more":               {JobTimeout: time.Millisecond},
		"grace is -1s; want 1ms or more":                    {Grace: -time.Second},
		"first_retry is -1s; want 1ms or more":              {FirstRetry: -time.Second},
		"max_retry is 1s; want first_retry (5s) or more":    {MaxRetry: time.Second},
		"poll_interval is 1ns; want 1ms or more":            {PollInterval: 1},
		`redis address begins with "http"; want redis, red`: {Redis: "http://me:hush@h"},
		"redis address names no master; want redis-sentine": {Redis: "redis-sentinel://me:hush@h"},
		"redis address names database 3; a cluster has onl": {Redis: "redis://me:hush@h,i/3"},
		"redis address cannot be read; want host:port or r": {Redis: "redis://me:hu/sh@h"},
		`redis address: invalid database number: "x"`:       {Redis: "redis://me:hush@h/x"},
		"redis address: unexpected option: hosh":            {Redis: "redis://me:hush@h?hosh=1"},
		"redis tls has one of cert and key; want both or n": {Redis: "rediss://me:hush@h", TLS: TLS{Key: "a.key"}},
		"redis tls has files and the address is one withou": {Redis: "redis://me:hush@h", TLS: TLS{CA: "ca.pem"}},
		"redis tls has files and there is no address; want": {TLS: TLS{CA: "ca.pem"}},
		"read the authorities of redis: open no/ca.pem: no": {Redis: "rediss://me:hush@h", TLS: TLS{CA: "no/ca.pem"}},
		`the authorities of redis in "queue.go" cannot be `: {Redis: "rediss://me:hush@h", TLS: TLS{CA: "queue.go"}},
		"read the certificate for redis: open no/cert.pem:": {Redis: "rediss://me:hush@h", TLS: TLS{Cert: "no/cert.pem", Key: "no/key.pem"}},
	} {
		_, err := Open(c)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hu") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		in, name, user, password, master, sentinelPassword string
		db                                                 int
		tls                                                bool
	}{
		"bare":          {in: "h", name: "h:6379"},
		"bare v6":       {in: "[::1]:1", name: "[::1]:1"},
		"full":          {in: "redis://me:a%2Fb@h:1/2", name: "h:1", user: "me", password: "a/b", db: 2},
		"tls":           {in: "rediss://:b@h/2", name: "h:6379", password: "b", db: 2, tls: true},
		"cluster, tls":  {in: "rediss://me:b@h:1,i:2", name: "h:1,i:2", user: "me", password: "b", tls: true},
		"sentinel, tls": {in: "rediss-sentinel://:b@h?master=m", name: "h:26379", password: "b", sentinelPassword: "b", master: "m", tls: true},
		"cluster":       {in: "redis://me:b@h:1,i:2", name: "h:1,i:2", user: "me", password: "b"},
		"socket":        {in: "unix://me:b@/run/redis.sock?db=4", name: "/run/redis.sock", user: "me", password: "b", db: 4},
		"sentinel":      {in: "redis-sentinel://:b@h,i:2/3?master=m", name: "h:26379,i:2", password: "b", sentinelPassword: "b", master: "m", db: 3},
		"sentinel, other password": {
			in: "redis-sentinel://:b@h?master=m&sentinel_password=c", name: "h:26379", password: "b", sentinelPassword: "c", master: "m",
		},
		"sentinel, no password of its own": {
			in: "redis-sentinel://:b@h?master=m&sentinel_password=", name: "h:26379", password: "b", master: "m",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := parseAddress(c.in)
			if err != nil {
				t.Fatal(err)
			}
			o := a.options
			if a.name != c.name || strings.Join(o.Addrs, ",") != c.name || o.Username != c.user || o.Password != c.password ||
				o.DB != c.db || o.MasterName != c.master || o.SentinelPassword != c.sentinelPassword || (o.TLSConfig != nil) != c.tls {
				t.Errorf("got %q, %+v", a.name, o)
			}
		})
	}
}

func TestMonitorServesTheQueues(t *testing.T) {
	t.Parallel()
	q, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	enqueue(t, q, job("a"))
	server := httptest.NewServer(q.Monitor("/queues"))
	defer server.Close()
	for path, want := range map[string]string{
		"/queues/": "<html",
		"/queues/api/queues/ingest/pending_tasks":  "file:///a",
		"/queues/api/queues/ingest/tasks/a@m1":     `"state":"pending"`,
		"/queues/api/redis_info":                   "total_connections_received",
		"/queues/api/queues/reprocess/never_known": "",
	} {
		if _, body := ask(t, http.MethodGet, server.URL+path, ""); !strings.Contains(body, want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	remove := server.URL + "/queues/api/queues/ingest/pending_tasks/a@m1"
	if status, _ := ask(t, http.MethodDelete, remove, "cross-site"); status != http.StatusForbidden || lane(t, q, Ingest).Waiting != 1 {
		t.Errorf("another site's request was answered with %d", status)
	}
	if status, _ := ask(t, http.MethodDelete, remove, "same-origin"); status/100 != 2 || lane(t, q, Ingest).Waiting != 0 {
		t.Errorf("the page's own request was answered with %d", status)
	}
}

// ask sends a request as a browser does that shows a page of some site.
func ask(t *testing.T, method, url, site string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", site)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(content)
}

// What is read as a job is written and read again as the same job.
func FuzzParseJob(f *testing.F) {
	f.Add([]byte(`{"track_id":"a","source":"file:///a","lane":"ingest"}`))
	f.Add([]byte(`{"track_id":"a","source":"file:///a","model_version":"m1","lane":"reprocess","batch":"b","force":true,"new":1}`))
	f.Add([]byte(`{"track_id":"a","source":"\ud800","lane":"ingest"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		j, err := parseJob(payload)
		if err != nil {
			return
		}
		again, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parseJob(again); err != nil || back != j {
			t.Fatalf("%s became %+v, %v", again, back, err)
		}
	})
}

func TestSkewOfAClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for theirs, want := range map[time.Duration]time.Duration{
		-time.Minute:     -time.Minute,
		0:                0,
		time.Second:      0, // read while the answer was on its way
		2 * time.Second:  0,
		62 * time.Second: time.Minute,
	} {
		if got := skew(noon, noon.Add(2*time.Second), noon.Add(theirs)); got != want {
			t.Errorf("a clock at %v: skew %v; want %v", theirs, got, want)
		}
	}
}
