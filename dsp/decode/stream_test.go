package decode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"earworm/dsp/decode"
)

func TestOptionsNameTheirField(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]decode.Options{
		`decoder is "mpg123"; want auto, native or ffmpeg`: {Decoder: "mpg123"},
		"max duration is -1s; want more than 0":            {MaxDuration: -time.Second},
		"max bytes is -5; want 1 or more":                  {MaxBytes: -5},
		"timeout is -1ns; want more than 0":                {Timeout: -1},
	} {
		if err := o.WithDefaults().Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v; want %s", err, want)
		}
	}
	if err := (decode.Options{}).WithDefaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	// This one does not say how long it is: the limit is met on the way.
	pipe := write(t, wavFile{tag: 1, channels: 1, rate: 8000, bits: 16, seconds: 5, claim: true}.bytes())
	for name, c := range map[string]struct {
		path    string
		options decode.Options
		kind    error
	}{
		"file above the limit":          {"testdata/stereo.flac", decode.Options{MaxBytes: 1000}, decode.ErrTooLarge},
		"length declared":               {"testdata/stereo.flac", decode.Options{MaxDuration: time.Second}, decode.ErrTooLong},
		"length found out":              {"testdata/untagged.mp3", decode.Options{MaxDuration: time.Second}, decode.ErrTooLong},
		"length of a pipe":              {pipe, decode.Options{MaxDuration: 4 * time.Second}, decode.ErrTooLong},
		"exactly as long as is allowed": {"testdata/stereo.flac", decode.Options{MaxDuration: seconds * time.Second}, nil},
		"time is up":                    {"testdata/stereo.mp3", decode.Options{Timeout: 1}, decode.ErrTimeout},
	} {
		for _, decoder := range []string{"native", "ffmpeg"} {
			t.Run(name+"/"+decoder, func(t *testing.T) {
				t.Parallel()
				o := c.options
				o.Decoder = decoder
				if _, _, err := read(t, c.path, o); !errors.Is(err, c.kind) {
					t.Errorf("error %v; want %v", err, c.kind)
				}
			})
		}
	}
}

func TestContextEndsTheStream(t *testing.T) {
	t.Parallel()
	for _, decoder := range []string{"native", "ffmpeg"} {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := decode.Open(ctx, "testdata/stereo.mp3", decode.Options{Decoder: decoder})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]float32, 100)); err != nil {
			t.Fatal(err)
		}
		cancel()
		for range 2 {
			if n, err := s.Read(make([]float32, 100)); n != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: after the end %d samples, error %v", decoder, n, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := decode.Open(ctx, "testdata/stereo.mp3", decode.Options{Decoder: decoder}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: opened after the end, error %v", decoder, err)
		}
	}
}

func TestClosedStreamGivesNothing(t *testing.T) {
	t.Parallel()
	for _, decoder := range []string{"native", "ffmpeg"} {
		s, err := decode.Open(t.Context(), "testdata/stereo.ogg", decode.Options{Decoder: decoder})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", decoder, err)
			}
		}
		if _, err := s.Read(make([]float32, 100)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: read after close: error %v", decoder, err)
		}
	}
}

// program writes a shell script to stand for ffmpeg. $PIDS is a pipe: it could
// write no file.
func program(t *testing.T, script string) (path, pids string) {
	t.Helper()
	folder := t.TempDir()
	path, pids = filepath.Join(folder, "ffmpeg"), filepath.Join(folder, "pids")
	script = fmt.Sprintf("#!/bin/sh\nPIDS=%s\n%s\n", pids, script)
	if err := errors.Join(os.WriteFile(path, []byte(script), 0o700), syscall.Mkfifo(pids, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path, pids
}

func TestFFmpegThatHangsIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	path, pids := program(t, `sleep 600 & echo $! > $PIDS; wait`)
	said := make(chan []byte, 1)
	go func() {
		b, err := os.ReadFile(pids)
		if err != nil {
			t.Error(err)
		}
		said <- b
	}()
	begun := time.Now()
	_, _, err := read(t, "testdata/stereo.mp3", decode.Options{Decoder: "ffmpeg", FFmpeg: path, Timeout: 500 * time.Millisecond})
	if !errors.Is(err, decode.ErrTimeout) {
		t.Errorf("error %v; want a timeout", err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v to give up", took)
	}
	var pid int
	if _, err := fmt.Sscan(string(<-said), &pid); err != nil {
		t.Fatal(err)
	}
	// A signal is sent at once and delivered a little later.
	patience := time.After(10 * time.Second)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for alive(pid) {
		select {
		case <-patience:
			t.Fatalf("process %d lives on", pid)
		case <-look.C:
		}
	}
}

// alive tells a running process from one that is gone, or killed and not yet
// collected by whoever inherited it.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestFFmpegThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  string
		corrupt bool
		says    string
	}{
		"with a reason": {`echo "[mov,mp4 @ 0x55e0] moov atom not found" >&2; echo "file:/x: Invalid data" >&2; exit 1`, true, "ffmpeg: moov atom not found"},
		"without":       {`exit 3`, true, "no reason given"},
		"at length":     {`yes "well well" | head -c 100000 >&2; echo >&2; echo "what a pity" >&2; exit 1`, true, "ffmpeg: what a pity"},
		"killed":        {`kill -9 $$`, false, "killed"},
		"with nonsense": {`head -c 1000 /dev/zero`, false, "sends no wav"},
		"in silence":    {`exit 0`, true, "no sound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := program(t, c.script)
			_, _, err := read(t, "testdata/stereo.m4a", decode.Options{FFmpeg: path})
			if err == nil || errors.Is(err, decode.ErrCorrupt) != c.corrupt || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v; want one with %q, damaged file: %t", err, c.says, c.corrupt)
			}
			if err != nil && strings.Count(err.Error(), "\n") > 0 || len(err.Error()) > 400 {
				t.Errorf("error of more than a line: %v", err)
			}
		})
	}
}

func TestNamesAreNotOptions(t *testing.T) {
	t.Chdir(t.TempDir())
	b := wavFile{tag: 1, channels: 1, rate: 8000, bits: 16}.bytes()
	for _, name := range []string{"-i", "concat:a|b", "http:x", "pipe:0", "%d.wav", "a b'\"$(x).wav"} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if samples, _, err := read(t, name, ffmpeg()); err != nil || len(samples) == 0 {
			t.Errorf("file %q: %d samples, error %v", name, len(samples), err)
		}
	}
}
