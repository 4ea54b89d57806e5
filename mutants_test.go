package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"earworm/schema"
)

var mutants = flag.Int("mutants", 3, "how many mutants of each sample TestMutants makes")

// mutantsAtOnce are made, heard and deleted before the next.
const mutantsAtOnce = 50

// TestMutants: whatever has become of a file, it ends as an analysis or by a
// code that says what is wrong with the file, twice the same, and in time. A
// panic would end it by another code or end the test.
func TestMutants(t *testing.T) {
	t.Parallel()
	files, samples := mutated(t)
	ends := map[string]int{}
	for i, file := range files {
		for first := 0; first < *mutants; first += mutantsAtOnce {
			folder := t.TempDir()
			for n := first; n < min(first+mutantsAtOnce, *mutants); n++ {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(n)))
				ways, b := mutant(rng, samples[i], samples[rng.IntN(len(samples))])
				name := fmt.Sprintf("%05d-%s-%s", n, ways, filepath.Base(file))
				if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			hearMutants(t, folder, ends)
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, end := range slices.Sorted(maps.Keys(ends)) {
		t.Logf("%6d %s", ends[end], end)
	}
	if ends["analysed"] == 0 || ends[string(schema.Corrupt)] == 0 {
		t.Errorf("of so many mutants none can be heard, or all: %v", ends)
	}
}

// mutated are the samples, and a file of each format that ffmpeg alone decodes.
func mutated(t *testing.T) (files []string, contents [][]byte) {
	t.Helper()
	const fixtures = "dsp/decode/testdata/"
	for _, pattern := range []string{"samples/*-*.*", fixtures + "*.m4a", fixtures + "*.aac", fixtures + "*.opus", fixtures + "*.wma", fixtures + "*.aiff", fixtures + "*.mp2"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, b)
	}
	return files, contents
}

// blame are the codes of what is wrong with a file.
var blame = []schema.Code{schema.TooLong, schema.TooShort, schema.UnsupportedFormat, schema.Corrupt, schema.Silent}

// hearMutants analyses the files of a folder twice, each time in a store of its own,
// and counts how they ended.
func hearMutants(t *testing.T, folder string, ends map[string]int) {
	t.Helper()
	once, _, code := analyzeJSON(t, "--decode-timeout", "1m", folder)
	if code != exitOK && code != exitFailed {
		t.Fatalf("exit code %d", code)
	}
	twice, _, _ := analyzeJSON(t, "--decode-timeout", "1m", folder)
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d mutants: %v", len(files), err)
	}
	for _, file := range files {
		name := file.Name()
		first, ok := once[name]
		switch {
		case !ok:
			t.Errorf("%s has no line", name)
		case first.Error == nil:
			ends["analysed"]++
		default:
			ends[string(first.Error.Code)]++
			if !slices.Contains(blame, first.Error.Code) {
				t.Errorf("%s ends as %v, which says nothing of the file", name, first.Error)
			}
		}
		if a, b := asText(t, first), asText(t, twice[name]); a != b {
			t.Errorf("%s ends in two ways:\n%s\n%s", name, a, b)
		}
	}
}

func asText(t *testing.T, l line) string {
	t.Helper()
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
