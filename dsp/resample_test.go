package dsp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"earworm/dsp"
)

// usualRates are those that audio files have, and two that none should.
var usualRates = []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000, 8001, 47999}

// resample runs everything through, in input chunks drawn by chunk.
func resample(from int, in []float32, chunk func() int) []float32 {
	r := dsp.NewResampler(from, dsp.SampleRate)
	var out []float32
	block := make([]float32, 1000)
	for len(in) > 0 {
		piece := in[:min(chunk(), len(in))]
		in = in[len(piece):]
		for len(piece) > 0 {
			n, m := r.Resample(block, piece)
			out = append(out, block[:n]...)
			piece = piece[m:]
		}
	}
	for {
		n := r.Flush(block)
		if n == 0 {
			return out
		}
		out = append(out, block[:n]...)
	}
}

func whole() int { return math.MaxInt }

// sine is amplitude 0.5 and seconds long.
func sine(hz float64, rate int, seconds float64) []float32 {
	x := make([]float32, int(seconds*float64(rate)))
	for i := range x {
		x[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return x
}

func db(ratio float64) float64 { return 20 * math.Log10(ratio) }

func rms(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// middle leaves out the ends, where the filter meets the silence around.
func middle(x []float32) []float32 { return x[len(x)/4 : 3*len(x)/4] }

func TestResampleKeepsSines(t *testing.T) {
	t.Parallel()
	for _, rate := range usualRates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			t.Parallel()
			edge := 0.88 * float64(min(rate, dsp.SampleRate)) / 2
			for _, hz := range []float64{30, 440, edge / 2, edge} {
				got := resample(rate, sine(hz, rate, 0.5), whole)
				want := sine(hz, dsp.SampleRate, 0.5)
				// Equal to the same sine sampled at the new rate: its frequency,
				// level and position are all kept.
				n := min(len(got), len(want))
				diff := make([]float32, n)
				for i := range diff {
					diff[i] = got[i] - want[i]
				}
				if d := db(rms(middle(diff)) / rms(middle(want[:n]))); d > -75 {
					t.Errorf("%.0f Hz: differs from the sine by %.1f dB; want below -75", hz, d)
				}
			}
		})
	}
}

func TestResampleStopsWhatWouldAlias(t *testing.T) {
	t.Parallel()
	for _, rate := range usualRates {
		if rate <= dsp.SampleRate {
			continue
		}
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			t.Parallel()
			top := float64(rate) / 2
			for _, hz := range []float64{11025, 11100, (11025 + top) / 2, 0.99 * top} {
				in := sine(hz, rate, 0.5)
				got := resample(rate, in, whole)
				if d := db(rms(middle(got)) / 0.3536); d > -80 {
					t.Errorf("%.0f Hz passes with %.1f dB; want below -80", hz, d)
				}
			}
		})
	}
}

func TestResampleLengthIsExact(t *testing.T) {
	t.Parallel()
	for _, rate := range usualRates {
		for _, n := range []int{0, 1, 2, 999, 4410, 10007} {
			got := len(resample(rate, make([]float32, n), whole))
			want := (n*dsp.SampleRate + rate - 1) / rate
			if got != want {
				t.Errorf("%d samples at %d Hz become %d; want %d", n, rate, got, want)
			}
		}
	}
}

func TestResampleDoesNotHearTheChunks(t *testing.T) {
	t.Parallel()
	for _, rate := range usualRates {
		rng := rand.New(rand.NewPCG(1, uint64(rate)))
		in := make([]float32, 20000)
		for i := range in {
			in[i] = rng.Float32()*2 - 1
		}
		want := resample(rate, in, whole)
		for name, chunk := range map[string]func() int{
			"singly":   func() int { return 1 },
			"randomly": func() int { return 1 + rng.IntN(3000) },
		} {
			if got := resample(rate, in, chunk); !slices.Equal(got, want) {
				t.Errorf("%d Hz: cut %s, the output differs", rate, name)
			}
		}
	}
}

func TestResampleSameRateIsIdentity(t *testing.T) {
	t.Parallel()
	in := sine(1000, dsp.SampleRate, 0.1)
	if got := resample(dsp.SampleRate, in, whole); !slices.Equal(got, in) {
		t.Error("samples changed without a change of rate")
	}
}

func TestResampleAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	r := dsp.NewResampler(44100, dsp.SampleRate)
	in, out := make([]float32, 4096), make([]float32, 4096)
	if n := testing.AllocsPerRun(20, func() { r.Resample(out, in) }); n != 0 {
		t.Errorf("a block allocates %.0f times", n)
	}
}

func BenchmarkResample(b *testing.B) {
	for _, rate := range []int{8000, 44100, 48000, 96000, 47999} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			r := dsp.NewResampler(rate, dsp.SampleRate)
			in, out := make([]float32, rate/10), make([]float32, dsp.SampleRate/10+10)
			for b.Loop() {
				r.Resample(out, in)
			}
			b.ReportMetric(float64(b.N)/10/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}
