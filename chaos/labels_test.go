//go:build chaos

package chaos

import (
	"path/filepath"
	"testing"
)

// TestLabelsWhileReprocessed: people correct tracks at the very time that the
// whole catalogue is heard again.
func TestLabelsWhileReprocessed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	f.start(4, nil)
	f.until(n)
	again := f.launch(program, []string{"enqueue", "--force", "--lane", "reprocess", filepath.Join(f.dir, "music")})
	for over := false; len(f.labels) < n && !over; {
		f.labelSome(1)
		select {
		case <-again.done:
			over = f.idle()
		default:
		}
	}
	if <-again.done; again.err != nil {
		t.Fatal(again.err)
	}
	t.Logf("%d labels were given while %d tracks were heard again", len(f.labels)-n/20, n)
	f.account(nil)
	f.stop()
}
