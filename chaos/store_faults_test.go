//go:build chaos

package chaos

import (
	"testing"
	"time"
)

// TestStoreAway: Cassandra refuses every connection for longer than the
// retries of a job take.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.toStore.set(faults{refuse: true})
	<-time.After(wait(30*time.Second, 3*time.Minute))
	f.toStore.set(faults{})
	f.account(nil)
	f.stop()
}

// TestStoreSlow: every answer of Cassandra takes half a second more.
func TestStoreSlow(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.toStore.set(faults{delay: 500 * time.Millisecond})
	<-time.After(wait(15*time.Second, 2*time.Minute))
	f.toStore.set(faults{})
	f.account(nil)
	f.stop()
}

// TestStoreUnknown: writes reach Cassandra and their answers do not come, so
// that nobody knows what became of them: lost in silence, then with their
// connection.
func TestStoreUnknown(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n / 10)
	f.toStore.set(faults{silent: true})
	<-time.After(wait(15*time.Second, time.Minute))
	f.toStore.set(faults{cutEvery: 30})
	<-time.After(wait(15*time.Second, time.Minute))
	f.toStore.set(faults{})
	f.account(nil)
	f.stop()
}
