package lint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

func TestComposeFiles(t *testing.T) {
	t.Parallel()
	for file, services := range map[string]int{
		filepath.Join("..", "compose.yml"):       5,
		filepath.Join("..", "..", "compose.yml"): 2,
	} {
		options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv([]string{"MUSIC=/music"}), cli.WithName("earworm"))
		if err != nil {
			t.Fatal(err)
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if len(project.Services) != services {
			t.Errorf("%s has %d services; want %d", file, len(project.Services), services)
		}
	}
}

// Ours run as nobody, on a disk that they cannot write.
func TestComposeServicesAreConfined(t *testing.T) {
	t.Parallel()
	options, err := cli.NewProjectOptions([]string{filepath.Join("..", "compose.yml")}, cli.WithEnv([]string{"MUSIC=/music"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for name, s := range project.Services {
		if s.Build == nil {
			continue
		}
		ours++
		if s.User != "65532:65532" || !s.ReadOnly || len(s.CapDrop) != 1 || s.CapDrop[0] != "ALL" {
			t.Errorf("%s: user %q, read-only %v, drops %v", name, s.User, s.ReadOnly, s.CapDrop)
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s is published on %q", name, p.HostIP)
			}
		}
	}
	if ours != 3 {
		t.Errorf("%d services of ours; want 3", ours)
	}
	if _, err := os.Stat(project.Services["api"].Build.Context); err != nil {
		t.Error(err)
	}
}
