package main

import (
	"path/filepath"
	"testing"

	"earworm/cnn"
	"earworm/schema/sqlite"
)

// A worker draws unless pictures are not wanted.
func TestPicturesAreDrawnUnlessNotWanted(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	model, err := cnn.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []bool{true, false} {
		c := workSettings{pictures: wanted}
		w, err := c.worker(store, model, nil)
		if err != nil {
			t.Fatal(err)
		}
		if (w.NewRecorder != nil) != wanted || (w.Pictures != nil) != wanted {
			t.Errorf("pictures wanted: %v; the worker has %v", wanted, w.Pictures)
		}
	}
}
