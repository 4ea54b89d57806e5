//go:build supply

package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBillOfMaterials: make sbom lists each module of the binary, at its
// version, and none that is not in it.
func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	made(t, ".", os.Environ(), "sbom")
	info, err := buildinfo.ReadFile("earworm")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"std": info.GoVersion}
	for _, m := range info.Deps {
		want[m.Path] = m.Version
	}
	text, err := os.ReadFile("earworm.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Format     string `json:"bomFormat"` //nolint:tagliatelle // as CycloneDX has it
		Components []struct {
			Name, Version string
			Purl          string
		}
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	if bill.Format != "CycloneDX" || len(want) < 50 {
		t.Fatalf("the bill is of format %q, and the binary of %d modules", bill.Format, len(want))
	}
	for _, c := range bill.Components {
		if want[c.Name] != c.Version || !strings.HasPrefix(c.Purl, "pkg:golang/") {
			t.Errorf("the bill has %s %s, by the name %q; the binary has %q", c.Name, c.Version, c.Purl, want[c.Name])
		}
		delete(want, c.Name)
	}
	for name := range want {
		t.Errorf("the bill lacks %s", name)
	}
}

// TestSameSourceGivesTheSameBytes builds from two copies of the source, in
// folders of other names, the second with another home and clock. Without -short the second build
// compiles everything anew, the standard library too.
func TestSameSourceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	one, other := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "a", "folder of", "another name")
	var sums [2][sha256.Size]byte
	for i, folder := range []string{one, other} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		copySource(t, folder)
		// A commit of the caller's: the copies are no checkouts.
		env := append(os.Environ(), "REVISION=0123456789ab", "MAKEFLAGS=-e")
		if i == 1 {
			env = append(env, "HOME="+t.TempDir(), "USER=another", "TZ=Asia/Tokyo", "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOCACHE="+goEnv(t, "GOCACHE"))
			if !testing.Short() {
				env = append(env, "GOCACHE="+t.TempDir())
			}
		}
		made(t, folder, env, "build")
		binary, err := os.ReadFile(filepath.Join(folder, "earworm"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(binary, []byte("0123456789ab")) || bytes.Contains(binary, []byte(folder)) || bytes.Contains(binary, []byte(goEnv(t, "GOMODCACHE"))) {
			t.Errorf("%s: the binary should know its commit and no folder of the build", folder)
		}
		const most = 60_000_000
		if len(binary) > most {
			t.Errorf("the binary has %d bytes; want %d at most", len(binary), most)
		}
		sums[i] = sha256.Sum256(binary)
		t.Logf("%x, %d bytes", sums[i], len(binary))
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds of one source differ: %x and %x", sums[0], sums[1])
	}
}

// copySource copies what is here but for what tools keep in folders and files of
// their own, whose names begin with a dot, and the programs made before.
func copySource(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case strings.HasPrefix(name, ".") && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !entry.Type().IsRegular() || name == "earworm" || strings.HasSuffix(name, ".test"):
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func made(t *testing.T, folder string, env []string, target string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", target)
	cmd.Dir, cmd.Env = folder, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
