// Package chart draws figures of training and evaluation as PNG files.
package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
)

// The picture, and what is left around its field for names and numbers, in pixels.
const (
	width, height = 680, 380
	left, right   = 70, 20
	top, bottom   = 40, 60
)

var (
	grid = color.Gray{0xcc}
	ink  = color.Gray{0x5a}
	// lines are told apart by hue and by lightness.
	lines = []color.Color{color.Black, color.RGBA{0x2f, 0x7e, 0xd8, 0xff}, color.RGBA{0xe0, 0x8a, 0x1e, 0xff}}
)

// Series is a line: values at 1, 2, 3 and on.
type Series struct {
	Name   string
	Values []float64
}

// Lines draws series over a common axis.
func Lines(file, axis string, all ...Series) error {
	most, longest := 0.0, 2
	for _, s := range all {
		most, longest = max(most, slices.Max(append([]float64{0}, s.Values...))), max(longest, len(s.Values))
	}
	c, err := newCanvas(width, height)
	if err != nil {
		return err
	}
	up := c.axis(most)
	across := func(n float64) float64 { return left + (n-1)/float64(longest-1)*(width-left-right) }
	for n := 0.0; n <= float64(longest); n += max(1, step(float64(longest))) {
		if n > 0 {
			c.text(across(n), height-bottom+20, middle, number(n))
		}
	}
	c.text(width/2, height-10, middle, axis)
	for i, s := range all {
		points := make([][2]float64, len(s.Values))
		for j, v := range s.Values {
			points[j] = [2]float64{across(float64(j + 1)), up(v)}
		}
		hue, row := lines[i%len(lines)], float64(top+18*i)
		c.stroke(points, hue)
		c.stroke([][2]float64{{width - right - 30, row + 10}, {width - right, row + 10}}, hue)
		c.text(width-right-36, row+14, end, s.Name)
	}
	return c.save(file)
}

// Bars draws counts, each with its name below it.
func Bars(file, title string, names []string, counts []float64) error {
	c, err := newCanvas(width, height)
	if err != nil {
		return err
	}
	c.text(width/2, 24, middle, title)
	up := c.axis(slices.Max(counts))
	each := float64(width-left-right) / float64(len(counts))
	for i, n := range counts {
		at := left + each*(float64(i)+0.5)
		c.fill(at-0.35*each, up(n), 0.7*each, up(0)-up(n), ink)
		c.text(at, height-bottom+20, middle, names[i])
	}
	return c.save(file)
}

// Matrix draws counts, truth downwards and answers across, each with its number;
// shades are shares of the row.
func Matrix(file, title string, truths, answers []string, counts [][]float64) error {
	const cell, edge, above = 56, 110, 70
	wide, high := edge+cell*len(answers)+right, above+cell*len(truths)+40
	c, err := newCanvas(wide, high)
	if err != nil {
		return err
	}
	c.text(float64(wide)/2, 24, middle, title)
	c.text(float64(edge+cell*len(answers)/2), float64(high-12), middle, "heard (across), truth (down)")
	for i, name := range answers {
		c.text(float64(edge+cell*i+cell/2), above-10, middle, name)
	}
	for r, row := range counts {
		y := float64(above + cell*r)
		c.text(edge-10, y+cell/2+5, end, truths[r])
		var sum float64
		for _, n := range row {
			sum += n
		}
		for i, n := range row {
			x := float64(edge + cell*i)
			c.fill(x, y, cell, cell, grid)
			c.fill(x+0.5, y+0.5, cell-1, cell-1, shade(n/max(sum, 1)))
			if n > 0 {
				c.text(x+cell/2, y+cell/2+5, middle, number(n))
			}
		}
	}
	return c.save(file)
}

// shade is from white to a blue that black numbers can still be read on.
func shade(share float64) color.Color {
	return color.RGBA{uint8(255 - 155*share), uint8(255 - 78*share), 255, 255}
}

// axis draws the upright axis from 0 to at least most, with a line at each
// number, and gives where a value is.
func (c *canvas) axis(most float64) (up func(float64) float64) {
	by := step(most)
	most = by * max(1, math.Ceil(most/by))
	up = func(v float64) float64 { return height - bottom - v/most*(height-top-bottom) }
	for i := range int(math.Round(most/by)) + 1 {
		v := by * float64(i)
		c.fill(left, up(v)-0.5, width-left-right, 1, grid)
		c.text(left-8, up(v)+5, end, number(v))
	}
	return up
}

// step is 1, 2 or 5 times a power of ten, so that 2 to 5 of them make most. Of
// nothing it is 1.
func step(most float64) float64 {
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most))) // most is 1 to 10 of these
	switch lead := most / power; {
	case lead <= 2:
		return power / 2
	case lead <= 5:
		return power
	}
	return 2 * power
}

func number(v float64) string { return fmt.Sprintf("%.6g", v) }
