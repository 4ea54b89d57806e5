//go:build servers

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
)

// TestTheCallsOfTheDocs: each line of docs/api.md that calls curl does what it
// is there for, with this machine's address, file and track in the places of
// the reader's.
func TestTheCallsOfTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`(?m)^\$ (curl .*)$`).FindAllStringSubmatch(string(text), -1)
	if len(calls) < 6 || !slices.ContainsFunc(calls, func(c []string) bool { return strings.Contains(c[1], "TRACK_ID") }) {
		t.Fatalf("the docs call %q", calls)
	}
	folder := t.TempDir()
	sound, err := os.ReadFile("samples/04-ferry-waltz.ogg")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "waltz.flac"), sound, 0o600); err != nil {
		t.Fatal(err)
	}
	url, stop := serving(t, "--store", folder)
	defer stop()
	id := schema.TrackIDOf("file://" + filepath.ToSlash(filepath.Join(folder, "waltz.flac")))
	mine := strings.NewReplacer("http://127.0.0.1:8080", url, "/music/", filepath.ToSlash(folder)+"/", "TRACK_ID", string(id))
	for i, call := range calls {
		if i == 1 { // the first call hands in what the others ask about
			awaitAnalysed(t, url, id)
		}
		curl := exec.CommandContext(t.Context(), "sh", "-c", mine.Replace(strings.Replace(call[1], "curl", "curl --silent --show-error --fail-with-body", 1)))
		curl.Dir = folder
		answer, err := curl.CombinedOutput()
		if err != nil || !json.Valid(answer) {
			t.Errorf("%s: %v: %s", call[1], err, answer)
		}
	}
}
