package decode

import (
	"errors"
	"fmt"
	"io"

	"earworm/dsp/decode/lossless"
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
	t.native = func() (source, string, error) {
		sound, err := skipFLACMetadata(f, start, size)
		if err != nil {
			return nil, "", err
		}
		return &flac{frames: lossless.New(sound, bits), info: t.info}, "earworm/flac", nil
	}
	return nil
}

// skipFLACMetadata finds where the frames begin, behind blocks of metadata.
func skipFLACMetadata(f io.ReaderAt, start, size int64) (io.Reader, error) {
	at := start + int64(len("fLaC"))
	for range maxFrames {
		b, err := readUpTo(f, at, 4)
		if err != nil {
			return nil, err
		}
		if len(b) < 4 {
			return nil, fmt.Errorf("%w: it ends within its metadata", ErrCorrupt)
		}
		at += 4 + int64(b[1])<<16 + int64(b[2])<<8 + int64(b[3])
		if b[0]&0x80 != 0 { // the last
			return io.NewSectionReader(f, at, max(0, size-at)), nil
		}
	}
	return nil, fmt.Errorf("%w: it has more than %d blocks of metadata", ErrCorrupt, maxFrames)
}

// flac gives the mean of a stream's channels.
type flac struct {
	frames *lossless.Decoder
	info   Info
	frame  *lossless.Frame
	used   int   // samples of frame
	count  int   // frames
	at     int64 // samples decoded
}

func (f *flac) read(dst []float32) (int, error) {
	for f.frame == nil || f.used == len(f.frame.Sums) {
		if f.info.Samples > 0 && f.at >= f.info.Samples {
			return 0, io.EOF // whatever follows is a tag
		}
		if err := f.decode(); err != nil {
			return 0, err
		}
	}
	sums := f.frame.Sums[f.used:]
	n := min(len(dst), len(sums))
	scale := 1 / (float32(f.frame.Channels) * float32(int64(1)<<(f.frame.Bits-1)))
	for i, sum := range sums[:n] {
		dst[i] = float32(sum) * scale
	}
	f.used += n
	return n, nil
}

// decode reads the next frame.
func (f *flac) decode() error {
	next, err := f.frames.Next()
	switch {
	case err == io.EOF: //nolint:errorlint // between frames, unwrapped
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF) && f.info.Samples > 0:
		return io.EOF // the declared length tells how much is missing
	case err != nil:
		return fmt.Errorf("%w: frame %d: %w", ErrCorrupt, f.count, err)
	case next.Channels != f.info.Channels || next.Rate != 0 && next.Rate != f.info.SampleRate:
		return fmt.Errorf("%w: frame %d: %d channels at %d Hz", ErrCorrupt, f.count, next.Channels, next.Rate)
	}
	if left := f.info.Samples - f.at; f.info.Samples > 0 && left < int64(len(next.Sums)) {
		next.Sums = next.Sums[:left]
	}
	f.frame, f.used = next, 0
	f.at += int64(len(next.Sums))
	f.count++
	return nil
}
