// Package chart draws figures of training and evaluation as SVG files.
package chart

import (
	"fmt"
	"html"
	"math"
	"os"
	"slices"
	"strings"
)

// The picture, and what is left around its field for names and numbers, in pixels.
const (
	width, height = 680, 380
	left, right   = 70, 20
	top, bottom   = 40, 60
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
	d := drawing{}
	up := d.scale(most)
	across := func(n float64) float64 { return left + (n-1)/float64(longest-1)*(width-left-right) }
	for n := 0.0; n <= float64(longest); n += max(1, step(float64(longest))) {
		if n > 0 {
			d.text(across(n), height-bottom+20, "middle", number(n))
		}
	}
	d.text(width/2, height-10, "middle", axis)
	for i, s := range all {
		points := make([]string, len(s.Values))
		for j, v := range s.Values {
			points[j] = fmt.Sprintf("%.1f,%.1f", across(float64(j+1)), up(v))
		}
		style := fmt.Sprintf(`fill="none" stroke="black" stroke-dasharray="%s"`, []string{"none", "6 4", "2 3"}[i%3])
		d.add(`<polyline points="%s" %s/>`, strings.Join(points, " "), style)
		d.add(`<path d="M%d,%dh30" %s/>`, width-right-30, top+18*i+10, style)
		d.text(width-right-36, float64(top+18*i+14), "end", s.Name)
	}
	return d.save(file, width, height)
}

// Bars draws counts, each with its name below it.
func Bars(file, title string, names []string, counts []float64) error {
	d := drawing{}
	d.text(width/2, 24, "middle", title)
	up := d.scale(slices.Max(counts))
	each := float64(width-left-right) / float64(len(counts))
	for i, n := range counts {
		middle := left + each*(float64(i)+0.5)
		d.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#5a5a5a"/>`,
			middle-0.35*each, up(n), 0.7*each, up(0)-up(n))
		d.text(middle, height-bottom+20, "middle", names[i])
	}
	return d.save(file, width, height)
}

// Matrix draws counts, truth downwards and answers across, each with its number;
// shades are shares of the row.
func Matrix(file, title string, truths, answers []string, counts [][]float64) error {
	const cell, edge, above = 56, 110, 70
	d := drawing{}
	wide, high := edge+cell*len(answers)+right, above+cell*len(truths)+40
	d.text(float64(wide)/2, 24, "middle", title)
	d.text(float64(edge+cell*len(answers)/2), float64(high-12), "middle", "heard (across), truth (down)")
	for c, name := range answers {
		d.text(float64(edge+cell*c+cell/2), above-10, "middle", name)
	}
	for r, row := range counts {
		y := above + cell*r
		d.text(edge-10, float64(y+cell/2+5), "end", truths[r])
		var sum float64
		for _, n := range row {
			sum += n
		}
		for c, n := range row {
			// From white to a blue that black numbers can still be read on.
			share := n / max(sum, 1)
			d.add(`<rect x="%d" y="%d" width="%d" height="%d" fill="rgb(%.0f,%.0f,255)" stroke="#ddd"/>`,
				edge+cell*c, y, cell, cell, 255-155*share, 255-78*share)
			if n > 0 {
				d.text(float64(edge+cell*c+cell/2), float64(y+cell/2+5), "middle", number(n))
			}
		}
	}
	return d.save(file, wide, high)
}

// drawing is the inside of an SVG picture.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, values ...any) { fmt.Fprintf(d, format+"\n", values...) }

// text writes words with their anchor ("start", "middle", "end") at a point.
func (d *drawing) text(x, y float64, anchor, words string) {
	d.add(`<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, html.EscapeString(words))
}

// scale draws the upright axis from 0 to at least most, with a line at each
// number, and gives where a value is.
func (d *drawing) scale(most float64) (up func(float64) float64) {
	by := step(most)
	end := by * max(1, math.Ceil(most/by))
	up = func(v float64) float64 { return height - bottom - v/end*(height-top-bottom) }
	for i := range int(math.Round(end/by)) + 1 {
		v := by * float64(i)
		d.add(`<path d="M%d,%.1fH%d" stroke="#ccc"/>`, left, up(v), width-right)
		d.text(left-8, up(v)+5, "end", number(v))
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

func (d *drawing) save(file string, wide, high int) error {
	picture := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="14">
<rect width="100%%" height="100%%" fill="white"/>
%s</svg>
`, wide, high, wide, high, d.String())
	if err := os.WriteFile(file, []byte(picture), 0o600); err != nil {
		return fmt.Errorf("chart %q: %w", file, err)
	}
	return nil
}
