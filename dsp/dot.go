package dsp

// plainDot keeps four sums, so that an addition need not wait for the one before.
func plainDot(h, x []float32) float32 {
	var a, b, c, d float32
	x = x[:len(h)]
	for len(h) >= 8 && len(x) >= 8 {
		a += h[0]*x[0] + h[4]*x[4]
		b += h[1]*x[1] + h[5]*x[5]
		c += h[2]*x[2] + h[6]*x[6]
		d += h[3]*x[3] + h[7]*x[7]
		h, x = h[8:], x[8:]
	}
	for i, v := range h {
		a += v * x[i]
	}
	return (a + b) + (c + d)
}
