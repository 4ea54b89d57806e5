package decode

import (
	"errors"
	"fmt"
	"io"

	libflac "github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
)

// examineFLAC reads STREAMINFO, the first block of metadata (RFC 9639, 8.2).
func examineFLAC(t *track, f io.ReaderAt, start, size int64) error {
	b, err := readUpTo(f, start, 42)
	if err != nil {
		return err
	}
	if len(b) < 42 || b[4]&0x7f != 0 || b[7] != 34 {
		return fmt.Errorf("%w: flac without stream info", ErrCorrupt)
	}
	s := b[8+10:]
	t.info.SampleRate = int(s[0])<<12 | int(s[1])<<4 | int(s[2])>>4
	t.info.Channels = int(s[2]>>1&7) + 1
	bits := int(s[2]&1)<<4 | int(s[3]>>4) + 1
	t.info.Samples = int64(s[3]&15)<<32 | int64(s[4])<<24 | int64(s[5])<<16 | int64(s[6])<<8 | int64(s[7])
	if bits > 24 {
		t.variety = fmt.Sprintf("%d bits", bits)
		return nil
	}
	t.native = func() (_ source, _ string, err error) {
		defer recovered(&err)
		stream, err := libflac.New(io.NewSectionReader(f, start, size-start))
		if err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return &flac{stream: stream, info: t.info, bits: uint8(bits)}, "mewkiz/flac", nil
	}
	return nil
}

// flac decodes by mewkiz/flac.
type flac struct {
	stream *libflac.Stream
	info   Info
	bits   uint8 // a sample, where a frame does not say
	frame  *frame.Frame
	used   int   // samples of frame
	count  int   // frames
	at     int64 // samples decoded
}

func (f *flac) read(dst []float32) (int, error) {
	for f.frame == nil || f.used == int(f.frame.BlockSize) {
		if f.info.Samples > 0 && f.at >= f.info.Samples {
			return 0, io.EOF // whatever follows is a tag
		}
		if err := f.decode(); err != nil {
			return 0, err
		}
	}
	n := min(len(dst), int(f.frame.BlockSize)-f.used)
	channels := f.frame.Subframes
	scale := 1 / (float32(len(channels)) * float32(int64(1)<<(f.frame.BitsPerSample-1)))
	for i := range n {
		sum := 0
		for _, c := range channels {
			sum += int(c.Samples[f.used+i])
		}
		dst[i] = float32(sum) * scale
	}
	f.used += n
	return n, nil
}

// decode reads the next frame.
func (f *flac) decode() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: frame %d: %v", ErrCorrupt, f.count, r)
		}
	}()
	next, err := f.stream.Next()
	if err == nil {
		if next.BitsPerSample == 0 {
			next.BitsPerSample = f.bits
		}
		err = next.Parse()
	}
	switch {
	case err == io.EOF: //nolint:errorlint // between frames, unwrapped
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF) && f.info.Samples > 0:
		return io.EOF // the declared length tells how much is missing
	case err != nil:
		return fmt.Errorf("%w: frame %d: %w", ErrCorrupt, f.count, err)
	case len(next.Subframes) != f.info.Channels || next.SampleRate != 0 && int(next.SampleRate) != f.info.SampleRate:
		return fmt.Errorf("%w: frame %d: %d channels at %d Hz", ErrCorrupt, f.count, len(next.Subframes), next.SampleRate)
	}
	for _, c := range next.Subframes {
		if len(c.Samples) != int(next.BlockSize) {
			return fmt.Errorf("%w: frame %d: a channel of %d samples", ErrCorrupt, f.count, len(c.Samples))
		}
	}
	f.frame, f.used = next, 0
	f.at += int64(next.BlockSize)
	f.count++
	return nil
}
