package dsp

import (
	"context"
	"errors"
	"io"
)

// blockSamples is how much sound is taken in at a time: a little under a second.
const blockSamples = 16384

// ReadTo gives all samples of r to take, piece by piece, until its end or that
// of ctx. The slice is take's until it returns. Errors are ctx's and r's.
func ReadTo(ctx context.Context, r SampleReader, take func(samples []float32)) error {
	block := make([]float32, blockSamples)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(block)
		take(block[:n])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// ReadAll returns all samples of r.
func ReadAll(ctx context.Context, r SampleReader) ([]float32, error) {
	var all []float32
	err := ReadTo(ctx, r, func(samples []float32) { all = append(all, samples...) })
	if err != nil {
		return nil, err
	}
	return all, nil
}
