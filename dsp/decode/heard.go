package decode

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

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
	o.sound = []string{"-t", fmt.Sprint(o.MaxDuration.Seconds()), "-ar", strconv.Itoa(heardRate), "-ac", "2", "-c:a", "pcm_s16le"}
	sound, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer sound.Close()
	child, stereo := sound.closer.(*process)
	if !stereo {
		return writePCM(to, dsp.SampleRate, 1, func(w io.Writer) error { return mono(ctx, sound, w) })
	}
	sound.watch.begin()
	defer sound.watch.end()
	return writePCM(to, heardRate, 2, func(w io.Writer) error {
		if err := child.copy(w); err != nil {
			return fmt.Errorf("render %q: %w", path, err)
		}
		return nil
	})
}

// copy passes on what ffmpeg sends, as it is.
func (p *process) copy(w io.Writer) error {
	block := make([]byte, 1<<16)
	for {
		n, err := p.pipe.Read(block)
		p.got = p.got || n > 0
		if _, fault := w.Write(block[:n]); fault != nil {
			return fault
		}
		if err == nil {
			continue
		}
		if err = p.failed(err); err == io.EOF { //nolint:errorlint // io.EOF is a value, as in Stream
			return nil
		}
		return err
	}
}

// mono writes what earworm hears.
func mono(ctx context.Context, sound dsp.SampleReader, w io.Writer) error {
	var fault error
	err := dsp.ReadTo(ctx, sound, func(samples []float32) {
		b := make([]byte, 0, 2*len(samples))
		for _, v := range samples {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(float64(v)*math.MaxInt16))))
		}
		if fault == nil {
			_, fault = w.Write(b)
		}
	})
	return errors.Join(err, fault)
}

// writePCM makes a 16-bit WAV of the sound that is written.
func writePCM(to string, rate, channels int, sound func(io.Writer) error) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Seek(pcmHeaderSize, io.SeekStart); err != nil {
		return err
	}
	if err := sound(f); err != nil {
		return err
	}
	end, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(pcmHeader(rate, channels, int(end)-pcmHeaderSize), 0)
	return err
}

const pcmHeaderSize = 44

// pcmHeader is that of a 16-bit WAV of so many bytes of sound.
func pcmHeader(rate, channels, size int) []byte {
	b := make([]byte, 0, pcmHeaderSize)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(pcmHeaderSize-8+size))
	b = append(b, "WAVEfmt "...)
	for _, v := range []int{16, 1 | channels<<16, rate, 2 * channels * rate, 2*channels | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}
