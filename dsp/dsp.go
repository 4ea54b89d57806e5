// Package dsp turns sound into numbers: windows, Fourier transforms,
// mel and log-frequency spectrograms, loudness. It is pure arithmetic and
// knows nothing of files, networks or the rest of earworm.
package dsp

// SampleRate is the rate, in Hz, at which everything in earworm listens.
const SampleRate = 22050

// SampleReader gives mono samples at SampleRate, -1 to 1, as they are decoded.
type SampleReader interface {
	// Read fills dst from its start and says how many samples it holds now.
	// After the last sample it returns io.EOF, with n = 0. Other errors say
	// why the sound broke off.
	Read(dst []float32) (n int, err error)
}
