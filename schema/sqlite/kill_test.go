package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"earworm/schema/sqlite"
)

// toKill names, in the environment, the file that this program writes to until it is killed.
const toKill = "EARWORM_TEST_WRITE_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(toKill); path != "" {
		fmt.Fprintln(os.Stderr, writeOn(context.Background(), path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeOn adds labels from the first that is missing, and prints the number of
// each that was acknowledged.
func writeOn(ctx context.Context, path string) error {
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	n, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	for i := max(0, n.Tracks-1); ; i++ { // the last track may have no label yet
		if err := labelled(ctx, s, i); err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, i)
	}
}

func TestKilledWhileItWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	last := -1
	for round := range 8 {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), toKill+"="+path)
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		began := last
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if last, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if last == began+10+7*round {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != -1 {
			t.Fatalf("the writer ended by itself: %v", c.ProcessState)
		}
		if last <= began {
			t.Fatal("nothing was written")
		}
		allLabelled(t, path, last+1)
		integrity(t, path)
	}
}
