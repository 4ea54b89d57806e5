//go:build !amd64

package fft

const vectors = false

type lanes struct{}

func newLanes(int) lanes { return lanes{} }

func (*lanes) magnitudes([]float32, []float32) {}
