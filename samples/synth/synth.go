// Package synth turns scores into sound with FluidSynth, which it runs as a
// program. It is needed only to make samples and training audio.
package synth

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"earworm/dsp"
	"earworm/samples/midi"
	"earworm/samples/score"
)

// ErrNoFluidSynth is returned, wrapped, where the program is not installed.
var ErrNoFluidSynth = errors.New("fluidsynth is not installed; try: apt-get install fluidsynth fluid-soundfont-gm")

// latency is by how many frames FluidSynth sounds an event late: it hears events
// once a block of 64, and gives the block after. Measured with clicks, at 22,050
// and 44,100 Hz; it is taken off so that labels stay exact.
const latency = 110

// polyphony is how many voices sound at once. A score for an orchestra needs more
// than FluidSynth's 256, beyond which notes are lost and others never end.
const polyphony = 2048

// Channels is how many channels Render gives, interleaved.
const Channels = 2

// Config says how scores sound.
type Config struct {
	Program string  // "" looks fluidsynth up in PATH
	Font    string  // path of a sound font, .sf2 or .sf3
	Rate    int     // Hz; 0 is dsp.SampleRate
	Gain    float64 // 0 is 0.4
	Reverb  bool    // FluidSynth's own, which costs a third more time
	Temp    string  // folder for passing files; "" is the system's

	// Commands is a file of FluidSynth's own commands to run first, such as
	// "interp 1" for interpolation that is linear, and a quarter faster.
	Commands string
}

// WithDefaults fills in what is not said.
func (c Config) WithDefaults() Config {
	if c.Program == "" {
		c.Program = "fluidsynth"
	}
	if c.Rate == 0 {
		c.Rate = dsp.SampleRate
	}
	if c.Gain == 0 {
		c.Gain = 0.4
	}
	return c
}

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	switch {
	case c.Font == "":
		return errors.New("font is empty; want the path of a sound font")
	case c.Rate < 8000 || c.Rate > 96000:
		return fmt.Errorf("rate is %d; want 8000 to 96000", c.Rate)
	case c.Gain < 0 || c.Gain > 10:
		return fmt.Errorf("gain is %g; want 0 to 10", c.Gain)
	}
	return nil
}

// Render returns (frames, 2) samples, interleaved; a loud score may pass 1.
// It lasts exactly the score's length.
func Render(ctx context.Context, s *score.Score, c Config) ([]float32, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	data, err := midi.Write(s.MIDI())
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	file, err := os.CreateTemp(c.Temp, "score-*.mid")
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	frames := int(math.Round(s.Length * float64(c.Rate)))
	pcm, err := run(ctx, c, file.Name(), latency+frames)
	if err != nil {
		return nil, fmt.Errorf("render with %s: %w", filepath.Base(c.Font), err)
	}
	return pcm[latency*Channels:], nil
}

// run returns (frames, 2) samples of what FluidSynth plays, with silence after its
// end. What would come later is not waited for: FluidSynth plays until its last
// voice has died away, and there are voices that never do.
func run(ctx context.Context, c Config, path string, frames int) ([]float32, error) {
	effects := "0"
	if c.Reverb {
		effects = "1"
	}
	args := []string{
		"-ni", "-q", "-z", "1024", // frames a write: at 64, writing costs as much as sounding
		"-r", strconv.Itoa(c.Rate), "-g", strconv.FormatFloat(c.Gain, 'g', 4, 64),
		"-R", effects, "-C", effects,
		"-o", "synth.dynamic-sample-loading=1", // only the instruments that play
		"-o", "synth.lock-memory=0",
		"-o", "synth.polyphony=" + strconv.Itoa(polyphony),
		"-T", "raw", "-O", "float", "-E", "little", "-F", "/dev/stdout",
	}
	if c.Commands != "" {
		args = append(args, "-f", c.Commands)
	}
	playing, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(playing, c.Program, append(args, c.Font, path)...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	sound, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		return nil, ErrNoFluidSynth
	} else if err != nil {
		return nil, err
	}
	raw := make([]byte, frames*Channels*4)
	n, short := io.ReadFull(sound, raw)
	if short == nil {
		stop()
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case short != nil && err != nil:
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(complaints.String()))
	case n < 4*Channels:
		return nil, fmt.Errorf("no sound came out: %s", strings.TrimSpace(complaints.String()))
	}
	pcm := make([]float32, frames*Channels)
	for i := range n / 4 {
		pcm[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return pcm, nil
}

// Mono folds interleaved stereo into one channel.
func Mono(stereo []float32) []float32 {
	mono := make([]float32, len(stereo)/Channels)
	for i := range mono {
		mono[i] = (stereo[2*i] + stereo[2*i+1]) / 2
	}
	return mono
}
