package queue

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"earworm/schema"
)

// sending collects webhooks, until stop.
func sending(t *testing.T, q *Queue, send func(Webhook) error) (sent func() []Webhook, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var got []Webhook
	var run sync.WaitGroup
	run.Go(func() {
		if err := q.RunWebhooks(ctx, func(_ context.Context, w Webhook) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, w)
			return send(w)
		}); err != nil {
			t.Errorf("RunWebhooks: %v", err)
		}
	})
	return func() []Webhook { mu.Lock(); defer mu.Unlock(); return got }, func() { cancel(); run.Wait() }
}

func enqueueFor(t *testing.T, q *Queue, j Job, url string) bool {
	t.Helper()
	added, err := q.EnqueueFor(t.Context(), j, url)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func TestWebhooksFollowTheEndOfAJob(t *testing.T) {
	t.Parallel()
	cases := map[string]func(Delivery) error{
		"done":                 func(Delivery) error { return nil },
		"failed for good":      func(Delivery) error { return schema.Fail(schema.Silent, "no sound") },
		"transient, then done": func(d Delivery) error { return ifBefore(d, 2, errors.New("store is away")) },
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{FirstRetry: 2 * time.Second})
				if !enqueueFor(t, q, job("a"), "https://one") || enqueueFor(t, q, job("a"), "https://two") {
					t.Error("the same job was added twice, or not at all")
				}
				enqueue(t, q, job("b")) // nobody is to be told of it
				sent, stopSending := sending(t, q, func(Webhook) error { return nil })
				r := &record{answer: func(_ context.Context, d Delivery) error { return answer(d) }}
				time.Sleep(5 * time.Second)
				if len(sent()) > 0 {
					t.Error("told before the end")
				}
				stop := start(t, q, r.handle)
				time.Sleep(20 * time.Second)
				stop()
				stopSending()
				urls := map[string]int{}
				for _, w := range sent() {
					urls[w.URL]++
					if w.TrackID != "a" || w.ModelVersion != job("a").ModelVersion || w.ID == "" {
						t.Errorf("told %+v", w)
					}
				}
				if len(urls) != 2 || urls["https://one"] != 1 || urls["https://two"] != 1 {
					t.Errorf("told %v; want each once", urls)
				}
			})
		})
	}
}

// TestWebhookAskedForWhileTheJobEnds: between its outcome and its removal from
// the queue a job is there and yet has told already.
func TestWebhookAskedForWhileTheJobEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{})
		enqueue(t, q, job("a"))
		r := &record{answer: func(ctx context.Context, _ Delivery) error {
			if err := q.tell(ctx, job("a").ID()); err != nil {
				t.Error(err)
			}
			if added, err := q.EnqueueFor(ctx, job("a"), "https://late"); err != nil || added {
				t.Errorf("a job that runs was added: %v, error %v", added, err)
			}
			return nil
		}}
		sent, stopSending := sending(t, q, func(Webhook) error { return nil })
		stop := start(t, q, r.handle)
		time.Sleep(10 * time.Second)
		stop()
		stopSending()
		if got := sent(); len(got) != 1 || got[0].URL != "https://late" {
			t.Errorf("told %+v; want it once", got)
		}
	})
}

func TestWebhooksAreTriedAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		send     func(n int) error
		attempts int
	}{
		"until they are taken": {func(n int) error {
			if n < 3 {
				return errors.New("500")
			}
			return nil
		}, 3},
		"unless that is of no use": {func(int) error { return schema.Fail(schema.NotFound, "410") }, 1},
		"twelve times at most":     {func(int) error { return errors.New("500") }, webhookAttempts},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{PollInterval: 5 * time.Second})
				enqueueFor(t, q, job("a"), "https://one")
				stop := start(t, q, (&record{}).handle)
				time.Sleep(20 * time.Second)
				stop()
				n, ids := 0, map[string]bool{}
				sent, stopSending := sending(t, q, func(w Webhook) error { n++; ids[w.ID] = true; return c.send(n) })
				time.Sleep(90 * time.Minute)
				stopSending()
				if len(sent()) != c.attempts || len(ids) != 1 {
					t.Errorf("%d attempts under %d identifiers; want %d under one", len(sent()), len(ids), c.attempts)
				}
			})
		})
	}
}
