package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"earworm": main})
}

// TestScripts drive the program as a person does: a process, its output, its
// exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"wav":     writeWAV,
			"ndjson":  checkNDJSON,
			"status":  checkStatus,
			"trackid": setTrackID,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// writeWAV is "wav FILE SECONDS BPM": a click on each beat over a C major
// triad. A tempo of 0 is silence.
func writeWAV(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: wav FILE SECONDS BPM")
	}
	seconds, err := strconv.Atoi(args[1])
	ts.Check(err)
	bpm, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), clickTrack(seconds, float64(bpm)), 0o644))
}

// clickTrack is a mono 16-bit WAV file at 22,050 Hz.
func clickTrack(seconds int, bpm float64) []byte {
	const rate = 22050
	pcm := make([]int16, seconds*rate)
	for i := range pcm {
		at := float64(i) / rate
		var v float64
		if bpm > 0 {
			for _, hz := range []float64{261.63, 329.63, 392.00} {
				v += 0.08 * math.Sin(2*math.Pi*hz*at)
			}
			sinceBeat := math.Mod(at, 60/bpm)
			v += 0.6 * math.Exp(-sinceBeat*60) * math.Sin(2*math.Pi*1500*sinceBeat)
		}
		pcm[i] = int16(v * math.MaxInt16)
	}
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, part := range []any{
		uint32(36 + 2*len(pcm)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(2 * len(pcm)), pcm,
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// checkNDJSON is "ndjson FILE PATH=CODE…": the file holds exactly these lines,
// in this order, each with every promised key of the promised type; an empty
// code stands for success.
func checkNDJSON(ts *testscript.TestScript, _ bool, args []string) {
	var paths []string
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var object map[string]any
		ts.Check(json.Unmarshal([]byte(line), &object))
		path, _ := object["path"].(string)
		paths = append(paths, path+"="+lineCode(ts, object))
	}
	if want := args[1:]; !slices.Equal(paths, want) {
		ts.Fatalf("lines are %q; want %q", paths, want)
	}
}

// lineCode checks one line's shape and returns its error code.
func lineCode(ts *testscript.TestScript, object map[string]any) string {
	wantKeys(ts, "line", object, "path", "track_id", "duration_s", "tempo", "tempo_stability", "tempo_sections", "key", "meter", "loudness_db", "model_version", "decoder", "error")
	if failure, failed := object["error"].(map[string]any); failed {
		wantKeys(ts, "error", failure, "code", "message")
		for _, key := range []string{"duration_s", "tempo", "tempo_stability", "tempo_sections", "key", "meter", "loudness_db", "model_version", "decoder"} {
			if object[key] != nil {
				ts.Fatalf("%s of a failed track is %v; want null", key, object[key])
			}
		}
		return text(ts, failure, "code")
	}
	if id := text(ts, object, "track_id"); len(id) != 32 {
		ts.Fatalf("track_id is %q; want 32 digits", id)
	}
	if seconds := number(ts, object, "duration_s"); seconds <= 0 {
		ts.Fatalf("duration_s is %v", seconds)
	}
	if level := number(ts, object, "loudness_db"); level >= 0 {
		ts.Fatalf("loudness_db is %v; want below full scale", level)
	}
	text(ts, object, "model_version")
	text(ts, object, "decoder")
	heard(ts, object, "tempo", []string{"bpm"})
	heard(ts, object, "key", []string{"name", "camelot"})
	heard(ts, object, "meter", []string{"name", "beats_per_bar"})
	return ""
}

// heard checks one of tempo, key and meter with its alternatives.
func heard(ts *testscript.TestScript, object map[string]any, what string, values []string) {
	h, ok := object[what].(map[string]any)
	if !ok {
		ts.Fatalf("%s is %v; want an object", what, object[what])
	}
	wantKeys(ts, what, h, append([]string{"confidence", "alternatives"}, values...)...)
	if c := number(ts, h, "confidence"); c < 0 || c > 1 {
		ts.Fatalf("%s confidence is %v; want 0 to 1", what, c)
	}
	alternatives, ok := h["alternatives"].([]any)
	if !ok {
		ts.Fatalf("%s alternatives is %v; want a list", what, h["alternatives"])
	}
	for _, alternative := range alternatives {
		wantKeys(ts, what+" alternative", alternative.(map[string]any), append([]string{"probability"}, values...)...)
	}
}

func wantKeys(ts *testscript.TestScript, what string, object map[string]any, want ...string) {
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
		ts.Fatalf("keys of %s are %q; want %q", what, got, want)
	}
}

func text(ts *testscript.TestScript, object map[string]any, key string) string {
	s, ok := object[key].(string)
	if !ok || s == "" {
		ts.Fatalf("%s is %v; want text", key, object[key])
	}
	return s
}

func number(ts *testscript.TestScript, object map[string]any, key string) float64 {
	n, ok := object[key].(float64)
	if !ok {
		ts.Fatalf("%s is %v; want a number", key, object[key])
	}
	return n
}

// checkStatus is "status CODE COMMAND…": the command ends with exactly this
// exit code.
func checkStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run %q: %v", args[1:], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code of %q is %d; want %d", args[1:], got, want)
	}
}

// setTrackID is "trackid FILE": $TRACK is the identifier in the file's JSON line.
func setTrackID(ts *testscript.TestScript, _ bool, args []string) {
	var line map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &line))
	ts.Setenv("TRACK", text(ts, line, "track_id"))
}
