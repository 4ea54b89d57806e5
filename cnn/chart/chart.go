// Package chart draws figures of training and evaluation as PNG files.
package chart

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

const width, height = 18 * vg.Centimeter, 10 * vg.Centimeter

// Series is a line: values at 1, 2, 3 and on.
type Series struct {
	Name   string
	Values []float64
}

// Lines draws series over a common axis.
func Lines(file, axis string, all ...Series) error {
	p := plot.New()
	p.X.Label.Text = axis
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	for i, s := range all {
		points := make(plotter.XYs, len(s.Values))
		for j, v := range s.Values {
			points[j] = plotter.XY{X: float64(j + 1), Y: v}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return fmt.Errorf("chart %q: %w", file, err)
		}
		if i > 0 {
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(3 * float64(i))}
		}
		p.Add(line)
		p.Legend.Add(s.Name, line)
	}
	return save(p, width, height, file)
}

// Bars draws counts, each with its name below it.
func Bars(file, title string, names []string, counts []float64) error {
	p := plot.New()
	p.Title.Text = title
	bars, err := plotter.NewBarChart(plotter.Values(counts), width/vg.Length(len(counts)+2)*0.7)
	if err != nil {
		return fmt.Errorf("chart %q: %w", file, err)
	}
	bars.Color = color.Gray{Y: 90}
	p.Add(bars)
	p.NominalX(names...)
	p.Y.Min = 0
	return save(p, width, height, file)
}

// Matrix draws counts, truth downwards and answers across, each with its number;
// shades are shares of the row.
func Matrix(file, title string, truths, answers []string, counts [][]float64) error {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = "heard", "truth"
	p.Add(plotter.NewHeatMap(rowShares(counts), shades{}))
	labels := plotter.XYLabels{}
	for r, row := range counts {
		for c, n := range row {
			if n > 0 {
				labels.XYs = append(labels.XYs, plotter.XY{X: float64(c), Y: float64(len(counts) - 1 - r)})
				labels.Labels = append(labels.Labels, fmt.Sprint(n))
			}
		}
	}
	numbers, err := plotter.NewLabels(labels)
	if err != nil {
		return fmt.Errorf("chart %q: %w", file, err)
	}
	p.Add(numbers)
	p.NominalX(answers...)
	down := make([]string, len(truths))
	for i, t := range truths {
		down[len(truths)-1-i] = t
	}
	p.NominalY(down...)
	return save(p, height, height, file)
}

func save(p *plot.Plot, w, h vg.Length, file string) error {
	if err := p.Save(w, h, file); err != nil {
		return fmt.Errorf("chart %q: %w", file, err)
	}
	return nil
}

// shades go from white to a strong blue that black numbers can still be read on.
type shades struct{}

func (shades) Colors() []color.Color {
	colours := make([]color.Color, 32)
	for i := range colours {
		fade := uint8(i * 5)
		colours[i] = color.RGBA{R: 255 - fade, G: 255 - fade/2, B: 255, A: 255}
	}
	return colours
}

// rowShares is a matrix as plotter.GridXYZ, its first row on top.
type rowShares [][]float64

func (m rowShares) Dims() (columns, rows int) { return len(m[0]), len(m) }
func (m rowShares) X(c int) float64           { return float64(c) }
func (m rowShares) Y(r int) float64           { return float64(r) }

func (m rowShares) Z(c, r int) float64 {
	row := m[len(m)-1-r]
	var sum float64
	for _, n := range row {
		sum += n
	}
	return row[c] / math.Max(sum, 1)
}
