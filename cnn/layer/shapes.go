package layer

import "earworm/cnn/mat"

// Pool takes the greatest of Frames x Bands neighbours and bends it by ELU
// (Clevert et al. 2016, eq. 15, α = 1). What does not fill a pool is left out.
type Pool struct{ Frames, Bands int }

// Shape is the shape of the result for an input of shape in.
func (p Pool) Shape(in Shape) Shape {
	return Shape{in.Frames / p.Frames, in.Bands / p.Bands, in.Channels}
}

// Forward computes y of shape p.Shape(in).
func (p Pool) Forward(y, x []float32, in Shape) {
	out := p.Shape(in)
	row := make([]float32, in.Bands*in.Channels)
	for t := range out.Frames {
		mat.MaxPool(y[t*out.Bands*out.Channels:], p.highest(row, x, t), out.Bands, p.Bands, in.Channels)
	}
	mat.ELU(y)
}

// highest is the greatest of the frames that pool t takes in: a row of all
// bands, in place where it is one frame.
func (p Pool) highest(row, x []float32, t int) []float32 {
	from := x[t*p.Frames*len(row):][:p.Frames*len(row)]
	if p.Frames == 1 {
		return from
	}
	mat.MaxPool(row, from, 1, p.Frames, len(row))
	return row
}

// Backward adds to dx the gradient by the input x, given the result y.
func (p Pool) Backward(dx, dy, y, x []float32, in Shape) {
	out := p.Shape(in)
	width, outWidth := in.Bands*in.Channels, out.Bands*out.Channels
	row, dRow, flat := make([]float32, width), make([]float32, width), make([]float32, width)
	for t := range out.Frames {
		highest, to := p.highest(row, x, t), dx[t*p.Frames*width:]
		if p.Frames > 1 {
			clear(dRow)
			to = dRow
		}
		mat.MaxPoolBack(to, dy[t*outWidth:], y[t*outWidth:], highest, out.Bands, p.Bands, in.Channels)
		if p.Frames > 1 { // flat has ELU's slope 1 everywhere: it is done already
			mat.MaxPoolBack(dx[t*p.Frames*width:], dRow, flat, x[t*p.Frames*width:], 1, p.Frames, width)
		}
	}
}

// Mean averages over the frames.
type Mean struct{}

// Shape is the shape of the result for an input of shape in.
func (Mean) Shape(in Shape) Shape { return Shape{1, in.Bands, in.Channels} }

// Forward computes y of shape Shape(in).
func (Mean) Forward(y, x []float32, in Shape) {
	clear(y)
	width := in.Bands * in.Channels
	for t := 0; t < len(x); t += width {
		for i, v := range x[t : t+width] {
			y[i] += v
		}
	}
	scale := 1 / float32(in.Frames)
	for i := range y {
		y[i] *= scale
	}
}

// Backward adds to dx the gradient by the input.
func (Mean) Backward(dx, dy []float32, in Shape) {
	scale := 1 / float32(in.Frames)
	width := in.Bands * in.Channels
	for t := 0; t < len(dx); t += width {
		for i, g := range dy {
			dx[t+i] += g * scale
		}
	}
}

// Fold lays octaves over one another: bands that are a whole number of Period
// bands apart become one, averaged within each of two groups, the bass (the
// lowest Bass octaves) and the rest, whose channels stand side by side.
//
//	(Frames, Octaves·Period, C) -> (Frames, Period, 2C)
type Fold struct{ Period, Bass int }

// Shape is the shape of the result for an input of shape in.
func (f Fold) Shape(in Shape) Shape {
	if in.Bands%f.Period != 0 || in.Bands/f.Period <= f.Bass {
		panic("layer: bands are not whole octaves above the bass")
	}
	return Shape{in.Frames, f.Period, 2 * in.Channels}
}

// each calls fn with the index in the result, the index in the input and the
// weight of every pair that is linked.
func (f Fold) each(in Shape, fn func(out, in int, weight float32)) {
	octaves := in.Bands / f.Period
	low, high := 1/float32(f.Bass), 1/float32(octaves-f.Bass)
	for t := range in.Frames {
		for band := range in.Bands {
			src := (t*in.Bands + band) * in.Channels
			dst := (t*f.Period + band%f.Period) * 2 * in.Channels
			weight := low
			if band/f.Period >= f.Bass {
				dst += in.Channels
				weight = high
			}
			for c := range in.Channels {
				fn(dst+c, src+c, weight)
			}
		}
	}
}

// Forward computes y of shape Shape(in).
func (f Fold) Forward(y, x []float32, in Shape) {
	clear(y)
	f.each(in, func(o, i int, w float32) { y[o] += w * x[i] })
}

// Backward adds to dx the gradient by the input.
func (f Fold) Backward(dx, dy []float32, in Shape) {
	f.each(in, func(o, i int, w float32) { dx[i] += w * dy[o] })
}

// Wrap goes on around the circle of bands: it repeats all bands but the last
// after the end, so that a convolution of as many bands as the circle has
// starts once at every place of it.
//
//	(Frames, B, C) -> (Frames, 2B-1, C)
type Wrap struct{}

// Shape is the shape of the result for an input of shape in.
func (Wrap) Shape(in Shape) Shape { return Shape{in.Frames, 2*in.Bands - 1, in.Channels} }

// Forward computes y of shape Shape(in).
func (Wrap) Forward(y, x []float32, in Shape) {
	width := in.Bands * in.Channels
	for t := range in.Frames {
		row := y[t*(2*width-in.Channels):]
		copy(row, x[t*width:(t+1)*width])
		copy(row[width:], x[t*width:(t+1)*width-in.Channels])
	}
}

// Backward adds to dx the gradient by the input.
func (Wrap) Backward(dx, dy []float32, in Shape) {
	width := in.Bands * in.Channels
	for t := range in.Frames {
		row := dy[t*(2*width-in.Channels) : (t+1)*(2*width-in.Channels)]
		for i, g := range row {
			dx[t*width+i%width] += g
		}
	}
}
