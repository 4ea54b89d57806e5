package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"

	"earworm/dsp"
)

// nothing is sound without music: speech, noise, clatter. A network that hears
// it should say that it does not know.
type nothing struct{}

func openNothing(Config, []entry) (source, error) {
	if _, err := exec.LookPath("flite"); err != nil {
		return nil, errors.New("flite, which speaks, is not installed: apt-get install flite")
	}
	return nothing{}, nil
}

func (nothing) name() string { return "nothing" }

func (nothing) take(ctx context.Context, rng *rand.Rand, item int) (excerpt, error) {
	e := excerpt{piece: fmt.Sprintf("nothing-%d", item)}
	var err error
	switch rng.IntN(5) {
	case 0:
		e.sound = hiss(rng)
	case 1:
		e.sound = clatter(rng)
	default:
		e.sound, err = speak(ctx, rng)
	}
	return e, err
}

const nothingSamples = ExcerptS * dsp.SampleRate

// hiss is noise of some colour, as of rain, wind or engines, that swells slowly.
func hiss(rng *rand.Rand) []float32 {
	colour := lowPass(between(rng, 100, 8000), between(rng, 0.5, 3), dsp.SampleRate)
	drone, hum := between(rng, 30, 400), between(rng, 0, 0.5)*float64(rng.IntN(2))
	level, goal := 1.0, 1.0
	out := make([]float32, nothingSamples)
	for i := range out {
		if i%dsp.SampleRate == 0 {
			goal = between(rng, 0.3, 1)
		}
		level += (goal - level) / dsp.SampleRate
		tone := hum * math.Sin(2*math.Pi*drone*float64(i)/dsp.SampleRate)
		out[i] = float32(level * (colour.tick(rng.NormFloat64()) + tone))
	}
	return out
}

// clatter is knocks that keep no time, over a little hiss.
func clatter(rng *rand.Rand) []float32 {
	out := make([]float32, nothingSamples)
	rate := between(rng, 0.5, 8) // knocks a second
	for i := range out {
		out[i] = float32(0.003 * rng.NormFloat64())
	}
	for at := rng.ExpFloat64() / rate; at < ExcerptS; at += rng.ExpFloat64() / rate {
		body := bandPass(80*math.Exp2(between(rng, 0, 6)), between(rng, 0.7, 12), dsp.SampleRate)
		fall, loud := between(rng, 0.01, 0.15)*dsp.SampleRate, rng.Float64()
		first := int(at * dsp.SampleRate)
		for i := first; i < min(len(out), first+int(5*fall)); i++ {
			out[i] += float32(loud * body.tick(rng.NormFloat64()) * math.Exp(-float64(i-first)/fall))
		}
	}
	return out
}

var (
	speakers = []string{"kal16", "awb", "rms", "slt"}
	words    = strings.Fields(`the a and of to in that it was for on with as his they at be this from have
		or by one had not but what all were when we there can an your which their said if do will each about
		how up out them then she many some so these would other into has more her two like him see time could
		no make than first been its who now people my made over did down only way find use may water long
		little very after words called just where most know morning evening weather station number question
		Tuesday yesterday government captain kitchen remember difference mountain seventeen telephone`)
)

// speak reads out words in one of four voices, high or low, hurried or slow,
// with pauses.
func speak(ctx context.Context, rng *rand.Rand) ([]float32, error) {
	var text strings.Builder
	for range 140 {
		text.WriteString(pick(rng, words))
		text.WriteString(pick(rng, []string{" ", " ", " ", " ", " ", " ", ", ", ". ", "? "}))
	}
	file, err := os.CreateTemp("", "earworm-speech-*.wav")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if err := file.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "flite", "-voice", pick(rng, speakers),
		"--setf", fmt.Sprintf("duration_stretch=%.2f", between(rng, 0.75, 1.4)),
		"--setf", fmt.Sprintf("int_f0_target_mean=%.0f", between(rng, 80, 240)),
		"-t", text.String(), "-o", file.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("flite: %w: %s", err, out)
	}
	raw, err := ffmpeg(ctx, nil, []string{"-v", "error", "-i", file.Name(), "-f", "f32le", "-ar", fmt.Sprint(dsp.SampleRate), "-ac", "1", "-"})
	if err != nil {
		return nil, err
	}
	sound := floats(raw)
	return sound[:min(len(sound), nothingSamples)], nil
}
