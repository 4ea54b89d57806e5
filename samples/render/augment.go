package render

import (
	"context"
	"math"

	"earworm/dsp"
	"earworm/samples/midi"
)

// augment sends a take through what recordings go through, in the order in
// which it happens: mixing desk, room, mastering, carrier, surroundings, codec.
// Nothing in it moves sound in time.
func (s *studio) augment(ctx context.Context, t *take) error {
	t.level(0.15)
	if t.step("clean", 0.12) {
		t.did("clean")
		t.loudness(20*math.Log10(0.03), 20*math.Log10(0.2))
		t.limit()
		return nil
	}
	for _, e := range []struct {
		step   string
		chance float64
		do     func(*take)
	}{
		{"pump", 0.12, (*take).pump},
		{"eq", 0.6, (*take).equalise},
		{"reverb", 0.45, s.reverberate},
		{"compress", 0.45, (*take).compress},
		{"clip", 0.12, (*take).drive},
		{"band limit", 0.15, (*take).limitBand},
		{"noise", 0.2, (*take).noise},
		{"crowd", 0.07, (*take).crowd},
		{"fade", 0.1, (*take).fade},
	} {
		if t.step(e.step, e.chance) {
			e.do(t)
		}
	}
	t.loudness(-34, -9) // quiet recordings, and mastered ones
	t.limit()
	if t.step("mp3", 0.15) {
		return s.throughMP3(ctx, t)
	}
	return nil
}

// loudness brings the take to a level between two, in dB of full scale.
func (t *take) loudness(lo, hi float64) {
	db := -20.0
	if t.step("loudness", 1) {
		db = between(t.rng, lo, hi)
	}
	t.level(math.Pow(10, db/20))
}

// level brings the take to a mean level, as a share of full scale.
func (t *take) level(want float64) {
	have := rms(t.pcm)
	if have == 0 {
		return
	}
	gain := float32(want / have)
	for i := range t.pcm {
		t.pcm[i] *= gain
	}
}

// limit turns down what a file could not hold; one loud recording in six was
// cut off there instead, as loud ones are.
func (t *take) limit() {
	const ceiling = 0.98
	peak := peakOf(t.pcm)
	if peak <= ceiling {
		return
	}
	if t.step("overload", 1.0/6) {
		t.did("overload")
		return
	}
	for i := range t.pcm {
		t.pcm[i] *= ceiling / peak
	}
}

// pump lets the bass drum push the rest down, as dance music does.
func (t *take) pump() {
	var kicks []float64
	for _, n := range t.score.Notes {
		if n.Channel == midi.DrumChannel && (n.Pitch == 35 || n.Pitch == 36) {
			kicks = append(kicks, n.On)
		}
	}
	if len(kicks) < 16 {
		return
	}
	depth, release := between(t.rng, 0.3, 0.85), between(t.rng, 0.1, 0.3)
	next, since := 0, math.Inf(1)
	for i := range t.pcm {
		at := t.seconds(i)
		for next < len(kicks) && kicks[next]+0.02 <= at {
			since = kicks[next] + 0.02
			next++
		}
		if since < at {
			t.pcm[i] *= float32(1 - depth*math.Exp(-(at-since)/release))
		}
	}
	t.did("pump")
}

func (t *take) equalise() {
	const rate = dsp.SampleRate
	shelf(true, between(t.rng, 80, 350), t.rng.NormFloat64()*5).run(t.pcm)
	shelf(false, between(t.rng, 1500, 7000), t.rng.NormFloat64()*6).run(t.pcm)
	for range t.rng.IntN(3) {
		hz := 150 * math.Exp2(between(t.rng, 0, 5.2))
		peaking(hz, between(t.rng, 0.5, 3), t.rng.NormFloat64()*5, rate).run(t.pcm)
	}
	t.did("eq")
}

func (s *studio) reverberate(t *take) {
	var r room
	if len(s.rooms) > 0 && t.chance(0.5) {
		r = pick(t.rng, s.rooms)
	} else {
		r = imagine(t.rng)
	}
	wet := r.convolve(t.pcm)
	gain := rms(t.pcm) / max(rms(wet), 1e-9)
	share := math.Pow(t.rng.Float64(), 1.5) * 0.75
	for i := range t.pcm {
		t.pcm[i] = float32((1-share)*float64(t.pcm[i]) + share*gain*float64(wet[i]))
	}
	t.did("reverb")
}

// compress evens the level out: what is above a threshold grows by one part in
// ratio only.
func (t *take) compress() {
	threshold := rms(t.pcm) * math.Pow(10, between(t.rng, -10, 4)/20)
	ratio := between(t.rng, 1.5, 10)
	attack := 1 - math.Exp(-1/(between(t.rng, 0.001, 0.03)*dsp.SampleRate))
	release := 1 - math.Exp(-1/(between(t.rng, 0.05, 0.4)*dsp.SampleRate))
	power := 1/ratio - 1
	envelope, gain := 0.0, 1.0
	for i, v := range t.pcm {
		x := math.Abs(float64(v))
		if x > envelope {
			envelope += attack * (x - envelope)
		} else {
			envelope += release * (x - envelope)
		}
		if i%16 == 0 { // the envelope is slow; a power at every sample is not needed
			gain = 1
			if envelope > threshold {
				gain = math.Pow(envelope/threshold, power)
			}
		}
		t.pcm[i] = float32(float64(v) * gain)
	}
	t.did("compress")
}

// drive overloads an amplifier softly, or a converter hard.
func (t *take) drive() {
	peak := rms(t.pcm) * between(t.rng, 1.2, 4)
	hard := t.chance(0.5)
	for i, v := range t.pcm {
		x := float64(v) / peak
		if hard {
			x = min(max(x, -1), 1)
		} else {
			x = math.Tanh(x)
		}
		t.pcm[i] = float32(x * peak)
	}
	t.did("clip")
}

func (t *take) limitBand() {
	if t.chance(0.6) {
		hz := between(t.rng, 2500, 8000)
		lowPass(hz, 0.54, dsp.SampleRate).run(t.pcm)
		lowPass(hz, 1.31, dsp.SampleRate).run(t.pcm)
	}
	if t.chance(0.6) {
		highPass(between(t.rng, 60, 350), 0.7, dsp.SampleRate).run(t.pcm)
	}
	t.did("band limit")
}

// noise adds hiss, or hum with it.
func (t *take) noise() {
	level := rms(t.pcm) * math.Pow(10, -between(t.rng, 14, 45)/20)
	colour := lowPass(between(t.rng, 300, 10000), 0.5, dsp.SampleRate)
	hum := 0.0
	if t.chance(0.25) {
		hum = 2 * math.Pi * pick(t.rng, []float64{50, 60, 100, 120}) / dsp.SampleRate
	}
	hiss := make([]float32, len(t.pcm))
	for i := range hiss {
		hiss[i] = float32(colour.tick(t.rng.NormFloat64()))
	}
	gain := level / max(rms(hiss), 1e-9)
	for i := range t.pcm {
		t.pcm[i] += float32(gain*float64(hiss[i]) + level*math.Sin(hum*float64(i)))
	}
	t.did("noise")
}

// crowd adds a room full of people: noise in the bands of voices, each swelling
// and fading at the pace of speech.
func (t *take) crowd() {
	din := make([]float32, len(t.pcm))
	for range 6 {
		band := bandPass(between(t.rng, 250, 2600), 2.5, dsp.SampleRate)
		level, goal, left := 0.0, 1.0, 0
		for i := range din {
			if left--; left < 0 {
				left, goal = int(between(t.rng, 0.06, 0.5)*dsp.SampleRate), t.rng.Float64()
			}
			level += (goal - level) * 0.0012
			din[i] += float32(band.tick(t.rng.NormFloat64()) * level * level)
		}
	}
	gain := rms(t.pcm) * math.Pow(10, -between(t.rng, 6, 26)/20) / max(rms(din), 1e-9)
	for i := range t.pcm {
		t.pcm[i] += float32(gain * float64(din[i]))
	}
	t.did("crowd")
}

// fade lets the music come in or die away.
func (t *take) fade() {
	n := int(between(t.rng, 2, 8) * dsp.SampleRate)
	n = min(n, len(t.pcm))
	out := t.chance(0.6)
	for i := range n {
		at := i
		if out {
			at = len(t.pcm) - 1 - i
		}
		t.pcm[at] *= float32(i) / float32(n)
	}
	t.did("fade")
}
