package cnn

import (
	"math"

	"earworm/dsp"
)

// A tempo path follows the pulse through a recording: a tempogram of the beat
// activation (autocorrelation in windows, Grosche & Müller 2011, eq. 6), and the
// likeliest path through its tempo classes, which the network's own answer for
// the whole pulls towards itself.
const (
	pathHop    = RhythmFPS / 2  // frames between the path's points
	pathWindow = 10 * RhythmFPS // frames heard at each

	// pathSharpness weighs the tempogram of one window, pathWhole the network's
	// answer for the whole.
	pathSharpness, pathWhole = 8, 1
	// pathFloor is the least probability of a tempo that the whole may lack.
	pathFloor = 0.01
	// pathDrift is the cost of a class's change between neighbouring points, and
	// pathJump the most that any change costs.
	pathDrift, pathJump = 1, 20
)

// tempoPath gives the beat period in frames at each point of the path. whole is
// the distribution over tempo classes for the whole recording.
func tempoPath(activation, whole []float64) []float64 {
	points := max(1, (len(activation)+pathHop-1)/pathHop)
	score := make([]float64, TempoClasses)
	from := make([][TempoClasses]uint8, points)
	for p := range points {
		strength := tempogram(activation, p*pathHop)
		score = step(score, &from[p], p == 0)
		for c := range score {
			score[c] += pathSharpness*strength[c] + pathWhole*math.Log(whole[c]+pathFloor)
		}
	}
	best := 0
	for c, v := range score {
		if v > score[best] {
			best = c
		}
	}
	periods := make([]float64, points)
	for p := points - 1; p >= 0; p-- {
		periods[p] = 60 * RhythmFPS / TempoOfClass(float64(best))
		best = int(from[p][best])
	}
	return periods
}

// step moves the scores of all classes on by one point; from notes where each
// comes from.
func step(score []float64, from *[TempoClasses]uint8, first bool) []float64 {
	next := make([]float64, TempoClasses)
	if first {
		return next
	}
	top := 0
	for c, v := range score {
		if v > score[top] {
			top = c
		}
	}
	const near = pathJump / pathDrift
	for c := range next {
		best, at := score[top]-pathJump, top
		for d := max(0, c-near); d <= min(TempoClasses-1, c+near); d++ {
			if s := score[d] - pathDrift*math.Abs(float64(c-d)); s > best {
				best, at = s, d
			}
		}
		next[c], from[c] = best, uint8(at)
	}
	return next
}

// pathHann is the window, 1 at its middle.
var pathHann = func() []float64 {
	w := dsp.Hann(pathWindow)
	for i := range w {
		w[i] *= pathWindow / 4
	}
	return w
}()

// tempogram is how strongly each tempo class beats around a frame: the
// autocorrelation of the activation, under a Hann window, at the class's period
// and, so that half the tempo is no equal, at twice that.
func tempogram(activation []float64, at int) []float64 {
	first := max(0, at-pathWindow/2)
	last := min(len(activation), at+pathWindow/2)
	const longest = 60*RhythmFPS/int(slowestClassBPM) + 2
	x := make([]float64, last-first)
	var power float64
	for i := range x {
		x[i] = activation[first+i] * pathHann[first+i-at+pathWindow/2]
		power += x[i] * x[i]
	}
	correlation := make([]float64, 2*longest)
	for lag := 1; lag < min(len(correlation), len(x)); lag++ {
		correlation[lag] = product(x[lag:], x) / (power + 1e-9)
	}
	strength := make([]float64, TempoClasses)
	for c := range strength {
		period := 60 * RhythmFPS / TempoOfClass(float64(c))
		strength[c] = between(correlation, period) + 0.5*between(correlation, 2*period)
	}
	return strength
}

// product is the sum of the products of x and the beginning of y, by four sums,
// so that no addition waits for the one before.
func product(x, y []float64) float64 {
	var a, b, c, d float64
	for len(x) >= 4 && len(y) >= 4 {
		a += x[0] * y[0]
		b += x[1] * y[1]
		c += x[2] * y[2]
		d += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return a + b + c + d
}

// between reads values at a place between two.
func between(values []float64, at float64) float64 {
	i := int(at)
	if i+1 >= len(values) {
		return 0
	}
	share := at - float64(i)
	return (1-share)*values[i] + share*values[i+1]
}
