// Package cnn estimates tempo, key and meter from sound with convolutional
// networks: their definition, their weights, and inference in plain Go.
// Package cnn/train makes the weights.
package cnn

import (
	"fmt"

	"earworm/cnn/layer"
	"earworm/schema"
)

// Machine carries out a network's layers on values of type V. The networks are
// written once, against it; inference, training and the tests' reference
// forward pass are three machines.
type Machine[V any] interface {
	Shape(x V) layer.Shape
	// Conv is the convolution with the weights called name.w and name.b.
	Conv(name string, x V, c layer.Conv) V
	Pool(x V, p layer.Pool) V
	Mean(x V) V
	Fold(x V, f layer.Fold) V
	Wrap(x V) V
	// Add sums two maps of one shape; it may use up y.
	Add(x, y V) V
}

// The rhythm network is a temporal convolutional network over log-mel frames
// after Davies & Böck (2019) and Böck & Davies (2020): a convolutional front
// that reads each moment, dilated blocks that look ever further around it, and
// three answers: beats and downbeats frame by frame, tempo and meter for the
// whole. Other than theirs, each block sends its mean over time to the whole.
const (
	rhythmBands    = 81
	rhythmChannels = 32
	rhythmBlocks   = 10 // the last looks 2·2⁹ frames to either side
	rhythmHidden   = 64
	beatOutputs    = 2 // beat, downbeat

	// frontReach is how many frames to either side the front looks.
	frontReach = 2
)

// RhythmOut is what the rhythm network says; all are logits.
type RhythmOut[V any] struct {
	Beats V // (Frames, 1, 2): beat, downbeat
	Tempo V // (1, 1, TempoClasses)
	Meter V // (1, 1, len(Meters))
	Front V // (Frames, 1, 32): what it answers from
}

// RhythmFront reads frames of (Frames, 81, 1) as (Frames, 1, 32).
func RhythmFront[V any](m Machine[V], x V) V {
	x = m.Conv("front1", x, layer.Conv{KernelFrames: 3, KernelBands: 3, In: 1, Out: 16})
	x = m.Pool(x, layer.Pool{Frames: 1, Bands: 3}) // 26 bands
	x = m.Conv("front2", x, layer.Conv{KernelFrames: 3, KernelBands: 3, In: 16, Out: 24})
	x = m.Pool(x, layer.Pool{Frames: 1, Bands: 3}) // 8 bands
	x = m.Conv("front3", x, layer.Conv{KernelFrames: 1, KernelBands: 8, In: 24, Out: rhythmChannels})
	return elu(m, x)
}

// RhythmBody answers from the front's (Frames, 1, 32).
func RhythmBody[V any](m Machine[V], front V) RhythmOut[V] {
	x := front
	hidden := m.Conv("whole", m.Mean(x), layer.Conv{KernelFrames: 1, KernelBands: 1, In: rhythmChannels, Out: rhythmHidden})
	for i := range rhythmBlocks {
		name := fmt.Sprintf("block%d", i)
		y := m.Conv(name, x, layer.Conv{
			KernelFrames: 5, KernelBands: 1, In: rhythmChannels, Out: rhythmChannels, Dilation: 1 << i,
		})
		y = elu(m, y)
		hidden = m.Add(hidden, m.Conv(name+"whole", m.Mean(y), layer.Conv{
			KernelFrames: 1, KernelBands: 1, In: rhythmChannels, Out: rhythmHidden,
		}))
		y = m.Conv(name+"mix", y, layer.Conv{KernelFrames: 1, KernelBands: 1, In: rhythmChannels, Out: rhythmChannels})
		x = m.Add(x, y)
	}
	hidden = elu(m, hidden)
	return RhythmOut[V]{
		Front: front,
		Beats: m.Conv("beats", elu(m, x), layer.Conv{KernelFrames: 1, KernelBands: 1, In: rhythmChannels, Out: beatOutputs}),
		Tempo: m.Conv("tempo", hidden, layer.Conv{KernelFrames: 1, KernelBands: 1, In: rhythmHidden, Out: TempoClasses}),
		Meter: m.Conv("meter", hidden, layer.Conv{KernelFrames: 1, KernelBands: 1, In: rhythmHidden, Out: len(Meters)}),
	}
}

func elu[V any](m Machine[V], x V) V { return m.Pool(x, layer.Pool{Frames: 1, Bands: 1}) }

// Meters are the classes of the meter answer. 2/4, 2/2 and 12/8 are heard as
// 4/4, 3/8, 3/2 and 9/8 as 3/4: choices of notation, not of sound.
var Meters = []schema.Meter{{Beats: 3, Unit: 4}, {Beats: 4, Unit: 4}, {Beats: 5, Unit: 4}, {Beats: 6, Unit: 8}, {Beats: 7, Unit: 8}}

// MeterClass is the index in Meters of what a written meter sounds like, -1 for
// one that is not among them.
func MeterClass(m schema.Meter) int {
	switch m.Beats {
	case 3, 9:
		return 0
	case 2, 4, 8, 12:
		return 1
	case 5:
		return 2
	case 6:
		return 3
	case 7:
		return 4
	}
	return -1
}
