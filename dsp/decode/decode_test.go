package decode_test

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"earworm/dsp"
	"earworm/dsp/decode"
)

//go:generate testdata/make.sh

// seconds is how long every fixture sounds.
const seconds = 2

// signal is the sound of the fixtures, as testdata/make.sh has it too: the
// mean of both sides, at dsp.SampleRate.
func signal(i int) float64 {
	left, right := sides(float64(i) / dsp.SampleRate)
	return (left + right) / 2
}

func sides(t float64) (left, right float64) {
	left = 0.3 * math.Sin(2*math.Pi*440*t)
	if math.Mod(t, 0.5) < 0.05 {
		left += 0.3 * math.Sin(2*math.Pi*1500*t)
	}
	return left, 0.2 * math.Sin(2*math.Pi*660*t)
}

var fixtures = []struct {
	file    string
	decoder string        // that "native" chooses; "": none
	adrift  time.Duration // how far from its place it may sound: not all formats say where it begins
	exact   bool          // its length is known to the sample
}{
	{"stereo.mp3", "earworm/mp3", 0, true},
	{"vbr-48k.mp3", "earworm/mp3", 0, true},
	{"untagged.mp3", "earworm/mp3", 30 * time.Millisecond, false},
	{"mpeg2.mp3", "earworm/mp3", 0, true},
	{"mpeg25.mp3", "earworm/mp3", 0, true},
	{"layer2.mp2", "", 15 * time.Millisecond, false},
	{"stereo.ogg", "earworm/vorbis", 0, true},
	{"mono-32k.ogg", "earworm/vorbis", 0, true},
	{"stereo.flac", "earworm/flac", 0, true},
	{"deep.flac", "earworm/flac", 0, true},
	{"stereo.opus", "", 0, true},
	{"stereo.m4a", "", 0, false},
	{"index-last.m4a", "", 0, false},
	{"raw.aac", "", 30 * time.Millisecond, false},
	{"mono.aiff", "", 0, true},
	{"stereo.wma", "", 50 * time.Millisecond, false},
}

func native() decode.Options { return decode.Options{Decoder: "native"} }
func ffmpeg() decode.Options { return decode.Options{Decoder: "ffmpeg"} }

// read decodes a whole file. The samples before an error are given too.
func read(t *testing.T, path string, o decode.Options) (samples []float32, decoder string, err error) {
	t.Helper()
	s, err := decode.Open(t.Context(), path, o)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	samples, err = drain(s)
	return samples, s.Decoder(), err
}

func drain(s dsp.SampleReader) (samples []float32, err error) {
	block := make([]float32, 3000)
	for {
		n, err := s.Read(block)
		samples = append(samples, block[:n]...)
		switch {
		case errors.Is(err, io.EOF):
			return samples, nil
		case err != nil:
			return samples, err
		case n == 0:
			return samples, errors.New("neither samples nor an error")
		}
	}
}

// must decodes a file that is whole.
func must(t *testing.T, path string, o decode.Options) (samples []float32, decoder string) {
	t.Helper()
	samples, decoder, err := read(t, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return samples, decoder
}

// lag is how many samples later than the second the first sounds, by the
// greatest of their correlations, which is returned as well.
func lag(a, b []float32) (samples int, correlation float64) {
	const reach = dsp.SampleRate / 16
	for l := -reach; l <= reach; l++ {
		var xy, xx, yy float64
		for i := reach; i < min(len(a), len(b))-reach; i += 5 {
			x, y := float64(a[i+l]), float64(b[i])
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
		}
		if c := xy / math.Sqrt(xx*yy+1e-30); c > correlation {
			samples, correlation = l, c
		}
	}
	return samples, correlation
}

func level(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(x))+1e-30)
}

func formula() []float32 {
	x := make([]float32, seconds*dsp.SampleRate)
	for i := range x {
		x[i] = float32(signal(i))
	}
	return x
}

// alike checks that a decoding is of the sound it was made from, of which
// encoders at low bit rates keep all but little.
func alike(t *testing.T, got, want []float32, adrift time.Duration) {
	t.Helper()
	l, c := lag(got, want)
	if off := time.Duration(l) * time.Second / dsp.SampleRate; off.Abs() > adrift+time.Millisecond {
		t.Errorf("it sounds %v late", off)
	}
	if c < 0.95 {
		t.Errorf("it correlates with what it should be by %.4f only", c)
	}
	if d := level(got) - level(want); math.Abs(d) > 1 {
		t.Errorf("its level is off by %.2f dB", d)
	}
}

func TestFixturesAreTheFormula(t *testing.T) {
	t.Parallel()
	want := formula()
	for _, f := range fixtures {
		path := filepath.Join("testdata", f.file)
		t.Run("ffmpeg/"+f.file, func(t *testing.T) {
			t.Parallel()
			got, decoder := must(t, path, ffmpeg())
			if decoder != "ffmpeg" {
				t.Errorf("decoded by %s", decoder)
			}
			alike(t, got, want, f.adrift)
			if f.exact && len(got) != len(want) {
				t.Errorf("%d samples; want %d", len(got), len(want))
			}
		})
		if f.decoder == "" {
			continue
		}
		t.Run("native/"+f.file, func(t *testing.T) {
			t.Parallel()
			got, decoder := must(t, path, native())
			if decoder != f.decoder {
				t.Errorf("decoded by %s; want %s", decoder, f.decoder)
			}
			alike(t, got, want, f.adrift)
			if f.exact && len(got) != len(want) {
				t.Errorf("%d samples; want %d", len(got), len(want))
			}
			again, _ := must(t, path, native())
			if !slices.Equal(got, again) {
				t.Error("decoded twice, it differs")
			}
		})
	}
}

func TestNativeAndFFmpegAgree(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures {
		if f.decoder == "" {
			continue
		}
		t.Run(f.file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", f.file)
			a, _ := must(t, path, native())
			b, _ := must(t, path, ffmpeg())
			if l, c := lag(a, b); l != 0 || c < 0.9995 {
				t.Errorf("lag %d samples, correlation %.5f; want 0 and 0.9995", l, c)
			}
			if d := level(a) - level(b); math.Abs(d) > 0.05 {
				t.Errorf("native is %.2f dB louder", d)
			}
			if d := len(a) - len(b); d < -30 || d > 30 {
				t.Errorf("native gives %d samples, ffmpeg %d", len(a), len(b))
			}
		})
	}
}

func TestFormatsWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	missing := decode.Options{FFmpeg: filepath.Join(t.TempDir(), "none")}
	for _, f := range fixtures {
		path := filepath.Join("testdata", f.file)
		_, decoder, err := read(t, path, missing)
		switch {
		case f.decoder == "" && !errors.Is(err, decode.ErrUnsupported):
			t.Errorf("%s: error %v; want one of an unsupported format", f.file, err)
		case f.decoder != "" && (err != nil || decoder != f.decoder):
			t.Errorf("%s: decoder %q, error %v", f.file, decoder, err)
		}
	}
	missing.Decoder = "ffmpeg"
	_, _, err := read(t, "testdata/stereo.mp3", missing)
	if err == nil || errors.Is(err, decode.ErrUnsupported) {
		t.Errorf("ffmpeg demanded and missing: error %v; want one that is no fault of the file", err)
	}
}

func TestInfoIsWhatTheFileSays(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]decode.Info{
		"stereo.mp3":  {Format: "mp3", SampleRate: 44100, Channels: 2, Samples: seconds * 44100},
		"mpeg2.mp3":   {Format: "mp3", SampleRate: 22050, Channels: 2, Samples: seconds * 22050},
		"stereo.flac": {Format: "flac", SampleRate: 11025, Channels: 2, Samples: seconds * 11025},
		"stereo.ogg":  {Format: "ogg vorbis", SampleRate: 44100, Channels: 2, Samples: seconds * 44100},
		"mono.aiff":   {Format: "aiff", SampleRate: 8000, Channels: 1, Samples: seconds * 8000},
		"stereo.m4a":  {Format: "mp4"},
	} {
		s, err := decode.Open(t.Context(), filepath.Join("testdata", file), ffmpeg())
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Info(); got != want {
			t.Errorf("%s: %+v; want %+v", file, got, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range fixtures {
		path := filepath.Join("testdata", f.file)
		for name, o := range map[string]decode.Options{"native": native(), "ffmpeg": ffmpeg()} {
			if name == "native" && f.decoder == "" {
				continue
			}
			b.Run(f.file+"/"+name, func(b *testing.B) { benchmark(b, path, o) })
		}
	}
	// A track of your own: EARWORM_BENCH_TRACK=… go test -bench Decode/track
	if path := os.Getenv("EARWORM_BENCH_TRACK"); path != "" {
		b.Run("track/native", func(b *testing.B) { benchmark(b, path, native()) })
		b.Run("track/ffmpeg", func(b *testing.B) { benchmark(b, path, ffmpeg()) })
	}
}

func benchmark(b *testing.B, path string, o decode.Options) {
	b.Helper()
	b.ReportAllocs()
	var heard int
	block := make([]float32, 4096)
	for b.Loop() {
		s, err := decode.Open(context.Background(), path, o)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			var n int
			n, err = s.Read(block)
			heard += n
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heard)/dsp.SampleRate/b.Elapsed().Seconds(), "x-realtime")
}

// By itself each format goes to what decodes it at the least cost, and a kind
// that is too odd for us goes to ffmpeg.
func TestAutoTakesTheCheaper(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures {
		want := f.decoder
		if want == "" {
			want = "ffmpeg"
		}
		if _, got := must(t, filepath.Join("testdata", f.file), decode.Options{}); got != want {
			t.Errorf("%s is decoded by %s; want %s", f.file, got, want)
		}
	}
}
