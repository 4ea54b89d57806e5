//go:build allocs

package cnn_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"earworm/cnn"
	"earworm/dsp/decode"
)

var update = flag.Bool("update", false, "write testdata/allocations.csv anew")

// TestAllocations holds the allocations and bytes of analysing each sample, from
// the file to the estimate, to at most a tenth over testdata/allocations.csv. The
// median of five runs counts, after one that fills the pools.
func TestAllocations(t *testing.T) { //nolint:paralleltest // what else ran would be counted too
	model, err := cnn.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "samples", "[0-9]*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	rows := [][]string{{"sample", "allocations", "bytes"}}
	committed := filepath.Join("testdata", "allocations.csv")
	limits := map[string][2]uint64{}
	if !*update {
		limits = readAllocations(t, committed)
	}
	for _, file := range files {
		name := filepath.Base(file)
		analyse(t, model, file)
		var counts, sizes []uint64
		for range 5 {
			count, size := allocated(func() { analyse(t, model, file) })
			counts, sizes = append(counts, count), append(sizes, size)
		}
		slices.Sort(counts)
		slices.Sort(sizes)
		count, size := counts[len(counts)/2], sizes[len(sizes)/2]
		rows = append(rows, []string{name, fmt.Sprint(count), fmt.Sprint(size)})
		if *update {
			continue
		}
		limit, known := limits[name]
		if !known {
			t.Errorf("%s is not in %s; run with -update", name, committed)
			continue
		}
		if 10*count > 11*limit[0] {
			t.Errorf("%s: %d allocations, over a tenth more than %d", name, count, limit[0])
		}
		if 10*size > 11*limit[1] {
			t.Errorf("%s: %d bytes allocated, over a tenth more than %d", name, size, limit[1])
		}
	}
	if *update {
		writeAllocations(t, committed, rows)
	}
}

func analyse(t *testing.T, model *cnn.Model, file string) {
	t.Helper()
	sound, err := decode.Open(t.Context(), file, decode.Options{Decoder: "native"})
	if err != nil {
		t.Fatal(err)
	}
	defer sound.Close()
	if _, err := model.Analyse(t.Context(), sound); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// allocated counts what do allocates, in objects and in bytes.
func allocated(do func()) (count, size uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
}

func readAllocations(t *testing.T, path string) map[string][2]uint64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("read %s: %d rows, %v", path, len(rows), err)
	}
	limits := map[string][2]uint64{}
	for _, row := range rows[1:] {
		var limit [2]uint64
		for i := range limit {
			if limit[i], err = strconv.ParseUint(row[i+1], 10, 64); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		limits[row[0]] = limit
	}
	return limits
}

func writeAllocations(t *testing.T, path string, rows [][]string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	err = csv.NewWriter(file).WriteAll(rows)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.Fatal(err)
	}
}
