// Package decode turns the bytes of an audio file into what earworm listens
// to: mono samples at dsp.SampleRate, streamed, so that a recording of two
// hours needs no more memory than one of two seconds.
//
// The format is told from the bytes, never from the name. WAV, MP3, FLAC and
// Ogg Vorbis are decoded in Go, which costs less than a child process; all else,
// and these on demand, by ffmpeg, where it is installed. Both ways share the check of the header, the
// mean over channels and the rule by which a file counts as cut off:
// docs/decisions/decoding.md has the reasons.
//
// Files are outside bytes: whatever they claim, memory and time stay bounded,
// and a panic of a library is an error of the file.
package decode

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"earworm/dsp"
)

// What may be wrong with a file, for good. Errors of the file system, of the
// context and of a failing ffmpeg are none of these.
var (
	ErrUnsupported = errors.New("unsupported format")
	ErrCorrupt     = errors.New("damaged file")
	ErrTooLong     = errors.New("recording too long")
	ErrTooLarge    = errors.New("file too large")
	ErrTimeout     = errors.New("decoding took too long")
)

// Limits on what a header may say. Bytes that ask for more are no music.
const (
	minRate     = 8000   // Hz
	maxRate     = 192000 // Hz
	maxChannels = 32
)

// Options say how to decode. The zero Options are the defaults.
type Options struct {
	Decoder     string        // "auto": native where we can, else ffmpeg; "native"; "ffmpeg"
	FFmpeg      string        // path of ffmpeg; empty: look it up in PATH
	MaxDuration time.Duration // of the recording; 0: 2 hours
	MaxBytes    int64         // of the file; 0: 2 GiB
	Timeout     time.Duration // of Open and all Reads together; 0: 10 minutes

	sound []string // that ffmpeg is to send; nil: forModels
}

// WithDefaults returns a copy with the zero fields filled in.
func (o Options) WithDefaults() Options {
	if o.Decoder == "" {
		o.Decoder = "auto"
	}
	if o.MaxDuration == 0 {
		o.MaxDuration = 2 * time.Hour
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 2 << 30
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	if o.sound == nil {
		o.sound = forModels
	}
	return o
}

// Validate names the first field that cannot be.
func (o Options) Validate() error {
	switch {
	case o.Decoder != "auto" && o.Decoder != "native" && o.Decoder != "ffmpeg":
		return fmt.Errorf("decoder is %q; want auto, native or ffmpeg", o.Decoder)
	case o.MaxDuration <= 0:
		return fmt.Errorf("max duration is %v; want more than 0", o.MaxDuration)
	case o.MaxBytes <= 0:
		return fmt.Errorf("max bytes is %d; want 1 or more", o.MaxBytes)
	case o.Timeout <= 0:
		return fmt.Errorf("timeout is %v; want more than 0", o.Timeout)
	}
	return nil
}

// Info is what a file says of itself.
type Info struct {
	Format     string // "wav", "mp3", "flac", "ogg vorbis", "mp4", …
	SampleRate int    // Hz; 0: only ffmpeg knows
	Channels   int    // 0: only ffmpeg knows
	Samples    int64  // a channel, at SampleRate, without encoder padding; 0: it does not say
}

// Duration of the sound, as far as the file says; 0: unknown.
func (i Info) Duration() time.Duration {
	if i.SampleRate == 0 {
		return 0
	}
	// A forged count may say longer than a Duration can be.
	return time.Duration(min(float64(i.Samples)/float64(i.SampleRate)*float64(time.Second), 1<<62))
}

// source gives the samples of one file as the mean of its channels, at the
// file's rate. Its end is io.EOF with n = 0.
type source interface {
	read(dst []float32) (n int, err error)
}

// rated is a source whose rate is not the file's.
type rated interface {
	source
	rate() int // Hz
}

// Open begins to decode a local file. The context ends the stream as well, not
// only Open. Errors wrap one of this package's, or come from the file system
// (fs.ErrNotExist, fs.ErrPermission) or from ctx.
func Open(ctx context.Context, path string, o Options) (*Stream, error) {
	o = o.WithDefaults()
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("decode %q: %w", path, err)
	}
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("decode %q: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options) (_ *Stream, err error) {
	f, size, err := openFile(path, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	w := newWatch(ctx, o.Timeout)
	w.begin()
	defer func() {
		w.end()
		if err == nil {
			return
		}
		_ = f.Close()
		if stopped := w.check(); stopped != nil {
			err = stopped // whatever a library made of it
		}
	}()
	t, err := examine(&guardedFile{f, w}, size)
	if err != nil {
		return nil, err
	}
	if d := t.info.Duration(); d > o.MaxDuration && !t.vague {
		return nil, fmt.Errorf("%w: it lasts %v; the limit is %v", ErrTooLong, d.Round(time.Second), o.MaxDuration)
	}
	s := &Stream{path: path, info: t.info, vague: t.vague, file: f, watch: w}
	s.limit = int64(o.MaxDuration.Seconds() * dsp.SampleRate)

	rate := t.info.SampleRate
	var odd error // why it is not decoded in Go, though it begins as if it could be
	if o.Decoder != "ffmpeg" && t.native != nil {
		s.source, s.decoder, odd = t.native()
		if odd != nil && (o.Decoder == "native" || !errors.Is(odd, ErrUnsupported)) {
			return nil, odd
		}
	}
	if o.Decoder == "ffmpeg" || t.native == nil || odd != nil {
		program, err := findFFmpeg(o, t)
		if err != nil {
			return nil, errors.Join(odd, err)
		}
		p, err := startFFmpeg(ctx, program, f, t, w, o.sound)
		if err != nil {
			return nil, err
		}
		s.source, s.decoder, s.closer = p, "ffmpeg", p
		rate = dsp.SampleRate
	}
	if r, ok := s.source.(rated); ok {
		rate = r.rate()
	}
	s.rate = rate
	s.resampler = dsp.NewResampler(rate, dsp.SampleRate)
	return s, nil
}

// findFFmpeg finds the program for a track that is not decoded in Go.
func findFFmpeg(o Options, t *track) (string, error) {
	if o.Decoder == "native" {
		return "", fmt.Errorf("%w: %s is decoded by ffmpeg only", ErrUnsupported, t.why())
	}
	program, err := lookUp(o)
	switch {
	case err == nil:
		return program, nil
	case o.Decoder == "ffmpeg":
		return "", fmt.Errorf("decoder is ffmpeg, which is not there: %w", err)
	default:
		return "", fmt.Errorf("%w: %s needs ffmpeg, which is not installed", ErrUnsupported, t.why())
	}
}

func lookUp(o Options) (program string, err error) {
	if o.FFmpeg != "" {
		return exec.LookPath(o.FFmpeg)
	}
	return exec.LookPath("ffmpeg")
}

// openFile opens a regular file of acceptable size. A pipe or device is
// refused before it is opened, which could block for ever.
func openFile(path string, maxBytes int64) (*os.File, int64, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, 0, cause(err)
	}
	switch {
	case stat.IsDir():
		return nil, 0, fmt.Errorf("%w: it is a folder", ErrUnsupported)
	case !stat.Mode().IsRegular():
		return nil, 0, fmt.Errorf("%w: it is not a regular file", ErrUnsupported)
	case stat.Size() > maxBytes:
		return nil, 0, fmt.Errorf("%w: %d bytes; the limit is %d", ErrTooLarge, stat.Size(), maxBytes)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, cause(err)
	}
	return f, stat.Size(), nil
}

// cause drops the operation and path of a file system's error: the path is in
// the message already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
