package render

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"

	"gonum.org/v1/gonum/dsp/fourier"

	"earworm/dsp"
	"earworm/dsp/decode"
)

// room is an impulse response, which begins with its direct sound and has an
// energy of 1.
type room []float32

// roomS bounds how long a response is used for.
const roomS = 2.5

// loadRooms reads a folder of impulse responses. Time before the direct sound
// is cut off: reverberation must not move beats.
func loadRooms(ctx context.Context, dir string) ([]room, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.wav"))
	if err != nil {
		return nil, fmt.Errorf("read impulse responses: %w", err)
	}
	var rooms []room
	for _, p := range paths {
		pcm, err := readAll(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("read impulse responses: %w", err)
		}
		if r := roomOf(pcm); r != nil {
			rooms = append(rooms, r)
		}
	}
	return rooms, nil
}

func readAll(ctx context.Context, path string) ([]float32, error) {
	s, err := decode.Open(ctx, path, decode.Options{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return dsp.ReadAll(ctx, s)
}

// roomOf trims and normalises a response; nil where there is none.
func roomOf(pcm []float32) room {
	pcm = fromOnset(pcm, 0.3)
	pcm = pcm[:min(len(pcm), int(roomS*dsp.SampleRate))]
	energy := rms(pcm) * math.Sqrt(float64(len(pcm)))
	if energy == 0 {
		return nil
	}
	r := make(room, len(pcm))
	for i, v := range pcm {
		r[i] = v / float32(energy)
	}
	return r
}

// imagine makes a room that nobody has measured: noise that dies away, the high
// parts sooner, after a pause as long as the walls are far.
func imagine(rng *rand.Rand) room {
	decay := math.Exp(between(rng, math.Log(0.15), math.Log(2.2))) // s to -60 dB
	gap := int(between(rng, 0.002, 0.03) * dsp.SampleRate)
	r := make([]float32, gap+int(min(decay, roomS)*dsp.SampleRate))
	r[0] = 1
	damp := lowPass(between(rng, 1500, 9000), 0.7, sampleRate)
	for i := gap; i < len(r); i++ {
		t := float64(i) / dsp.SampleRate
		r[i] = float32(damp.tick(rng.NormFloat64()) * math.Exp(-6.9*t/decay) * 0.06)
	}
	return roomOf(r)
}

// convolve returns pcm through the room, as long as pcm: overlap-add of blocks
// by the discrete Fourier transform.
func (r room) convolve(pcm []float32) []float32 {
	size := 1 << 12
	for size < 2*len(r) {
		size *= 2
	}
	hop := size - len(r) + 1
	plan := fourier.NewFFT(size)
	buffer := make([]float64, size)
	for i, v := range r {
		buffer[i] = float64(v)
	}
	response := plan.Coefficients(nil, buffer)
	spectrum := make([]complex128, len(response))
	out := make([]float32, len(pcm))
	for at := 0; at < len(pcm); at += hop {
		clear(buffer)
		for i, v := range pcm[at:min(at+hop, len(pcm))] {
			buffer[i] = float64(v)
		}
		plan.Coefficients(spectrum, buffer)
		for i := range spectrum {
			spectrum[i] *= response[i]
		}
		plan.Sequence(buffer, spectrum)
		for i := 0; i < size && at+i < len(out); i++ {
			out[at+i] += float32(buffer[i] / float64(size))
		}
	}
	return out
}

func abs(v float32) float32 { return float32(math.Abs(float64(v))) }
