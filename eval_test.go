package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvalOfTheSamples: the shipped weights hear most of our own music right,
// and eval says so. The floors are far below what they reach: they find a
// broken weight file or front end, not a slightly worse one.
func TestEvalOfTheSamples(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), &out, &errs},
		[]string{"eval", "--json", filepath.Join("samples", "labels.csv")}, noEnvironment)
	if code != exitOK || errs.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, errs.String())
	}
	var report evalReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if n := report.Recordings; n < 12 || report.Failed > 0 || report.Tempo.Of != n || report.Key.Of != n {
		t.Errorf("report is %+v", report)
	}
	if report.Tempo.Acc2 < 0.7 || report.Key.Weighted < 0.7 {
		t.Errorf("tempo Acc2 is %.2f, key weighted %.2f; want 0.7 or more", report.Tempo.Acc2, report.Key.Weighted)
	}
}

func TestEvalAndTrainSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args string
		want string
		code int
	}{
		"no labels":        {"eval missing.csv", "missing.csv: no such file", exitFailed},
		"labels of audio":  {"eval samples/01-morning-post.wav", "no header", exitFailed},
		"not weights":      {"eval --key samples/labels.csv samples/labels.csv", "weights: not a weight file", exitFailed},
		"nothing to learn": {"train key", "there is nothing to train on", exitUsage},
		"unknown network":  {"train mood", `network is "mood"; want rhythm, key-course, key or key-plain`, exitUsage},
		"bad shares":       {"train key --shares folk", `shares are "folk"`, exitUsage},
		"no manifest":      {"train key --data samples", "manifest.ndjson: no such file", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := run(t.Context(), console{strings.NewReader(""), &out, &errs}, strings.Fields(tc.args), noEnvironment)
			if code != tc.code || !strings.Contains(errs.String(), tc.want) || out.Len() > 0 {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %d and %q", code, out.String(), errs.String(), tc.code, tc.want)
			}
		})
	}
}
