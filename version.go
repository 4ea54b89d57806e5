package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime/debug"
	"strings"
)

// revision is the commit that this program was built from, where the build was
// told: make build and the Dockerfile tell it by -X, since what Go notes of a
// checkout by itself differs between a checkout and a copy of the same files.
var revision string

// builtFrom is the commit, with +changes where the checkout had some; empty
// where nobody knows.
func builtFrom() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	at, changes := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			at = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changes = "+changes"
		}
	}
	return at + changes
}

// version names the build: the module's version and the commit it was made from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "earworm (unknown build)"
	}
	at, changes, _ := strings.Cut(builtFrom(), "+")
	if at != "" {
		at = " " + at[:min(12, len(at))]
	}
	if changes != "" {
		at += "+" + changes
	}
	return fmt.Sprintf("earworm %s%s %s", info.Main.Version, at, info.GoVersion)
}

// commit is the revision that the program was built from or, where the build
// does not say, that of the checkout it runs in; empty where neither is known.
func commit(ctx context.Context) string {
	if at, _, _ := strings.Cut(builtFrom(), "+"); at != "" {
		return at
	}
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(head))
}
