// Package samples is a folder of labelled sample tracks and what makes them:
// the composer, the synthesiser and the renderer of training audio.
package samples

//go:generate go run ./gen -out .
