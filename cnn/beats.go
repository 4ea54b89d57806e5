package cnn

import (
	"math"
	"slices"
	"sort"
)

const (
	// tightness weighs keeping time against landing on strong frames
	// (Ellis 2007, eq. 2, where it is α).
	tightness = 6
	// tempoRange is how far, as a factor, one interval may be from the period.
	tempoRange = 1.6
)

// trackBeats places beats where the activation is strong, about a period apart,
// which is given in frames for every pathHop frames: the dynamic programme of
// Ellis (2007), "Beat Tracking by Dynamic Programming", over activations a
// network gave. It returns frames, fractional between the two that share a peak.
func trackBeats(activation, periods []float64) []float64 {
	n := len(activation)
	if n == 0 {
		return nil
	}
	score, before := make([]float64, n), make([]int, n)
	var near, far int
	var penalty []float64
	for t := range n {
		if t%pathHop == 0 {
			near, far, penalty = offBeat(periods[t/pathHop], penalty)
		}
		best, from := 0.0, -1
		for d := near; d <= min(far, t); d++ {
			if s := score[t-d] - penalty[d]; s > best {
				best, from = s, t-d
			}
		}
		score[t], before[t] = best+activation[t], from
	}
	last := n - 1
	for t := max(0, n-far); t < n; t++ {
		if score[t] > score[last] {
			last = t
		}
	}
	var frames []float64
	for t := last; t >= 0; t = before[t] {
		frames = append(frames, refinePeak(activation, t))
	}
	sort.Float64s(frames)
	return frames
}

// offBeat is what an interval of each number of frames costs where the period is
// given, from the nearest to the furthest that may be.
func offBeat(period float64, penalty []float64) (near, far int, _ []float64) {
	near, far = max(1, int(period/tempoRange)), int(period*tempoRange)
	penalty = slices.Grow(penalty[:0], far+1)[:far+1]
	for d := near; d <= far; d++ {
		off := math.Log2(float64(d) / period)
		penalty[d] = tightness * off * off
	}
	return near, far, penalty
}

// refinePeak moves a frame to the top of the parabola through it and its
// neighbours, where it is a peak.
func refinePeak(a []float64, t int) float64 {
	if t < 1 || t >= len(a)-1 || a[t] < a[t-1] || a[t] < a[t+1] {
		return float64(t)
	}
	curve := a[t-1] - 2*a[t] + a[t+1]
	if curve >= 0 {
		return float64(t)
	}
	return float64(t) + 0.5*(a[t-1]-a[t+1])/curve
}

// beatPeriod is the interval, in frames, that most beats keep: the slope of the
// line through beats by their number, of which those between two that are not
// 8 % near the median begin anew, so that a missed beat does not count. 0 with
// fewer than four beats.
func beatPeriod(frames []float64) float64 {
	if len(frames) < 4 {
		return 0
	}
	intervals := make([]float64, len(frames)-1)
	for i := range intervals {
		intervals[i] = frames[i+1] - frames[i]
	}
	sorted := append([]float64(nil), intervals...)
	sort.Float64s(sorted)
	median := sorted[len(sorted)/2]
	// Each run of beats has a line of its own; the slope is common to all.
	var product, squares float64
	for from := 0; from < len(intervals); {
		to := from
		for to < len(intervals) && math.Abs(intervals[to]-median) <= 0.08*median {
			to++
		}
		run := frames[from : to+1]
		middle := float64(len(run)-1) / 2
		for i, f := range run {
			product += (float64(i) - middle) * (f - run[0])
			squares += (float64(i) - middle) * (float64(i) - middle)
		}
		from = to + 1
	}
	if squares == 0 {
		return median
	}
	return product / squares
}

// steadiness is the share of intervals within 4 % of the period.
func steadiness(frames []float64, period float64) float64 {
	if len(frames) < 2 {
		return 0
	}
	var near float64
	for i := range len(frames) - 1 {
		if math.Abs(frames[i+1]-frames[i]-period) <= max(0.04*period, 1) {
			near++
		}
	}
	return near / float64(len(frames)-1)
}
