package cnn

import (
	"fmt"

	"earworm/cnn/layer"
)

// There are three key networks, which hear the same input. KeyCourse ships; the
// others were its teachers and their teachers.
const (
	// KeyCourse goes around the circle of pitch classes, too, and hears how
	// harmonies follow one another.
	KeyCourse = "key-course"
	// KeyCircle is the network that goes around the circle of pitch classes, and
	// hears each moment by itself.
	KeyCircle = "key"
	// KeyPlain is the network of plain convolutions, which knows how high a
	// note is.
	KeyPlain = "key-plain"
)

// IsKey tells whether a network is one of those that hear keys.
func IsKey(network string) bool {
	return network == KeyCourse || network == KeyCircle || network == KeyPlain
}

const (
	// KeyBands is the height of a key network's input: 36 bands an octave, for
	// 72 semitones between the margins that the kernels eat.
	KeyBands     = 228
	keyPerOctave = 36
	keyHidden    = 32
	keyModes     = 2 // major, minor

	// keyStride is how many frames a front may make one of: blocks are a
	// whole number of them long.
	keyStride = 4
	// keyReach is how many frames to either side a front looks, at most, as a
	// whole number of strides.
	keyReach = 20

	// keyLowestNote is the MIDI number of the lowest of the 72 semitones.
	keyLowestNote = 36
	// keyMarginBands is how many bands lie below its centre.
	keyMarginBands = 7
)

// KeyOut is what a key network says.
type KeyOut[V any] struct {
	Logits V // 24 values (12, 2): tonic from C, major and minor
	Hidden V // what the answer is drawn from: (1, 12, 32), but of KeyPlain
}

// KeyFront reads log-frequency frames of (Frames, 228, 1), tuned to 440 Hz.
func KeyFront[V any](network string, m Machine[V], x V) V {
	switch network {
	case KeyPlain:
		return plainFront(m, x)
	case KeyCourse:
		return courseFront(m, x)
	}
	return circleFront(m, x)
}

// KeyBody answers from the mean of the front over all frames.
func KeyBody[V any](network string, m Machine[V], x V) KeyOut[V] {
	if network == KeyPlain {
		return plainBody(m, x)
	}
	return circleBody(m, x)
}

// KeyNet answers from log-frequency frames of (Frames, 228, 1).
func KeyNet[V any](network string, m Machine[V], x V) KeyOut[V] {
	return KeyBody(network, m, m.Mean(KeyFront(network, m, x)))
}

// The circle network hears a transposed piece as the same piece in another key
// by its shape, not by training: every layer does the same at every pitch,
// octaves are laid over one another, and the last layers go around the circle
// of pitch classes. So nothing has to be learned twelve times.

// circleFront gives harmonies of (Frames/2, 12, 32) over pitch classes.
func circleFront[V any](m Machine[V], x V) V {
	x = m.Conv("key1", x, layer.Conv{KernelFrames: 3, KernelBands: 7, In: 1, Out: 16})
	x = m.Pool(x, layer.Pool{Frames: 2, Bands: 3}) // 74 semitones
	x = m.Conv("key2", x, layer.Conv{KernelFrames: 3, KernelBands: 3, In: 16, Out: 32})
	x = elu(m, x)
	x = m.Fold(x, layer.Fold{Period: 12, Bass: 2})
	x = m.Conv("key3", m.Wrap(x), layer.Conv{KernelFrames: 1, KernelBands: 12, In: 64, Out: keyHidden})
	return elu(m, x)
}

func circleBody[V any](m Machine[V], x V) KeyOut[V] {
	hidden := elu(m, m.Conv("key4", m.Wrap(x), layer.Conv{KernelFrames: 1, KernelBands: 12, In: keyHidden, Out: keyHidden}))
	return KeyOut[V]{
		Logits: m.Conv("key5", hidden, layer.Conv{KernelFrames: 1, KernelBands: 1, In: keyHidden, Out: keyModes}),
		Hidden: x,
	}
}

// courseBlocks is how many blocks follow the circle network's front, each hearing
// twice as far as the one before: seven steps of 0.4 s to either side in all.
const courseBlocks = 3

// courseFront is circleFront, and adds to each moment what the harmonies around it
// make of it: residual blocks dilated in time (Bai et al. 2018, "An empirical
// evaluation of generic convolutional and recurrent networks for sequence
// modeling", section 3), which go around the circle like all else.
func courseFront[V any](m Machine[V], x V) V {
	x = circleFront(m, x)
	for i := range courseBlocks {
		y := m.Conv(fmt.Sprintf("course%dmix", i), m.Wrap(x), layer.Conv{
			KernelFrames: 3, KernelBands: 12, In: keyHidden, Out: keyHidden, Dilation: 1 << i,
		})
		x = m.Add(x, elu(m, y))
	}
	return x
}

// The plain network is five convolutions and a dense layer, after Korzeniowski &
// Widmer (2017), "End-to-end musical key estimation using a convolutional neural
// network", with an octave's reach in the fourth. What it hears it hears at its
// height, so keys are learned from transposed examples.

// plainChannels is how many maps the last convolutions of the plain network have.
const plainChannels = 24

// plainFront gives (Frames/4, 56, 24).
func plainFront[V any](m Machine[V], x V) V {
	x = m.Conv("plain1", x, layer.Conv{KernelFrames: 3, KernelBands: 7, In: 1, Out: 8})
	x = m.Pool(x, layer.Pool{Frames: 2, Bands: 3}) // 74 semitones
	x = m.Conv("plain2", x, layer.Conv{KernelFrames: 3, KernelBands: 3, In: 8, Out: 16})
	x = m.Pool(x, layer.Pool{Frames: 2, Bands: 1})
	x = elu(m, m.Conv("plain3", x, layer.Conv{KernelFrames: 3, KernelBands: 5, In: 16, Out: plainChannels}))
	x = elu(m, m.Conv("plain4", x, layer.Conv{KernelFrames: 1, KernelBands: 13, In: plainChannels, Out: plainChannels}))
	x = m.Conv("plain5", x, layer.Conv{KernelFrames: 3, KernelBands: 1, In: plainChannels, Out: plainChannels})
	return elu(m, x)
}

func plainBody[V any](m Machine[V], x V) KeyOut[V] {
	return KeyOut[V]{
		Logits: m.Conv("plain6", x, layer.Conv{KernelFrames: 1, KernelBands: m.Shape(x).Bands, In: plainChannels, Out: 12 * keyModes}),
		Hidden: x,
	}
}
