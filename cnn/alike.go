package cnn

import (
	"math"
	"sort"
)

// barLags are the distances, in beats, at which beats are compared.
var barLags = [...]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12}

// barLikeness is how alike beats are that lie each of barLags apart: the
// correlation of their sound, -1 to 1. Music repeats by bars, so beats a bar
// apart are more alike than others (Gainza 2009, "Automatic musical meter
// detection", by a beat similarity matrix); that holds for recordings unlike
// anything trained on. front is the rhythm network's, frames are the beats'.
func barLikeness(front Map, frames []float64) []float64 {
	likeness := make([]float64, len(barLags))
	within := sort.SearchFloat64s(frames, float64(front.Frames))
	beats := beatSounds(front, frames[:within])
	for i, lag := range barLags {
		if lag+2 < len(beats) {
			likeness[i] = correlation(beats[:len(beats)-lag], beats[lag:])
		}
	}
	return likeness
}

// beatSounds is what each beat sounds like, against the mean of all: the front's
// channels over the beat's first half, its second, and the moment it begins.
func beatSounds(front Map, frames []float64) [][]float64 {
	if len(frames) < 2 || front.Frames == 0 {
		return nil
	}
	at := func(i int) int { return min(max(int(math.Round(frames[i])), 0), front.Frames-1) }
	sounds := make([][]float64, len(frames)-1)
	mean := make([]float64, 3*front.Channels)
	for i := range sounds {
		from, to := at(i), max(at(i)+2, at(i+1))
		middle := (from + to) / 2
		sounds[i] = make([]float64, 0, len(mean))
		for _, part := range [][2]int{{from, middle}, {middle, to}, {from - 1, from + 2}} {
			sounds[i] = append(sounds[i], meanFrame(front, part[0], part[1])...)
		}
		for c, v := range sounds[i] {
			mean[c] += v / float64(len(sounds))
		}
	}
	for _, s := range sounds {
		for c := range s {
			s[c] -= mean[c]
		}
	}
	return sounds
}

// meanFrame is the mean of a map's frames from one up to another.
func meanFrame(m Map, from, to int) []float64 {
	from, to = max(from, 0), min(to, m.Frames)
	mean := make([]float64, m.Channels)
	for t := from; t < to; t++ {
		for c, v := range m.Data[t*m.Channels : (t+1)*m.Channels] {
			mean[c] += float64(v) / float64(to-from)
		}
	}
	return mean
}

// correlation of two runs of vectors, whose mean is near zero.
func correlation(a, b [][]float64) float64 {
	var product, left, right float64
	for i := range a {
		for c := range a[i] {
			product += a[i][c] * b[i][c]
			left += a[i][c] * a[i][c]
			right += b[i][c] * b[i][c]
		}
	}
	return product / (math.Sqrt(left*right) + 1e-9)
}
