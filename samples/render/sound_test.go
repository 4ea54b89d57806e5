package render

import (
	"math"
	"math/rand/v2"
	"testing"

	"earworm/dsp"
	"earworm/samples/midi"
	"earworm/samples/score"
)

// clicks is a take of clicks half a second apart.
func clicks(seed uint64) *take {
	t := &take{
		rng: rand.New(rand.NewPCG(seed, 1)), item: &Item{}, rate: dsp.SampleRate,
		score: &score.Score{Length: 8}, pcm: make([]float32, 8*dsp.SampleRate),
	}
	for i := range 15 {
		at := 0.5 + float64(i)*0.5
		t.score.Notes = append(t.score.Notes, score.Note{On: at, Off: at + 0.1, Channel: midi.DrumChannel, Pitch: 36, Velocity: 100})
		for k := range 400 {
			t.pcm[int(at*dsp.SampleRate)+k] = float32(math.Sin(float64(k)/3) * math.Exp(-float64(k)/80))
		}
	}
	return t
}

// Whatever a take goes through, its clicks stay where they are: within 5 ms,
// which is what the labels promise.
func TestAugmentationsDoNotMoveTime(t *testing.T) {
	t.Parallel()
	s := &studio{}
	for _, c := range []struct {
		name string
		do   func(*take)
	}{
		{"eq", (*take).equalise},
		{"reverb", s.reverberate},
		{"compress", (*take).compress},
		{"drive", (*take).drive},
		{"band limit", (*take).limitBand},
		{"pump", (*take).pump},
		{"fade", (*take).fade},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				dry, wet := clicks(seed), clicks(seed)
				c.do(wet)
				if lag := bestLag(dry.pcm, wet.pcm); math.Abs(lag) > 0.005 {
					t.Errorf("seed %d: sound moved by %.1f ms", seed, lag*1000)
				}
			}
		})
	}
}

// bestLag is by how many seconds b lags a, from the correlation of their
// envelopes.
func bestLag(a, b []float32) float64 {
	envelope := func(pcm []float32) []float64 {
		const block = 11 // half a millisecond
		e := make([]float64, len(pcm)/block)
		for i := range e {
			for _, v := range pcm[i*block : (i+1)*block] {
				e[i] = max(e[i], math.Abs(float64(v)))
			}
		}
		for i := len(e) - 1; i > 0; i-- {
			e[i] = max(e[i]-e[i-1], 0)
		}
		return e
	}
	x, y := envelope(a), envelope(b)
	best, lag := 0.0, 0
	for shift := -60; shift <= 60; shift++ {
		sum := 0.0
		for i := 60; i < len(x)-60; i++ {
			sum += x[i] * y[i+shift]
		}
		if sum > best {
			best, lag = sum, shift
		}
	}
	return float64(lag) * 11 / dsp.SampleRate
}

// A room that is a single impulse changes nothing; one impulse later delays.
func TestConvolve(t *testing.T) {
	t.Parallel()
	pcm := clicks(1).pcm
	for delay, r := range map[int]room{0: {1}, 3: {0, 0, 0, 1}} {
		got := r.convolve(pcm)
		for i := delay; i < len(pcm); i++ {
			if math.Abs(float64(got[i]-pcm[i-delay])) > 1e-5 {
				t.Fatalf("delay %d: sample %d is %g; want %g", delay, i, got[i], pcm[i-delay])
			}
		}
	}
}

// The gain of a filter at a frequency is what its name says.
func TestFilters(t *testing.T) {
	t.Parallel()
	gain := func(f *biquad, hz float64) float64 {
		sum := 0.0
		for i := range dsp.SampleRate {
			y := f.tick(math.Sin(2 * math.Pi * hz * float64(i) / dsp.SampleRate))
			if i > dsp.SampleRate/2 {
				sum += y * y
			}
		}
		return 10 * math.Log10(sum/float64(dsp.SampleRate/2)*2)
	}
	for _, c := range []struct {
		name     string
		filter   *biquad
		hz, want float64 // dB
	}{
		{"low pass passes", lowPass(2000, math.Sqrt2/2, sampleRate), 100, 0},
		{"low pass at its edge", lowPass(2000, math.Sqrt2/2, sampleRate), 2000, -3},
		{"high pass at its edge", highPass(500, math.Sqrt2/2, sampleRate), 500, -3},
		{"band pass at its centre", bandPass(800, 4, sampleRate), 800, 0},
		{"peak", peaking(1000, 1, 6, sampleRate), 1000, 6},
		{"low shelf below", shelf(true, 500, 6), 30, 6},
		{"low shelf above", shelf(true, 500, 6), 6000, 0},
		{"high shelf above", shelf(false, 2000, -8), 9500, -8},
		{"high shelf below", shelf(false, 2000, -8), 50, 0},
	} {
		if got := gain(c.filter, c.hz); math.Abs(got-c.want) > 0.5 {
			t.Errorf("%s: gain at %g Hz is %.2f dB; want %g", c.name, c.hz, got, c.want)
		}
	}
}

// Voice and drum machine sound where their notes are and nowhere before.
func TestVoiceAndMachineBeginOnTime(t *testing.T) {
	t.Parallel()
	note := []score.Note{{On: 1, Off: 2, Pitch: 62, Velocity: 100}}
	stroke := []score.Note{{On: 1, Off: 1.1, Channel: midi.DrumChannel, Pitch: 38, Velocity: 100}}
	rng := rand.New(rand.NewPCG(2, 2))
	for name, pcm := range map[string][]float32{
		"voice":   choir{notes: note}.sing(rng, dsp.SampleRate, 3*dsp.SampleRate),
		"machine": machine{strokes: stroke}.play(rng, dsp.SampleRate, 3*dsp.SampleRate),
	} {
		before, during := rms(pcm[:dsp.SampleRate]), rms(pcm[dsp.SampleRate:dsp.SampleRate+2000])
		if before != 0 || during == 0 || math.IsNaN(during) {
			t.Errorf("%s: level is %g before and %g from its begin", name, before, during)
		}
	}
	if (choir{}).sing(rng, 100, 100) != nil || (machine{}).play(rng, 100, 100) != nil {
		t.Error("nobody sounded")
	}
}
