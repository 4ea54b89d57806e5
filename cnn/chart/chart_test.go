package chart_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"earworm/cnn/chart"
)

// Every figure is a PNG that a browser reads, twice the same, and other words or
// numbers make another one, whatever letters they have.
func TestFiguresSayWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	tests := map[string]func(file string, words string, value float64) error{
		"lines": func(f, words string, v float64) error {
			return chart.Lines(f, "epoch", chart.Series{words, []float64{3, 2, v}}, chart.Series{"right", []float64{0.1, 0.5}})
		},
		"bars": func(f, words string, v float64) error {
			return chart.Bars(f, "tempo & key", []string{words, "1"}, []float64{v, 40})
		},
		"matrix": func(f, words string, v float64) error {
			return chart.Matrix(f, "meters", []string{"4/4"}, []string{words, "unknown"}, [][]float64{{17, v}})
		},
	}
	for name, draw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drawn := func(words string, value float64) []byte {
				return bytesOf(t, func(f string) error { return draw(f, words, value) })
			}
			first := drawn("3/4 ½ <x>", 1)
			if !bytes.Equal(first, drawn("3/4 ½ <x>", 1)) {
				t.Error("drawn twice it differs")
			}
			if bytes.Equal(first, drawn("3/4 ½ <y>", 1)) {
				t.Error("its words are not to be seen")
			}
			if bytes.Equal(first, drawn("3/4 ½ <x>", 2)) {
				t.Error("its numbers are not to be seen")
			}
		})
	}
}

// What there is nothing of is drawn, too, with its axes and its words.
func TestFiguresOfNothing(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(file string) error{
		"lines": func(f string) error { return chart.Lines(f, "epoch", chart.Series{Name: "loss"}) },
		"bars":  func(f string) error { return chart.Bars(f, "keys", []string{"0"}, []float64{0}) },
		"matrix": func(f string) error {
			return chart.Matrix(f, "meters", []string{"4/4"}, []string{"4/4"}, [][]float64{{0}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p := decoded(t, bytesOf(t, draw)); dark(p, p.Bounds()) == 0 {
				t.Error("there is no letter on it")
			}
		})
	}
}

// A bar of four times the count is four times as high.
func TestBarsAreAsHighAsTheirCounts(t *testing.T) {
	t.Parallel()
	p := decoded(t, bytesOf(t, func(f string) error {
		return chart.Bars(f, "", []string{"", ""}, []float64{10, 40})
	}))
	wide := p.Bounds().Dx()
	low := dark(p, image.Rect(wide/10, 0, wide/2, p.Bounds().Dy()))
	high := dark(p, image.Rect(wide/2, 0, wide, p.Bounds().Dy()))
	if ratio := float64(high) / float64(low); ratio < 3.9 || ratio > 4.1 {
		t.Errorf("the higher bar has %d dots, the lower %d; want 4 times as many", high, low)
	}
}

func TestFiguresNeedAFolder(t *testing.T) {
	t.Parallel()
	if err := chart.Bars(filepath.Join(t.TempDir(), "none", "f.png"), "", []string{""}, []float64{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func bytesOf(t *testing.T, draw func(file string) error) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "figure.png")
	if err := draw(file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func decoded(t *testing.T, content []byte) image.Image {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// dark is how many dots of a part of a picture are darker than its grid.
func dark(p image.Image, part image.Rectangle) (n int) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if color.GrayModel.Convert(p.At(x, y)).(color.Gray).Y < 0x80 {
				n++
			}
		}
	}
	return n
}
