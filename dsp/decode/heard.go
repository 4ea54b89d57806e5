package decode

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"earworm/dsp"
)

// heardRate is the rate of what ffmpeg renders for a person, in Hz.
const heardRate = 44100

// WriteWAV renders a file for a person to hear, as 16-bit WAV at path to: in
// stereo at 44,100 Hz by ffmpeg, or, where that is not there, as earworm itself
// hears it, mono at dsp.SampleRate. The first sample is that of Open's, so that
// the times of beats hold. Errors are those of Open; what was written by then
// stays.
func WriteWAV(ctx context.Context, path, to string, o Options) error {
	o = o.WithDefaults()
	if err := o.Validate(); err != nil {
		return fmt.Errorf("render %q: %w", path, err)
	}
	if _, err := lookUp(o); err == nil && o.Decoder == "auto" {
		o.Decoder = "ffmpeg" // in stereo
	}
	// Open's checks are for both ways: format, length, size.
	sound, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer sound.Close()
	if sound.Decoder() != "ffmpeg" {
		return writeMono(ctx, sound, to)
	}
	program, demuxer := sound.closer.(*process).command.Path, sound.demuxer
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := renderFFmpeg(ctx, program, demuxer, path, to, o.MaxDuration); err != nil {
		return fmt.Errorf("render %q: %w", path, err)
	}
	return nil
}

func renderFFmpeg(ctx context.Context, program, demuxer, path, to string, longest time.Duration) error {
	input, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, program,
		"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
		"-protocol_whitelist", "file,pipe", "-threads", "1",
		"-f", demuxer, "-i", "file:"+input,
		"-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		"-t", fmt.Sprint(longest.Seconds()), "-ar", fmt.Sprint(heardRate), "-ac", "2", "-c:a", "pcm_s16le",
		"-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "wav", "-y", "file:"+to)
	var stderr tail
	command.Stderr = &stderr
	command.WaitDelay = 5 * time.Second
	inOwnGroup(command)
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Errorf("%w: ffmpeg: %s", ErrCorrupt, stderr.reason("file:"+input))
	}
	return err
}

// writeMono writes what earworm hears.
func writeMono(ctx context.Context, sound dsp.SampleReader, to string) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Seek(pcmHeaderSize, io.SeekStart); err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	var bytes int
	err = dsp.ReadTo(ctx, sound, func(samples []float32) {
		var b [2]byte
		for _, v := range samples {
			binary.LittleEndian.PutUint16(b[:], uint16(int16(math.Round(float64(v)*math.MaxInt16))))
			_, _ = out.Write(b[:]) // Flush tells
		}
		bytes += 2 * len(samples)
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	_, err = f.WriteAt(pcmHeader(dsp.SampleRate, bytes), 0)
	return err
}

const pcmHeaderSize = 44

// pcmHeader is that of a mono 16-bit WAV of so many bytes of sound.
func pcmHeader(rate, size int) []byte {
	b := make([]byte, 0, pcmHeaderSize)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(pcmHeaderSize-8+size))
	b = append(b, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, uint32(rate), uint32(2 * rate), 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}
