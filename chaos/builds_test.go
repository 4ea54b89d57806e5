//go:build chaos

package chaos

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
)

// patched builds earworm with changes, each as before and after, in a source
// file of it or of Go: what the product itself has no switch for.
func (f *fleet) patched(name, file string, changes ...string) string {
	f.t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	for before := range slices.Chunk(changes, 2) {
		if strings.Count(string(source), before[0]) != 1 {
			f.t.Fatalf("%s does not hold this once, to be changed:\n%s", file, before[0])
		}
	}
	changed := filepath.Join(f.dir, name+".go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err == nil {
		err = os.WriteFile(changed, []byte(strings.NewReplacer(changes...).Replace(string(source))), 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(f.dir, name+".json"), overlay, 0o644)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	build := filepath.Join(f.dir, name)
	out, err := exec.CommandContext(f.t.Context(), "go", "build", "-o", build, "-overlay", filepath.Join(f.dir, name+".json"), "..").CombinedOutput()
	if err != nil {
		f.t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return build
}

// TestClockSteps: ten seconds into the work the clock of one worker jumps an
// hour ahead, of another an hour back. (Go asks the kernel for the time, past
// any library that could lie to it.)
func TestClockSteps(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	now := filepath.Join(runtime.GOROOT(), "src", "time", "time.go") //nolint:staticcheck // where this very go builds from
	stepping := f.patched("stepping", now,
		"import (\n", "import (\n	\"syscall\"\n",
		"	sec, nsec, mono := runtimeNow()\n	if mono == 0 {\n		return Time{uint64(nsec), sec + unixToInternal, Local}",
		`	sec, nsec, mono := runtimeNow()
	if step, ok := syscall.Getenv("CHAOS_STEP"); ok && mono-startNano > 10e9 {
		if step == "ahead" {
			sec += 3600
		} else {
			sec -= 3600
		}
	}
	if mono == 0 {
		return Time{uint64(nsec), sec + unixToInternal, Local}`)
	f.fill(tracks())
	f.startBuild(stepping, 1, []string{"CHAOS_STEP=ahead"})
	f.startBuild(stepping, 1, []string{"CHAOS_STEP=back"})
	f.start(2, nil)
	f.account(nil)
	f.stop()
}

// TestTwoVersions: workers of two model versions take from one queue that holds
// jobs for both. Each job is done by a worker of its version.
func TestTwoVersions(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	model, err := filepath.Abs("../cnn/model.go")
	if err != nil {
		t.Fatal(err)
	}
	next := f.patched("next", model, `return strings.Join(versions, "+")`, `return strings.Join(append(versions, "next"), "+")`)
	n := tracks() / 2
	f.fill(n)
	// The same catalogue once more, for the next version.
	f.enqueue(next, filepath.Join(f.dir, "music"))
	f.heardBy = map[schema.TrackID]int{}
	for id, path := range f.catalogue {
		if !silentPath(path) {
			f.heardBy[id] = 2
		}
	}
	f.startBuild(next, 2, nil, "--refill", "20s")
	f.start(2, nil, "--refill", "20s")
	f.account(nil)
	f.stop()
}

// TestRollingUpgrade: workers of the last commit before the store's latest
// migrations work on while it is migrated, and beside those of this one.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	f := bare(t)
	old := f.earlier("../schema/cassandra/migrations/0004_versions.cql")
	f.onCassandra(old)
	n := tracks()
	f.enqueue(old, f.music(n))
	f.startBuild(old, 2, nil)
	f.runBuild(program, "migrate")
	f.openCassandra()
	f.until(n / 10)
	f.start(2, nil, "--refill", "20s")
	f.until(n / 2)
	f.labelSome(n / 20)
	for _, p := range f.workers[:2] {
		f.terminate(p)
	}
	f.workers = f.workers[2:]
	f.account(nil)
	f.stop()
}

// earlier builds the last commit that did not have a file yet.
func (f *fleet) earlier(file string) string {
	f.t.Helper()
	git := func(args ...string) string {
		out, err := exec.CommandContext(f.t.Context(), "git", args...).Output()
		if err != nil {
			f.t.Fatalf("git %s: %v; it wants the project's history", strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out))
	}
	commit := git("log", "--diff-filter=A", "--format=%H", "--", file)
	if commit == "" {
		f.t.Fatalf("the history does not say when %s came; it wants a full clone", file)
	}
	tree := filepath.Join(f.dir, "earlier")
	if err := os.Mkdir(tree, 0o755); err != nil {
		f.t.Fatal(err)
	}
	git("-C", "..", "archive", "--output", tree+".tar", commit+"^")
	for _, command := range []*exec.Cmd{
		exec.CommandContext(f.t.Context(), "tar", "xf", tree+".tar", "-C", tree),
		exec.CommandContext(f.t.Context(), "go", "build", "-o", tree+"-earworm", "."),
	} {
		command.Dir = tree
		if out, err := command.CombinedOutput(); err != nil {
			f.t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	return tree + "-earworm"
}
