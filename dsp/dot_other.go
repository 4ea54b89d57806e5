//go:build !amd64

package dsp

func dot(h, x []float32) float32 { return plainDot(h, x) }
