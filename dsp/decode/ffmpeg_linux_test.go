package decode

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// saying is an ffmpeg that says one thing and fails.
func saying(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// ways are those in which an ffmpeg is set on a file: for the models, and for a
// person to hear.
var ways = map[string]func(ctx context.Context, path, to string, o Options) error{
	"models": func(ctx context.Context, path, _ string, o Options) error {
		_, err := Open(ctx, path, o)
		return err
	},
	"a person": WriteWAV,
}

// heard is what an ffmpeg says as it fails to decode a sample.
func heard(t *testing.T, way, script string) string {
	t.Helper()
	err := ways[way](t.Context(), filepath.Join("..", "..", "samples", "01-morning-post.wav"), filepath.Join(t.TempDir(), "to.wav"),
		Options{Decoder: "ffmpeg", FFmpeg: saying(t, script), Timeout: 100 * time.Second})
	if !errors.Is(err, ErrCorrupt) {
		t.Fatalf("an ffmpeg that fails: %v", err)
	}
	_, said, _ := strings.Cut(err.Error(), "ffmpeg: ")
	return said
}

func TestChildIsConfined(t *testing.T) {
	t.Parallel()
	if os.Getenv("HOME") == "" {
		t.Fatal("this process has no HOME to keep from the child")
	}
	cases := map[string]struct{ script, want string }{
		"memory":         {`sleep 0.1; echo "x $(ulimit -v)" >&2`, "x 2097152"}, // KiB
		"processor time": {`sleep 0.1; echo "x $(ulimit -t)" >&2`, "x 105"},
		"open files":     {`sleep 0.1; echo "x $(ulimit -n)" >&2`, "x 64"},
		"no file":        {`sleep 0.1; echo "x $(ulimit -f)" >&2`, "x 0"},
		"no core":        {`sleep 0.1; echo "x $(ulimit -c)" >&2`, "x 0"},
		"no environment": {`echo "x$HOME" >&2`, "x"},
		"the file":       {`echo "x $(head -c 4 /proc/self/fd/3)" >&2`, "x RIFF"},
		"two names":      {`echo "x $(echo "$@" | grep -o '\(file\|pipe\):[^ ]*' | tr '\n' ' ')" >&2`, "x file:/proc/self/fd/3 pipe:1"},
	}
	for way := range ways {
		for name, c := range cases {
			t.Run(way+": "+name, func(t *testing.T) {
				t.Parallel()
				if said := heard(t, way, c.script); said != c.want {
					t.Errorf("the child says %q; want %q", said, c.want)
				}
			})
		}
		said := heard(t, way, `echo "x $(grep -c : /proc/self/net/dev)" >&2`)
		if alone := int(isolation.Load()) < len(networks)-1; alone && said != "x 1" {
			t.Errorf("for %s the child sees %s networks; want its own loopback alone", way, said)
		}
	}
}

// A disk that is full is no fault of the file.
func TestNoRoomToRender(t *testing.T) {
	t.Parallel()
	for _, decoder := range []string{"native", "ffmpeg"} {
		err := WriteWAV(t.Context(), filepath.Join("..", "..", "samples", "01-morning-post.wav"), "/dev/full", Options{Decoder: decoder})
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: error %v; want no room", decoder, err)
		}
	}
}

// A machine that gives no namespaces decodes all the same.
func TestChildWithoutNamespaces(t *testing.T) { //nolint:paralleltest // it changes what all share
	before := isolation.Load()
	isolation.Store(int32(len(networks) - 1))
	defer isolation.Store(before)
	s, err := Open(t.Context(), filepath.Join("..", "..", "samples", "01-morning-post.wav"), Options{Decoder: "ffmpeg"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
