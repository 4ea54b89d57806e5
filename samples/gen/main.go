// Gen makes the sample tracks: own music, composed, rendered with free sound
// fonts and encoded in several formats, with its labels beside it, and the set
// of bad files that tests want. It needs fluidsynth, fluid-soundfont-gm and
// ffmpeg, and nothing else.
//
//	go run ./samples/gen
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"earworm/samples/compose"
	"earworm/samples/score"
	"earworm/samples/synth"
	"earworm/schema"
)

func main() {
	out := flag.String("out", "samples", "folder to write to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	rows := [][]string{{"path", "tempo_bpm", "tempo_label", "key", "meter", "title", "genre", "licence", "start_s"}}
	for _, t := range tracks {
		if err := t.make(ctx, out); err != nil {
			return fmt.Errorf("make %q: %w", t.file, err)
		}
		fmt.Fprintln(os.Stderr, "gen:", t.file)
		title := strings.ReplaceAll(strings.TrimSuffix(t.file[3:], filepath.Ext(t.file)), "-", " ")
		bpm := fmt.Sprintf("%g", t.bpm)
		rows = append(rows, []string{t.file, bpm, bpm, t.key, t.meter, title, t.style, "CC0-1.0", "0"})
	}
	if err := writeCSV(filepath.Join(out, "labels.csv"), rows); err != nil {
		return err
	}
	return makeBad(ctx, filepath.Join(out, "testdata", "bad"))
}

// track is a sample to be made.
type track struct {
	file     string
	style    string
	key      string
	meter    string
	bpm      float64
	seconds  float64
	seed     uint64
	font     string
	channels int
	rate     int
	encoding []string // for ffmpeg; nil: WAV of bits
	bits     int
}

func mp3(rate string) []string { return []string{"-c:a", "libmp3lame", "-b:a", rate} }

var (
	flac   = []string{"-c:a", "flac", "-sample_fmt", "s16", "-compression_level", "12"}
	vorbis = []string{"-c:a", "libvorbis", "-q:a", "2"}
)

var tracks = []track{
	{file: "01-morning-post.wav", style: "pop", key: "C major", meter: "4/4", bpm: 120, seconds: 13, seed: 1, font: "FluidR3", channels: 1, rate: 22050, bits: 16},
	{file: "02-slow-lamp.mp3", style: "ballad", key: "G minor", meter: "4/4", bpm: 60, seconds: 20, seed: 2, font: "MuseScore", channels: 2, rate: 44100, encoding: mp3("96k")},
	{file: "03-north-road.flac", style: "rock", key: "E major", meter: "4/4", bpm: 140, seconds: 12, seed: 3, font: "FluidR3", channels: 1, rate: 22050, encoding: flac},
	{file: "04-ferry-waltz.ogg", style: "waltz", key: "A minor", meter: "3/4", bpm: 168, seconds: 16, seed: 4, font: "MuseScore", channels: 2, rate: 44100, encoding: vorbis},
	{file: "05-five-past-five.mp3", style: "odd jazz", key: "Eb minor", meter: "5/4", bpm: 150, seconds: 18, seed: 15, font: "FluidR3", channels: 2, rate: 44100, encoding: mp3("96k")},
	{file: "06-the-long-lane.flac", style: "folk", key: "D major", meter: "6/8", bpm: 96, seconds: 14, seed: 6, font: "MuseScore", channels: 1, rate: 22050, encoding: flac},
	{file: "07-seven-goats.ogg", style: "balkan", key: "A minor", meter: "7/8", bpm: 190, seconds: 18, seed: 7, font: "FluidR3", channels: 2, rate: 44100, encoding: vorbis},
	{file: "08-warehouse.mp3", style: "house", key: "F minor", meter: "4/4", bpm: 124, seconds: 17, seed: 8, font: "MuseScore", channels: 2, rate: 44100, encoding: mp3("112k")},
	{file: "09-late-shift.wav", style: "swing", key: "Bb major", meter: "4/4", bpm: 180, seconds: 13, seed: 9, font: "FluidR3", channels: 1, rate: 16000, bits: 24},
	{file: "10-undertow.mp3", style: "drum and bass", key: "F# minor", meter: "4/4", bpm: 172, seconds: 17, seed: 10, font: "FluidR3", channels: 2, rate: 44100, encoding: mp3("112k")},
	{file: "11-harbour-sun.ogg", style: "reggae", key: "B minor", meter: "4/4", bpm: 76, seconds: 19, seed: 11, font: "MuseScore", channels: 1, rate: 44100, encoding: vorbis},
	{file: "12-letter-home.mp3", style: "solo piano", key: "Ab major", meter: "3/4", bpm: 100, seconds: 18, seed: 12, font: "MuseScore", channels: 1, rate: 22050, encoding: mp3("56k")},
	{file: "13-old-gate.mp3", style: "orchestra", key: "C minor", meter: "4/4", bpm: 84, seconds: 18, seed: 13, font: "MuseScore", channels: 2, rate: 44100, encoding: mp3("96k")},
	{file: "14-pixel-fox.flac", style: "chiptune", key: "G major", meter: "4/4", bpm: 160, seconds: 12, seed: 14, font: "FluidR3", channels: 1, rate: 22050, encoding: flac},
}

// Levels: the loudest sample of a track, and how it ends.
const (
	peak  = 0.89
	fadeS = 1.2
)

// compose writes the track's score.
func (t track) compose() (*score.Score, error) {
	key, err := schema.ParseKey(t.key)
	if err != nil {
		return nil, err
	}
	meter, err := schema.ParseMeter(t.meter)
	if err != nil {
		return nil, err
	}
	b := compose.Brief{
		Style: t.style, Key: key, Meter: meter, TempoBPM: t.bpm, LengthS: t.seconds, Steady: true,
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	return compose.Compose(rand.New(rand.NewPCG(t.seed, 2026)), b), nil
}

func (t track) make(ctx context.Context, out string) error {
	s, err := t.compose()
	if err != nil {
		return err
	}
	font, ok := synth.FindFont(t.font)
	if !ok {
		return fmt.Errorf("sound font %s is not installed", t.font)
	}
	pcm, err := synth.Render(ctx, s, synth.Config{Font: font.Path, Rate: t.rate, Reverb: true})
	if err != nil {
		return err
	}
	if t.channels == 1 {
		pcm = synth.Mono(pcm)
	}
	level(pcm, int(fadeS*float64(t.rate))*t.channels)
	path := filepath.Join(out, t.file)
	if t.encoding == nil {
		return writeWAV(path, pcm, t.channels, t.rate, t.bits)
	}
	return encode(ctx, path, pcm, t.channels, t.rate, t.encoding)
}

// level brings the loudest sample to peak and fades the last ones out.
func level(pcm []float32, fade int) {
	loudest := float32(1e-9)
	for _, v := range pcm {
		loudest = max(loudest, float32(math.Abs(float64(v))))
	}
	for i := range pcm {
		pcm[i] *= peak / loudest * min(1, float32(len(pcm)-i)/float32(fade))
	}
}

func writeWAV(path string, pcm []float32, channels, rate, bits int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(synth.WriteWAV(f, pcm, channels, rate, bits), f.Close())
}

func encode(ctx context.Context, path string, pcm []float32, channels, rate int, how []string) error {
	plain := path + ".tmp.wav"
	defer os.Remove(plain)
	if err := writeWAV(plain, pcm, channels, rate, 16); err != nil {
		return err
	}
	// Bit-exact: no encoder version or time in the file, so that equal sound
	// gives equal bytes.
	args := append([]string{"-v", "error", "-y", "-i", plain, "-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"}, how...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(args, path)...)
	if complaint, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, strings.TrimSpace(string(complaint)))
	}
	return nil
}

func writeCSV(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(csv.NewWriter(f).WriteAll(rows), f.Close())
}
