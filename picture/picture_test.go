package picture_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image/png"
	"math"
	"testing"

	"earworm/picture"
)

const rate = 22050

func recorder() *picture.Recorder {
	return picture.NewRecorder(rate, picture.Scale{StepS: 0.2, Bands: 8, MinHz: 55, PerOctave: 12}, 6.4, 0.02)
}

func drawn(t *testing.T, r *picture.Recorder) map[string][]byte {
	t.Helper()
	pictures, err := r.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]byte{}
	for _, p := range pictures {
		if len(p.Data) > picture.MaxBytes {
			t.Errorf("%s takes %d bytes", p.Kind, len(p.Data))
		}
		kinds[p.Kind] = p.Data
	}
	return kinds
}

// curve reads what a curve's bytes say.
func curve(t *testing.T, b []byte) (stepS float64, rows int, values []byte) {
	t.Helper()
	if len(b) < 16 || string(b[:4]) != "EWC1" {
		t.Fatalf("no curve: %.20q", b)
	}
	stepS = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4:])))
	rows, points := int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
	if len(b) != 16+rows*points {
		t.Fatalf("%d rows of %d points take %d bytes", rows, points, len(b)-16)
	}
	return stepS, rows, b[16:]
}

func TestWaveformIsPeakAndRMS(t *testing.T) {
	t.Parallel()
	r := recorder()
	sine := make([]float32, rate)
	for i := range sine {
		sine[i] = float32(0.5 * math.Sin(2*math.Pi*1000*float64(i)/rate))
	}
	r.Sound(sine[:7])
	r.Sound(sine[7:])
	step, rows, v := curve(t, drawn(t, r)[picture.Waveform])
	if rows != 2 || math.Abs(step*float64(len(v)/2)-1) > 0.02 {
		t.Fatalf("a second is %d points of %g s in %d rows", len(v)/2, step, rows)
	}
	for i := 0; i < len(v)-2; i += 2 {
		if peak, rms := float64(v[i])/255, float64(v[i+1])/255; math.Abs(peak-0.5) > 0.02 || math.Abs(rms-0.5/math.Sqrt2) > 0.02 {
			t.Fatalf("point %d of a sine of 0.5 has peak %g and RMS %g", i/2, peak, rms)
		}
	}
}

// However long a recording is, its curves keep their size and its times their place.
func TestCurvesAreBounded(t *testing.T) {
	t.Parallel()
	r := recorder()
	const frames = 3 * 3600 * 50
	beats, downbeats := make([]float64, frames), make([]float64, frames)
	beats[frames/2], downbeats[frames-1] = 1, 1
	r.Beat(beats, downbeats)
	for range 100_000 {
		r.Key([24]float64{5: 1})
	}
	kinds := drawn(t, r)
	step, _, v := curve(t, kinds[picture.Beats])
	at := bytes.IndexByte(v, 255) / 2
	if got := float64(at) * step; math.Abs(got-frames/2*0.02) > step {
		t.Errorf("the beat at %d s is drawn at %.2f s", frames/2/50, got)
	}
	if v[len(v)-1] != 255 {
		t.Error("the last downbeat is lost")
	}
	if _, rows, _ := curve(t, kinds[picture.Keys]); rows != 24 {
		t.Errorf("%d rows of keys", rows)
	}
}

func TestSpectrogramIsTiledWithLowNotesBelow(t *testing.T) {
	t.Parallel()
	r := recorder()
	for range 700 {
		r.Spectrum([]float32{7, 0, 0, 0, 0, 0, 0, 3.5})
	}
	kinds := drawn(t, r)
	var scale picture.Scale
	if err := json.Unmarshal(kinds[picture.Spectrum], &scale); err != nil {
		t.Fatal(err)
	}
	if scale.Tiles != 3 || scale.TileFrames != 300 || scale.Bands != 8 || kinds[picture.Tile(3)] != nil {
		t.Errorf("700 frames are %+v", scale)
	}
	last, err := png.Decode(bytes.NewReader(kinds[picture.Tile(2)]))
	if err != nil || last.Bounds().Dx() != 100 || last.Bounds().Dy() != 8 {
		t.Fatalf("the last tile is %v, %v", last.Bounds(), err)
	}
	low, _, _, _ := last.At(50, 7).RGBA()
	high, _, _, _ := last.At(50, 0).RGBA()
	if low>>8 != 252 || high>>8 != 128 {
		t.Errorf("the lowest band is %d, the highest %d; want 252 and 128", low>>8, high>>8)
	}
}

func TestTemposAreRelativeToTheLikeliest(t *testing.T) {
	t.Parallel()
	r := recorder()
	r.Tempo([]float64{0.1, 0.2, 0})
	if _, _, v := curve(t, drawn(t, r)[picture.Tempo]); !bytes.Equal(v, []byte{128, 255, 0}) {
		t.Errorf("tempi are drawn %v", v)
	}
}

func TestNobodyLooks(t *testing.T) {
	t.Parallel()
	var r *picture.Recorder
	r.Sound([]float32{1})
	r.Spectrum([]float32{1})
	r.Beat([]float64{1}, []float64{1})
	r.Tempo([]float64{1})
	r.Key([24]float64{})
	if p, err := r.Pictures(); p != nil || err != nil {
		t.Errorf("nobody looks, and %v, %v is drawn", p, err)
	}
}
