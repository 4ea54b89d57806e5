package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNoticeNamesEveryModule: NOTICE has the licence of each module that is in
// the binary that make build makes for Linux, and of none that is not.
func TestNoticeNamesEveryModule(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	slices.Sort(linked)
	linked = slices.Compact(linked)

	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(notice), "\nGo modules in the binary\n")
	section, _, _ = strings.Cut(section, "\nFiles in the pages")
	var named []string
	for line := range strings.Lines(section) {
		if module, indented := strings.CutPrefix(line, "  "); indented {
			named = append(named, strings.TrimSpace(module))
		}
	}
	slices.Sort(named)
	for _, module := range linked {
		if !slices.Contains(named, module) {
			t.Errorf("%s is in the binary; want it in NOTICE, under its licence", module)
		}
	}
	for _, module := range named {
		if !slices.Contains(linked, module) {
			t.Errorf("NOTICE names %s, which is not in the binary", module)
		}
	}
	if len(slices.Compact(named)) != len(linked) {
		t.Errorf("NOTICE names %d modules; the binary has %d", len(named), len(linked))
	}
}
