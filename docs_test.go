//go:build servers

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
	"earworm/schema/sqlite"
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

// TestTheCommandsOfTheCatalogue: the commands of docs/catalogue.md do what they
// are there for, one after the other, with a track and versions of this store.
func TestTheCommandsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^\$ (.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(lines) < 20 {
		t.Fatalf("the docs run %q", lines)
	}
	binary := filepath.Join(t.TempDir(), "earworm")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build earworm: %v\n%s", err, out)
	}
	folder := t.TempDir()
	url, stop := serving(t, "--store", folder)
	defer stop()
	var ids []schema.TrackID
	for _, sample := range []string{"01-morning-post.wav", "04-ferry-waltz.ogg"} {
		path, err := filepath.Abs(filepath.Join("samples", sample))
		if err != nil {
			t.Fatal(err)
		}
		if code, _, errs := typed(t, "", "enqueue", "--addr", url, path); code != exitOK {
			t.Fatalf("enqueue ends with %d: %s", code, errs)
		}
		ids = append(ids, schema.TrackIDOf("file://"+filepath.ToSlash(path)))
		awaitAnalysed(t, url, ids[len(ids)-1])
	}
	old := hearAgain(t, filepath.Join(folder, "earworm.db"), ids[0], "next")
	script := []string{"set -ex"}
	for _, line := range lines {
		script = append(script, line[1])
	}
	sh := exec.CommandContext(t.Context(), "sh", "-c", strings.NewReplacer("TRACK_ID", string(ids[0]), "OLD", old, "NEW", "next").Replace(strings.Join(script, "\n")))
	sh.Dir = t.TempDir()
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "EARWORM_STORE="+folder, "EARWORM_ADDR="+url, "EARWORM_REDIS=", "EARWORM_CASSANDRA=")
	if out, err := sh.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

// hearAgain has another version say of a track what the present one did, whose
// name it returns.
func hearAgain(t *testing.T, path string, id schema.TrackID, version string) (present string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Analysis(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	present, a.ModelVersion = a.ModelVersion, version
	if err := errors.Join(s.SaveAnalysis(t.Context(), a), s.Close()); err != nil {
		t.Fatal(err)
	}
	return present
}
