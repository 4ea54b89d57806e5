package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"earworm/schema"
)

// integrity is what SQLite says of a whole file, and of links that lead nowhere.
func integrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		t.Errorf("integrity_check says %q, %v", says, err)
	}
	var broken int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil || broken != 0 {
		t.Errorf("%d foreign keys are broken, %v", broken, err)
	}
}

// labelled adds a track with the i-th label.
func labelled(ctx context.Context, s schema.Store, i int) error {
	source := fmt.Sprintf("file:///music/%d.wav", i)
	track := schema.Track{ID: schema.TrackIDOf(source), Source: source, Title: fmt.Sprint("Tune ", i)}
	_, err := s.AddTrack(ctx, track)
	return errors.Join(err, s.AddLabel(ctx, schema.Label{TrackID: track.ID, At: time.UnixMilli(int64(i)), Author: "ada", TempoBPM: 60}))
}

// allLabelled checks that of n tracks each has its label.
func allLabelled(t *testing.T, path string, n int) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	for i := range n {
		id := schema.TrackIDOf(fmt.Sprintf("file:///music/%d.wav", i))
		labels, err := s.TrackLabels(t.Context(), id)
		if err != nil || len(labels) != 1 || labels[0].Author != "ada" {
			t.Errorf("label %d of %d is %v, %v", i, n, labels, err)
		}
	}
	page, err := s.List(t.Context(), schema.Listing{Text: "tune", Order: schema.ByAdded, Limit: 500})
	if err != nil || len(page.Items) < min(n, 500) {
		t.Errorf("by their text %d tracks of %d are found, %v", len(page.Items), n, err)
	}
}

func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "store.db")
	s, other := open(t, path), open(t, path)
	defer s.Close()
	defer other.Close()
	var stop atomic.Bool
	var acknowledged atomic.Int64
	ended := make(chan error)
	go func() {
		for i := 0; !stop.Load(); i++ {
			if err := labelled(t.Context(), other, i); err != nil {
				ended <- err
				return
			}
			acknowledged.Store(int64(i + 1))
		}
		ended <- nil
	}()
	for range 5 {
		for before := acknowledged.Load(); acknowledged.Load() < before+20; {
			select {
			case err := <-ended:
				t.Fatal(err)
			case <-time.After(time.Millisecond):
			}
		}
		before := int(acknowledged.Load())
		backup := filepath.Join(folder, fmt.Sprint(before, ".db"))
		if err := s.Backup(t.Context(), backup); err != nil {
			t.Fatal(err)
		}
		integrity(t, backup)
		allLabelled(t, backup, before)
	}
	stop.Store(true)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestBackupReplacesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "store.db"))
	defer s.Close()
	taken := filepath.Join(folder, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), taken); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v; want %v", err, fs.ErrExist)
	}
	if raw, err := os.ReadFile(taken); err != nil || string(raw) != "mine" {
		t.Errorf("the file is now %q, %v", raw, err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".earworm*")); err != nil || left != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
