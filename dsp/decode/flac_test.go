package decode

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	libflac "github.com/mewkiz/flac"

	"earworm/dsp/decode/lossless"
)

// sums decodes a file by ours, theirs by mewkiz/flac: the sum of the channels.
func sums(tb testing.TB, file []byte) (all []int32) {
	tb.Helper()
	t := &track{}
	if err := examineFLAC(t, bytes.NewReader(file), 0, int64(len(file))); err != nil {
		tb.Fatal(err)
	}
	sound, err := skipFLACMetadata(bytes.NewReader(file), 0, int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	d := lossless.New(sound, 16)
	for {
		f, err := d.Next()
		if err != nil {
			return all
		}
		all = append(all, f.Sums...)
	}
}

func theirs(tb testing.TB, file []byte) (all []int32) {
	tb.Helper()
	stream, err := libflac.New(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	for {
		f, err := stream.ParseNext()
		if err != nil {
			return all
		}
		for i := range f.Subframes[0].Samples {
			var sum int32
			for _, c := range f.Subframes {
				sum += c.Samples[i]
			}
			all = append(all, sum)
		}
	}
}

// encoded is a fixture encoded anew, each way of which other parts of the format
// come of.
func encoded(tb testing.TB, options ...string) []byte {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "out.flac")
	args := append([]string{"-v", "error", "-i", filepath.Join("testdata", "stereo.mp3")}, options...)
	if text, err := exec.CommandContext(tb.Context(), "ffmpeg", append(args, out)...).CombinedOutput(); err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, text)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// Every sample is that of mewkiz/flac.
func TestFLACIsThatOfMewkiz(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{
		"fixed predictors":    {"-lpc_type", "fixed", "-sample_fmt", "s16"},
		"long predictors":     {"-compression_level", "12", "-sample_fmt", "s16"},
		"24 bits":             {"-sample_fmt", "s32", "-bits_per_raw_sample", "24"},
		"no prediction":       {"-compression_level", "0", "-sample_fmt", "s16"},
		"left and side":       {"-ch_mode", "left_side", "-sample_fmt", "s16"},
		"side and right":      {"-ch_mode", "right_side", "-sample_fmt", "s16"},
		"middle and side":     {"-ch_mode", "mid_side", "-sample_fmt", "s16"},
		"each by itself":      {"-ch_mode", "indep", "-sample_fmt", "s16"},
		"six channels":        {"-ac", "6", "-sample_fmt", "s16"},
		"one channel":         {"-ac", "1", "-sample_fmt", "s16"},
		"blocks of 192":       {"-frame_size", "192", "-sample_fmt", "s16"},
		"silence":             {"-af", "volume=0", "-sample_fmt", "s16"},
		"bits that are waste": {"-af", "volume=0.02", "-sample_fmt", "s16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := encoded(t, options...)
			got, want := sums(t, file), theirs(t, file)
			if len(got) != len(want) || len(got) == 0 {
				t.Fatalf("%d samples, mewkiz/flac gives %d", len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("sample %d is %d, mewkiz/flac gives %d", i, got[i], want[i])
				}
			}
		})
	}
}

// One run tells the ratio of ours to mewkiz/flac.
func BenchmarkFLAC(b *testing.B) {
	file := encoded(b, "-sample_fmt", "s16")
	b.Run("earworm", func(b *testing.B) {
		for b.Loop() {
			sums(b, file)
		}
	})
	b.Run("mewkiz", func(b *testing.B) {
		for b.Loop() {
			theirs(b, file)
		}
	})
}
