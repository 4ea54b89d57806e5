package mat

import "math"

const lanes = 8

// ELU bends x in place: x where it is above 0, else e^x - 1 (Clevert et al.
// 2016, eq. 15, α = 1), right to about 2e-7.
func ELU(x []float32) {
	done := 0
	if fast && len(x) >= lanes {
		elu8(&x[0], len(x)/lanes)
		done = len(x) / lanes * lanes
	}
	for i, v := range x[done:] {
		if v < 0 {
			x[done+i] = expNegative(v) - 1
		}
	}
}

// expNegative is e^v for v <= 0: 2^n by its bits, times the Taylor series of
// e^f for the rest, f within half of ln 2.
func expNegative(v float32) float32 {
	const smallest = -87 // e^-87 is about the least normal float32
	v = max(v, smallest)
	t := v * math.Log2E
	n := int32(t - 0.5)
	x := (t - float32(n)) * math.Ln2
	power := 1 + x*(1+x*(1./2+x*(1./6+x*(1./24+x*(1./120+x*(1./720))))))
	return math.Float32frombits(uint32(n+127)<<23) * power
}

// MaxPool takes the greatest of taps neighbours: y (pools, channels) from x
// (pools·taps, channels). It panics where a slice is too short.
func MaxPool(y, x []float32, pools, taps, channels int) {
	if len(y) < pools*channels || len(x) < pools*taps*channels {
		panic("mat: slice too short")
	}
	if fast && channels%lanes == 0 && pools > 0 {
		maxPool8(&y[0], &x[0], pools, taps, uintptr(channels)*4)
		return
	}
	for p := range pools {
		best := y[p*channels : (p+1)*channels]
		copy(best, x[p*taps*channels:])
		for n := 1; n < taps; n++ {
			for c, v := range x[(p*taps+n)*channels : (p*taps+n+1)*channels] {
				best[c] = max(best[c], v)
			}
		}
	}
}

// MaxPoolBack adds to dx the gradient of ELU after MaxPool by its input x,
// given its result y and dy; what shares the greatest value shares the blame.
func MaxPoolBack(dx, dy, y, x []float32, pools, taps, channels int) {
	if min(len(y), len(dy)) < pools*channels || min(len(x), len(dx)) < pools*taps*channels {
		panic("mat: slice too short")
	}
	if fast && channels%lanes == 0 && pools > 0 {
		maxPoolBack8(&dx[0], &dy[0], &y[0], &x[0], pools, taps, uintptr(channels)*4)
		return
	}
	for p := range pools {
		for c := range channels {
			at := p*channels + c
			slope := 1 + min(y[at], 0)
			first := p*taps*channels + c
			greatest := x[first]
			for n := 1; n < taps; n++ {
				greatest = max(greatest, x[first+n*channels])
			}
			for n := range taps {
				if x[first+n*channels] == greatest {
					dx[first+n*channels] += dy[at] * slope
				}
			}
		}
	}
}
