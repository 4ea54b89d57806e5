package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earworm/cnn/chart"
)

// Every figure is XML that a browser reads, and says its words and numbers,
// whatever letters they have and where there is nothing to show.
func TestFiguresAreWellFormed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		draw func(file string) error
		says []string
	}{
		"lines": {func(f string) error {
			return chart.Lines(f, "epoch", chart.Series{"loss <x>", []float64{3, 2, 1}}, chart.Series{"right", []float64{0.1, 0.5}})
		}, []string{"epoch", "loss <x>", "right"}},
		"lines without values": {func(f string) error { return chart.Lines(f, "epoch", chart.Series{Name: "loss"}) }, []string{"loss"}},
		"bars": {func(f string) error {
			return chart.Bars(f, "tempo & key", []string{"1/2", "1"}, []float64{3, 40})
		}, []string{"tempo & key", "1/2", "40"}},
		"bars of nothing": {func(f string) error { return chart.Bars(f, "keys", []string{"0"}, []float64{0}) }, []string{"keys"}},
		"matrix": {func(f string) error {
			return chart.Matrix(f, "meters", []string{"4/4"}, []string{"4/4", "unknown"}, [][]float64{{17, 0}})
		}, []string{"meters", "4/4", "unknown", "17"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "figure.svg")
			if err := test.draw(file); err != nil {
				t.Fatal(err)
			}
			said := wordsIn(t, file)
			for _, words := range test.says {
				if !strings.Contains(said, words) {
					t.Errorf("it says %q, without %q", said, words)
				}
			}
		})
	}
}

// wordsIn gives the words of a picture that has no number that is none.
func wordsIn(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(content); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("numbers are missing in %s", text)
	}
	var said strings.Builder
	for d := xml.NewDecoder(strings.NewReader(string(content))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return said.String()
		}
		if err != nil {
			t.Fatalf("%v in %s", err, content)
		}
		if words, ok := token.(xml.CharData); ok {
			said.Write(words)
		}
	}
}
