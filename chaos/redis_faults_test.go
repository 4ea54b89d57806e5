//go:build chaos

package chaos

import (
	"testing"
	"time"
)

// TestRedisKilled: Redis dies in the middle of the work, three times, and comes
// back with its append-only file.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	for i := range 3 {
		f.until((i + 1) * n / 10)
		f.redis.kill(t)
		<-time.After(wait(2*time.Second, 20*time.Second))
		f.redis.start(t)
	}
	f.account(nil)
	f.stop()
}

// TestRedisLost: Redis comes back with nothing. The jobs come back from the
// store, without anybody starting a worker anew, and tracks can be handed in.
func TestRedisLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 5)
	if err := f.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.account(nil)
	f.stop()
}

// TestRedisFull: Redis refuses to hold more. Nobody is told that a job was
// taken that was not, and when there is room again all goes on.
func TestRedisFull(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.redis.config(t, "maxmemory-policy", "noeviction")
	f.redis.config(t, "maxmemory", "1mb")
	<-time.After(wait(20*time.Second, 2*time.Minute))
	f.redis.config(t, "maxmemory", "0")
	f.account(nil)
	f.stop()
}

// TestRedisSilent: requests reach Redis and are carried out, and their answers
// are lost, for longer than a lease; then connections are cut at random.
func TestRedisSilent(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.toRedis.set(faults{silent: true})
	<-time.After(wait(40*time.Second, 90*time.Second))
	f.toRedis.set(faults{cutEvery: 40})
	<-time.After(wait(10*time.Second, 30*time.Second))
	f.toRedis.set(faults{})
	f.account(nil)
	f.stop()
}

func (r *redisServer) config(t *testing.T, name, value string) {
	t.Helper()
	if err := r.ConfigSet(t.Context(), name, value).Err(); err != nil {
		t.Fatal(err)
	}
}
