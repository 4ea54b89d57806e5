package decode

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"earworm/dsp"
)

// forModels has ffmpeg send floats, with all channels of the file, resampled; the
// mean of them is taken here, as for every decoder.
var forModels = []string{"-ar", strconv.Itoa(dsp.SampleRate), "-c:a", "pcm_f32le"}

// process is an ffmpeg at work, which sends a WAV.
type process struct {
	samples
	command *exec.Cmd
	cancel  context.CancelFunc
	pipe    *bufio.Reader
	stderr  tail
	input   string
	watch   *watch
	waited  bool
	got     bool // at least one sample
}

// startFFmpeg begins to decode an open file as the format that it was found to
// be. ffmpeg may open nothing but that file: no network, no other demuxer. It
// is started without a shell, with nothing of this process's environment but
// the ways to its parts, and within limits. What it sends is as sound says, in
// ffmpeg's own options.
func startFFmpeg(ctx context.Context, program string, f *os.File, t *track, w *watch, sound []string) (*process, error) {
	path, err := filepath.Abs(f.Name())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cancel: cancel, watch: w}
	var out io.ReadCloser
	p.command, err = start(func() (c *exec.Cmd, err error) {
		c = exec.CommandContext(ctx, program)
		p.input = "file:" + handOver(c, f, path) // and no protocol that its name might seem to ask for
		c.Args = append(
			c.Args,
			"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
			"-protocol_whitelist", "file,pipe", "-threads", "1",
			"-f", t.demuxer, "-i", p.input,
			"-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		)
		c.Args = append(c.Args, sound...)
		c.Args = append(c.Args, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "wav", "pipe:1")
		c.Env = childEnvironment()
		c.Stderr = &p.stderr
		c.WaitDelay = 5 * time.Second
		inOwnGroup(c)
		out, err = c.StdoutPipe()
		return c, err
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	p.pipe = bufio.NewReaderSize(out, 1<<16)
	w.alarm = time.AfterFunc(max(0, w.left), cancel)
	if err := limit(p.command.Process, w.left); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.Close()
		return nil, fmt.Errorf("limit ffmpeg: %w", err)
	}
	if err := p.header(); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// childEnvironment is what a program needs to find its parts. Passwords are
// in environments, and none of a decoder's business.
func childEnvironment() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// header reads how many channels ffmpeg sends.
func (p *process) header() error {
	// Peek until the sound begins, at 44 bytes, or 68 with more channels than 2.
	for _, n := range []int{44, 68} {
		b, err := p.pipe.Peek(n)
		if err != nil {
			return p.failed(err)
		}
		h, err := readWAVHeader(bytes.NewReader(b), 0, math.MaxInt64)
		if err != nil {
			continue
		}
		if h.channels > maxChannels {
			return fmt.Errorf("%w: it has %d channels; want 1 to %d", ErrUnsupported, h.channels, maxChannels)
		}
		p.samples = *newSamples(h, p.pipe, h.converter())
		_, err = p.pipe.Discard(int(h.start))
		return err
	}
	return errors.New("ffmpeg sends no wav")
}

func (p *process) read(dst []float32) (int, error) {
	n, err := p.samples.read(dst)
	p.got = p.got || n > 0
	if err != nil {
		return 0, p.failed(err)
	}
	return n, nil
}

// failed is why the pipe ended: io.EOF if all went well.
func (p *process) failed(err error) error {
	stopped := p.watch.check()
	status := p.wait()
	if stopped != nil {
		return stopped
	}
	var exit *exec.ExitError
	switch {
	case status == nil && p.got:
		return err
	case status == nil:
		return fmt.Errorf("%w: it holds no sound", ErrCorrupt)
	case errors.As(status, &exit) && exit.Exited():
		return fmt.Errorf("%w: ffmpeg: %s", ErrCorrupt, p.stderr.reason(p.input))
	default: // killed, by whomever: no fault of the file
		return fmt.Errorf("ffmpeg: %w", status)
	}
}

// wait may be called twice.
func (p *process) wait() error {
	if p.waited {
		return nil
	}
	p.waited = true
	if p.watch.alarm != nil {
		defer p.watch.alarm.Stop()
	}
	return p.command.Wait()
}

// Close ends the process.
func (p *process) Close() error {
	p.cancel()
	_ = p.wait() // killed on purpose
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailLength = 4096

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - tailLength; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

// speaker is before most of ffmpeg's lines: "[mov,mp4 @ 0x5581] ".
var speaker = regexp.MustCompile(`^(\[[^\]]* @ 0x[0-9a-f]+\] )+`)

// reason is the line that tells most: the last that a part of ffmpeg signed,
// else the last of all.
func (t *tail) reason(input string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	reason, signed := "no reason given", false
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		bare := speaker.ReplaceAllString(line, "")
		if line == "" || signed && bare == line {
			continue
		}
		signed = bare != line
		reason = strings.TrimPrefix(bare, input+": ")
	}
	runes := []rune(strings.ToLower(reason[:1]) + reason[1:])
	return string(runes[:min(len(runes), 200)])
}

var _ io.Closer = (*process)(nil)
