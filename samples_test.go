package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
)

// analyzeJSON runs "earworm analyze --json" in this process, on a store of its
// own, and returns its lines by base name.
func analyzeJSON(t *testing.T, args ...string) (lines map[string]line, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"analyze", "--json", "--store", t.TempDir()}, args...)
	code = run(t.Context(), console{strings.NewReader(""), &out, &errs}, args, noEnvironment)
	lines = map[string]line{}
	for raw := range bytes.Lines(out.Bytes()) {
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatalf("line %q: %v", raw, err)
		}
		lines[filepath.Base(l.Path)] = l
	}
	return lines, errs.String(), code
}

func noEnvironment(string) (string, bool) { return "", false }

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("read %s: %d rows, %v", path, len(rows), err)
	}
	return rows[1:]
}

// TestSamples: every labelled sample is analysed, by ffmpeg and in Go.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, decoder := range []string{"native", "ffmpeg"} {
		t.Run(decoder, func(t *testing.T) {
			t.Parallel()
			lines, stderr, code := analyzeJSON(t, "--decoder", decoder, "samples")
			if code != exitOK || stderr != "" {
				t.Errorf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
			}
			labels := readCSV(t, filepath.Join("samples", "labels.csv"))
			if len(lines) != len(labels) || len(labels) < 12 {
				t.Errorf("%d lines for %d labelled samples; want as many, 12 or more", len(lines), len(labels))
			}
			for _, row := range labels {
				l, ok := lines[filepath.Base(row[0])]
				if !ok || l.Error != nil || l.Tempo == nil || l.Key == nil || l.Meter == nil {
					t.Errorf("%s: %+v", row[0], l)
					continue
				}
				if (*l.Decoder == "ffmpeg") != (decoder == "ffmpeg") {
					t.Errorf("%s was decoded by %s", row[0], *l.Decoder)
				}
			}
		})
	}
}

// TestInterruptedRun: Ctrl-C ends a run at once and loses nothing; the next one
// goes on from there.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	const total = 5
	args := []string{"analyze", "--concurrency", "1", "--store", t.TempDir()}
	for _, row := range readCSV(t, filepath.Join("samples", "labels.csv"))[:total] {
		args = append(args, filepath.Join("samples", row[0]))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	code := run(ctx, console{strings.NewReader(""), &afterRow{&out, cancel}, &errs}, args, noEnvironment)
	if code != exitInterrupted || errs.String() != "earworm: interrupted\n" {
		t.Errorf("exit code %d, stderr %q; want %d and a line", code, &errs, exitInterrupted)
	}
	before := strings.Count(out.String(), "samples")
	if before < 1 || before >= total {
		t.Errorf("%d of %d rows before the end; want some", before, total)
	}
	out.Reset()
	code = run(t.Context(), console{strings.NewReader(""), &out, &errs}, args, noEnvironment)
	if rows, kept := strings.Count(out.String(), "samples"), strings.Count(out.String(), "unchanged"); code != exitOK || rows != total || kept < before {
		t.Errorf("the next run: exit code %d, %d rows, %d unchanged; want 0, %d, %d or more", code, rows, kept, total, before)
	}
}

// afterRow calls then when a row of the table has been written.
type afterRow struct {
	w    *bytes.Buffer
	then func()
}

func (a *afterRow) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("samples")) {
		a.then()
	}
	return a.w.Write(p)
}

// TestBadSamples: each bad file fails by its code and with a line, on both ways
// of decoding, and none of them stops the others.
func TestBadSamples(t *testing.T) {
	t.Parallel()
	bad := filepath.Join("samples", "testdata", "bad")
	for _, decoder := range []string{"native", "ffmpeg"} {
		t.Run(decoder, func(t *testing.T) {
			t.Parallel()
			lines, stderr, code := analyzeJSON(t, "--decoder", decoder, bad)
			if code != exitFailed {
				t.Errorf("exit code %d; want %d", code, exitFailed)
			}
			rows := readCSV(t, filepath.Join(bad, "expected.csv"))
			for _, row := range rows {
				name, codes := row[0], strings.Fields(row[1])
				if decoder == "native" && name == "truncated.mp3" { // of MPEG 2.5, which only ffmpeg knows
					codes = append(codes, string(schema.UnsupportedFormat))
				}
				l := lines[name]
				if l.Error == nil || !slices.Contains(codes, string(l.Error.Code)) {
					t.Errorf("%s: error is %+v; want one of %q", name, l.Error, codes)
				}
				if !strings.Contains(stderr, "earworm: "+filepath.Join(bad, name)+": ") {
					t.Errorf("%s has no line on stderr", name)
				}
			}
			if len(lines) != len(rows) || strings.Count(stderr, "\n") != len(rows) {
				t.Errorf("%d bad files, %d lines on stdout, on stderr:\n%s", len(rows), len(lines), stderr)
			}
		})
	}
}
