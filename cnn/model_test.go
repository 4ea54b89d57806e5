package cnn

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"earworm/dsp"
	"earworm/schema"
)

// sound is a recording in memory.
type sound []float32

func (s *sound) Read(dst []float32) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, *s)
	*s = (*s)[n:]
	return n, nil
}

func (s sound) scaled(by float32) sound {
	out := make(sound, len(s))
	for i, v := range s {
		out[i] = v * by
	}
	return out
}

// clicks are short bursts at a tempo, every inBar-th louder and higher.
func clicks(bpm float64, inBar, seconds int) sound {
	s := make(sound, seconds*dsp.SampleRate)
	for beat := 0; ; beat++ {
		at := int(float64(beat) * 60 / bpm * dsp.SampleRate)
		if at >= len(s) {
			return s
		}
		level, hz := 0.3, 1000.0
		if beat%inBar == 0 {
			level, hz = 0.7, 1500
		}
		for i := 0; i < 1500 && at+i < len(s); i++ {
			seconds := float64(i) / dsp.SampleRate
			s[at+i] += float32(level * math.Exp(-seconds*60) * math.Sin(2*math.Pi*hz*seconds))
		}
	}
}

// cadence repeats the chords I IV V I on a tonic, a second each, as tones with
// two overtones.
func cadence(tonic int, minor bool, cents float64, seconds int) sound {
	third := 4
	if minor {
		third = 3
	}
	chords := [][]int{{-12, 0, third, 7}, {-7, 5, 5 + third, 12}, {-5, 7, 11, 14}, {-12, 0, third, 7}}
	once := make(sound, len(chords)*dsp.SampleRate)
	for c, chord := range chords {
		bar := once[c*dsp.SampleRate : (c+1)*dsp.SampleRate]
		for _, step := range chord {
			hz := dsp.MIDIToHz(float64(48+tonic+step) + cents/100)
			for harmonic := 1; harmonic <= 3; harmonic++ {
				turn := 2 * math.Pi * hz * float64(harmonic) / dsp.SampleRate
				for i := range bar {
					bar[i] += float32(math.Sin(turn*float64(i)) / float64(harmonic) / 10)
				}
			}
		}
	}
	s := make(sound, 0, seconds*dsp.SampleRate)
	for len(s) < cap(s) {
		s = append(s, once[:min(len(once), cap(s)-len(s))]...)
	}
	return s
}

func shipped(tb testing.TB) *Model {
	tb.Helper()
	m, err := Load()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func analyse(tb testing.TB, m *Model, s sound) schema.Analysis {
	tb.Helper()
	a, err := m.Analyse(context.Background(), &s)
	if err != nil {
		tb.Fatal(err)
	}
	if a.Cost.NetworkMS <= 0 {
		tb.Errorf("the networks took %g ms", a.Cost.NetworkMS)
	}
	return a
}

// A cadence in any key, in tune or not, is heard in that key.
func TestKeyOfCadences(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for tonic := range 12 {
		for _, minor := range []bool{false, true} {
			want := schema.KeyOf(tonic, minor)
			t.Run(want.String(), func(t *testing.T) {
				t.Parallel()
				cents := float64(tonic*7%80) - 40
				if got := analyse(t, m, cadence(tonic, minor, cents, 8)).Key.Name; got != want {
					t.Errorf("%+.0f cents off, it is heard as %s", cents, got)
				}
			})
		}
	}
}

// Clicks at a tempo are heard at it, or at its half or double, and the beats
// are where the clicks are.
func TestTempoOfClicks(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for _, bpm := range []float64{72, 90, 120, 150} {
		a := analyse(t, m, clicks(bpm, 4, 20))
		octave := math.Log2(a.Tempo.BPM / bpm)
		if math.Abs(octave-math.Round(octave)) > 0.03 {
			t.Errorf("%g BPM is heard as %.1f", bpm, a.Tempo.BPM)
		}
		near := 0
		for _, beat := range a.Beats {
			half := 30 / bpm
			if off := math.Remainder(float64(beat), half); math.Abs(off) < 0.05 {
				near++
			}
		}
		if len(a.Beats) == 0 || float64(near) < 0.85*float64(len(a.Beats)) {
			t.Errorf("%g BPM: %d of %d beats are on a click or midway between two", bpm, near, len(a.Beats))
		}
	}
}

// Playing a recording louder changes its loudness, by as much, and nothing else.
func TestLouderIsTheSame(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	s := clicks(100, 3, 10)
	loud, quiet := analyse(t, m, s), analyse(t, m, s.scaled(0.1))
	if d := loud.LoudnessDB - quiet.LoudnessDB; math.Abs(d-20) > 0.01 {
		t.Errorf("ten times the amplitude is %.2f dB more, want 20", d)
	}
	if math.Abs(loud.Tempo.BPM-quiet.Tempo.BPM) > 0.01 || loud.Key.Name != quiet.Key.Name || loud.Meter.Name != quiet.Meter.Name {
		t.Errorf("loud is %+v %s %s, quiet %+v %s %s", loud.Tempo, loud.Key.Name, loud.Meter.Name, quiet.Tempo, quiet.Key.Name, quiet.Meter.Name)
	}
}

func TestAnalysingTwiceIsEqual(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	s := cadence(2, true, 0, 5)
	a, b := analyse(t, m, s), analyse(t, m, s)
	if a.Tempo.BPM != b.Tempo.BPM || a.Key.Confidence != b.Key.Confidence || a.Embedding[7] != b.Embedding[7] {
		t.Error("the same sound gave two results")
	}
}

// Weights from before there was a calibration are read all the same, and hear
// the same tempo and key, if with another confidence.
func TestWeightsWithoutCalibrationAreHeard(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	old := *m.rhythm
	old.Calibration = Calibration{}
	plain, err := ParseWeights(fileOf(t, &old))
	if err != nil {
		t.Fatal(err)
	}
	s := cadence(2, true, 0, 8)
	was, err := m.With(plain)
	if err != nil {
		t.Fatal(err)
	}
	a, b := analyse(t, m, s), analyse(t, was, s)
	if a.Key.Name != b.Key.Name || math.Abs(a.Tempo.BPM-b.Tempo.BPM) > 1 || b.Meter.Name == (schema.Meter{}) {
		t.Errorf("with a calibration %.1f BPM, %s; without %.1f BPM, %s, %s", a.Tempo.BPM, a.Key.Name, b.Tempo.BPM, b.Key.Name, b.Meter.Name)
	}
}

// The front gives the same in blocks as in one pass.
func TestFrontInBlocksIsTheFront(t *testing.T) {
	t.Parallel()
	w := untrained(t, "rhythm")
	rng := rand.New(rand.NewPCG(1, 1))
	heard := Heard{Rhythm: make([]float32, (2*frontBlock+37)*rhythmBands), RMS: 0.1}
	for i := range heard.Rhythm {
		heard.Rhythm[i] = rng.Float32() / 10
	}
	e := eager{w}
	blocks := rhythmFront(e, heard.Rhythm, heard.RMS)
	x := newMap(blocks.Shape)
	x.Bands, x.Channels, x.Data = rhythmBands, 1, make([]float32, len(heard.Rhythm))
	RhythmFrontEnd.Compress(x.Data, heard.Rhythm, heard.RMS)
	RhythmFrontEnd.Standardise(x.Data)
	for i, v := range RhythmFront(e, x).Data {
		if math.Abs(float64(v-blocks.Data[i])) > 1e-5 {
			t.Fatalf("value %d is %g in blocks, %g at once", i, blocks.Data[i], v)
		}
	}
}

// A key network's answer from blocks is its answer from one pass.
func TestKeyInBlocksIsTheKey(t *testing.T) {
	t.Parallel()
	wide := KeyFrontEnd.Bands
	rng := rand.New(rand.NewPCG(1, 1))
	heard := Heard{Key: make([]float32, (2*keyBlock+32)*wide), RMS: 0.1, Tuning: 17}
	for i := range heard.Key {
		heard.Key[i] = rng.Float32() / 10
	}
	x := make([]float32, len(heard.Key))
	KeyFrontEnd.Compress(x, heard.Key, heard.RMS)
	for _, network := range []string{KeyCourse, KeyCircle, KeyPlain} {
		w := untrained(t, network)
		ear := newKeyEar(w)
		ear.rest(heard.Key, 0, heard.RMS, heard.Tuning)
		got := ear.finish().probabilities
		for i, p := range softmax(w.Key(KeyInput(slices.Clone(x), heard.Tuning)).Logits.Data, 1) {
			if math.Abs(p-got[i]) > 1e-4 {
				t.Fatalf("%s: class %d has %g in blocks, %g at once", network, i, got[i], p)
			}
		}
	}
}

// A recording longer than a window is heard to its end, without a seam.
func TestLongRecordingsAreHeardInWindows(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	const minute = 60 * RhythmFPS
	heard := Heard{Rhythm: make([]float32, 11*minute*rhythmBands), Key: make([]float32, 300*KeyFrontEnd.Bands), RMS: 0.1, Peak: 1, Samples: 11 * 60 * dsp.SampleRate}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range heard.Rhythm {
		if i/rhythmBands%25 == 0 { // 120 BPM
			heard.Rhythm[i] = rng.Float32() / 10
		}
	}
	a, err := m.Estimate(heard)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(a.Beats); i++ {
		if gap := a.Beats[i] - a.Beats[i-1]; gap <= 0 || gap > 3 {
			t.Fatalf("beats %d and %d are %.2f s apart", i-1, i, gap)
		}
	}
	if last := a.Beats[len(a.Beats)-1]; last < 11*60-5 {
		t.Errorf("the last beat is at %.1f s of 660", last)
	}
}

func TestNothingToHear(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for name, tc := range map[string]struct {
		sound sound
		want  schema.Code
	}{
		"no sound at all": {nil, schema.TooShort},
		"one second":      {clicks(120, 4, 1), schema.TooShort},
		"silence":         {make(sound, 5*dsp.SampleRate), schema.Silent},
		"dither":          {cadence(0, false, 0, 5).scaled(0.0003), schema.Silent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := m.Analyse(context.Background(), &tc.sound)
			var failure *schema.Failure
			if !errors.As(err, &failure) || failure.Code != tc.want {
				t.Errorf("error is %v; want the code %s", err, tc.want)
			}
		})
	}
}

func TestAnalyseStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := clicks(120, 4, 5)
	if _, err := shipped(t).Analyse(ctx, &s); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; want %v", err, context.Canceled)
	}
}

func BenchmarkEstimate(b *testing.B) {
	m := shipped(b)
	s := clicks(120, 4, 60)
	heard, err := Listen(context.Background(), &s)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := m.Estimate(heard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
}

func BenchmarkListen(b *testing.B) {
	s := clicks(120, 4, 60)
	for b.Loop() {
		again := s
		if _, err := Listen(context.Background(), &again); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
}
