package render

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"

	"earworm/dsp"
)

// throughMP3 encodes the take and decodes it again. The file goes through the
// disk, where its encoder notes the delay that the decoder then takes off.
func (s *studio) throughMP3(ctx context.Context, t *take) error {
	file, err := os.CreateTemp(s.temp, "take-*.mp3")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := file.Close(); err != nil {
		return err
	}
	// At 22,050 Hz mono, these are as 64 to 160 for a stereo file at 44,100.
	rate := pick(t.rng, []int{24, 32, 32, 40, 48, 56})
	in := make([]byte, 0, 4*len(t.pcm))
	for _, v := range t.pcm {
		in = binary.LittleEndian.AppendUint32(in, math.Float32bits(v))
	}
	raw := []string{"-f", "f32le", "-ar", strconv.Itoa(dsp.SampleRate), "-ac", "1"}
	to := append(append([]string{"-v", "error", "-y"}, raw...), "-i", "-", "-c:a", "libmp3lame", "-b:a", fmt.Sprintf("%dk", rate), file.Name())
	if _, err := ffmpeg(ctx, in, to); err != nil {
		return err
	}
	from := append(append([]string{"-v", "error", "-i", file.Name()}, raw...), "-")
	out, err := ffmpeg(ctx, nil, from)
	if err != nil {
		return err
	}
	clear(t.pcm[copy(t.pcm, floats(out)):])
	t.did("mp3")
	return nil
}

// floats are what ffmpeg writes as f32le.
func floats(raw []byte) []float32 {
	x := make([]float32, len(raw)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return x
}

func ffmpeg(ctx context.Context, in []byte, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaints
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("ffmpeg is not installed; try: apt-get install ffmpeg")
		}
		return nil, fmt.Errorf("ffmpeg: %w: %s", err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out.Bytes(), nil
}
