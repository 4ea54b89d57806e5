package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// scale is how many dots a pixel of a figure is wide, so that it is sharp on fine
// screens and on paper.
const scale = 2

const letters = 14 // height in pixels

// canvas is a white picture, drawn on in pixels from its upper left corner.
type canvas struct {
	dots *image.RGBA
	face font.Face // not safe for concurrent use, so each canvas has its own
}

var regular = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

func newCanvas(wide, high int) (*canvas, error) {
	f, err := regular()
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: letters * scale, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	c := &canvas{image.NewRGBA(image.Rect(0, 0, wide*scale, high*scale)), face}
	c.fill(0, 0, float64(wide), float64(high), color.White)
	return c, nil
}

// fill colours a rectangle, to whole dots.
func (c *canvas) fill(x, y, wide, high float64, with color.Color) {
	dot := func(v float64) int { return int(math.Round(v * scale)) }
	draw.Draw(c.dots, image.Rect(dot(x), dot(y), dot(x+wide), dot(y+high)), image.NewUniform(with), image.Point{}, draw.Src)
}

// stroke draws a line of two pixels' width from point to point.
func (c *canvas) stroke(points [][2]float64, with color.Color) {
	for i := 1; i < len(points); i++ {
		c.segment(points[i-1], points[i], with)
	}
}

func (c *canvas) segment(from, to [2]float64, with color.Color) {
	along, down := to[0]-from[0], to[1]-from[1]
	length := math.Hypot(along, down)
	if length == 0 {
		return
	}
	// Half the width beyond both ends, so that segments meet without a gap.
	along, down = along/length, down/length
	corner := func(at [2]float64, ahead, aside float64) (x, y float32) {
		return float32(scale * (at[0] + ahead*along - aside*down)), float32(scale * (at[1] + ahead*down + aside*along))
	}
	size := c.dots.Bounds().Size()
	r := vector.NewRasterizer(size.X, size.Y)
	r.MoveTo(corner(from, -1, -1))
	r.LineTo(corner(to, 1, -1))
	r.LineTo(corner(to, 1, 1))
	r.LineTo(corner(from, -1, 1))
	r.ClosePath()
	r.Draw(c.dots, c.dots.Bounds(), image.NewUniform(with), image.Point{})
}

// anchor is which part of words stands at their point.
type anchor int

const (
	middle anchor = iota
	end
)

// text writes words with their baseline at y.
func (c *canvas) text(x, y float64, at anchor, words string) {
	pen := font.Drawer{Dst: c.dots, Src: image.Black, Face: c.face}
	wide := pen.MeasureString(words)
	if at == middle {
		wide /= 2
	}
	pen.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round(x*scale*64)) - wide, Y: fixed.Int26_6(math.Round(y * scale * 64))}
	pen.DrawString(words)
}

func (c *canvas) save(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if err := png.Encode(file, c.dots); err != nil {
		_ = file.Close()
		return fmt.Errorf("chart %q: %w", name, err)
	}
	return file.Close()
}
