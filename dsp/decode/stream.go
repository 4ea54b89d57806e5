package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"earworm/dsp"
)

// Stream is a file being decoded. It is a dsp.SampleReader, for one goroutine.
type Stream struct {
	path      string
	info      Info
	vague     bool // info.Samples is no promise
	decoder   string
	rate      int // of source, Hz
	source    source
	resampler *dsp.Resampler
	watch     *watch
	file      *os.File
	closer    io.Closer // the process behind source, if any

	block [4096]float32
	rest  []float32 // of block, not yet resampled
	in    int64     // samples read from source
	out   int64     // samples given
	limit int64     // of out
	ended bool      // source has no more

	resampling time.Duration
	err        error // stays
}

// tolerance is how much sound, in seconds, a file may lack of what it declares.
// Encoders and taggers miscount by a few blocks; half a second is a part lost.
const tolerance = 0.5

// Info tells what the file says of itself.
func (s *Stream) Info() Info { return s.info }

// Decoder names what decodes the file: "ffmpeg", "go-audio/wav", "earworm/wav"
// (the encodings that go-audio does not know), "earworm/mp3", "earworm/flac" or
// "earworm/vorbis".
func (s *Stream) Decoder() string { return s.decoder }

// Close ends decoding and gives up the file. A child process is dead when it
// returns.
func (s *Stream) Close() error {
	if s.err == nil {
		s.err = fmt.Errorf("decode %q: %w", s.path, os.ErrClosed)
	}
	var err error
	if s.closer != nil {
		err = s.closer.Close()
		s.closer = nil
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		s.file = nil
	}
	return err
}

// Resampling is how much of the time spent reading so far went into changing the
// rate. Where ffmpeg decodes, that is its own affair.
func (s *Stream) Resampling() time.Duration { return s.resampling }

// Read gives the next samples. What it returns after the last is io.EOF, or
// why there are no more: a file that breaks off gives its sound first and
// then ErrCorrupt.
func (s *Stream) Read(dst []float32) (int, error) {
	if s.err != nil || len(dst) == 0 {
		return 0, s.err
	}
	s.watch.begin()
	defer s.watch.end()
	n, err := s.fill(dst)
	for i, v := range dst[:n] {
		dst[i] = max(-1, min(1, v))
	}
	s.out += int64(n)
	if err == nil && s.out > s.limit {
		n, err = 0, fmt.Errorf("%w: more than %v", ErrTooLong, time.Duration(s.limit/dsp.SampleRate)*time.Second)
	}
	if err == nil {
		return n, nil
	}
	if err != io.EOF { //nolint:errorlint // io.EOF is a value, not a kind: wrapped it is a fault
		err = fmt.Errorf("decode %q: %w", s.path, err)
	}
	s.err = err
	return 0, err
}

func (s *Stream) fill(dst []float32) (int, error) {
	for {
		if err := s.watch.check(); err != nil {
			return 0, err
		}
		if len(s.rest) > 0 {
			began := time.Now()
			n, used := s.resampler.Resample(dst, s.rest)
			s.resampling += time.Since(began)
			s.rest = s.rest[used:]
			if n > 0 {
				return n, nil
			}
			continue
		}
		if s.ended {
			if n := s.resampler.Flush(dst); n > 0 {
				return n, nil
			}
			return 0, s.verdict()
		}
		n, err := s.source.read(s.block[:])
		switch {
		case err == io.EOF: //nolint:errorlint // as in Read
			s.ended = true
		case err != nil:
			// Whoever pulled the plug says why; the source only saw it go.
			if stopped := s.watch.check(); stopped != nil {
				return 0, stopped
			}
			return 0, err
		}
		for i, v := range s.block[:n] {
			if v-v != 0 {
				return 0, fmt.Errorf("%w: sample %d is no number", ErrCorrupt, s.in+int64(i))
			}
		}
		s.in += int64(n)
		s.rest = s.block[:n]
	}
}

// verdict is io.EOF if all that the file declares has come.
func (s *Stream) verdict() error {
	got := float64(s.in) / float64(s.rate)
	if s.in == 0 {
		return fmt.Errorf("%w: it holds no sound", ErrCorrupt)
	}
	if want := s.info.Duration().Seconds(); want-got > tolerance && !s.vague {
		return cutOff(want, got)
	}
	return io.EOF
}

func cutOff(want, got float64) error {
	return fmt.Errorf("%w: it ends after %.1f of %.1f s", ErrCorrupt, got, want)
}

// watch bounds the time spent in decoding, not that of whoever reads between.
type watch struct {
	context func() error // why ctx ended, or nil
	fault   error        // of the file system, while reading
	left    time.Duration
	since   time.Time
	alarm   *time.Timer // ends what check cannot reach; nil: nothing to end
}

func newWatch(ctx context.Context, limit time.Duration) *watch {
	return &watch{left: limit, context: func() error {
		if ctx.Err() == nil {
			return nil
		}
		return context.Cause(ctx)
	}}
}

func (w *watch) begin() {
	w.since = time.Now()
	if w.alarm != nil {
		w.alarm.Reset(max(0, w.left))
	}
}

func (w *watch) end() {
	if w.alarm != nil {
		w.alarm.Stop()
	}
	w.left -= time.Since(w.since)
}

// check says why decoding must stop now, or nil.
func (w *watch) check() error {
	if err := w.context(); err != nil {
		return err
	}
	if w.fault == nil && time.Since(w.since) >= w.left {
		return ErrTimeout
	}
	return w.fault
}

// guardedFile is where a decoder in Go reads: it stops giving bytes when the
// watch says so, which ends loops inside a library too.
type guardedFile struct {
	f     io.ReaderAt
	watch *watch
}

func (g *guardedFile) ReadAt(p []byte, off int64) (int, error) {
	if err := g.watch.check(); err != nil {
		return 0, err
	}
	n, err := g.f.ReadAt(p, off)
	if err != nil && err != io.EOF { //nolint:errorlint // io.ReaderAt's own
		err = cause(err)
		g.watch.fault = err
	}
	return n, err
}
