package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"text/tabwriter"
	"time"

	"earworm/cnn"
	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/source"
)

type benchConfig struct {
	decoding decode.Options
	repeat   int
	profile  string
	sound    []float32 // of the run before, whose room the next one takes
}

func benchCommand() *command {
	b := &benchConfig{}
	return &command{
		name:     "bench",
		operands: "FILE…",
		brief:    "measure what each stage of an analysis costs here",
		about: `
Analyses each file several times on one goroutine and prints, of the quickest
run, what each stage took: reading the file with its checksum, decoding, changing
the rate to 22,050 Hz, spectra, the networks of tempo (with meter and beats) and
of keys, and keeping the result in an SQLite store on the temporary folder's disk.
From the sum follow how much faster than the music that is, and how many tracks a
day as long as these one core would do, and the cores of this machine. --profile
keeps where the processor's time went, for go tool pprof.`,
		examples: `
earworm bench song.mp3
earworm bench --decoder native --repeat 5 *.mp3`,
		flags: func(s *settings) {
			s.choice(&b.decoding.Decoder, "decoder", []string{"auto", "native", "ffmpeg"}, "what decodes: auto, native or ffmpeg")
			s.count(&b.repeat, "repeat", 3, 1, "`number` of runs, of which the quickest counts")
			s.StringVar(&b.profile, "profile", "", "`file` for a profile of the processor's time")
		},
		run: b.profiled,
	}
}

// profiled runs it, with a profile where one is wanted.
func (b *benchConfig) profiled(ctx context.Context, c console, operands []string) (err error) {
	if b.profile == "" {
		return b.run(ctx, c, operands)
	}
	f, err := os.Create(b.profile)
	if err != nil {
		return err
	}
	defer closing(&err, f.Close)
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return b.run(ctx, c, operands)
}

// stageNames are the stages of one analysis, in their order.
var stageNames = [...]string{"read", "decode", "resample", "spectra", "tempo", "key", "store"}

// stages are what the stages of one analysis took.
type stages struct {
	took    [len(stageNames)]time.Duration
	seconds float64 // of sound
	decoder string
}

func (s stages) total() (all time.Duration) {
	for _, d := range s.took {
		all += d
	}
	return all
}

func (b *benchConfig) run(ctx context.Context, c console, operands []string) error {
	model, err := cnn.Load()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "earworm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, filepath.Join(dir, "bench.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	opener, err := source.New(source.Config{Admit: source.Anywhere})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "track\tlength\tdecoder\t%s\tall\ttimes real time\t\n", strings.Join(stageNames[:], "\t"))
	var all time.Duration
	var seconds float64
	for _, path := range operands {
		best, err := b.quickest(func() (stages, error) { return b.once(ctx, model, store, opener, path) })
		if err != nil {
			return err
		}
		all, seconds = all+best.total(), seconds+best.seconds
		fmt.Fprintf(w, "%s\t%s\t%s\t", filepath.Base(path), clock(best.seconds), best.decoder)
		for _, d := range best.took {
			fmt.Fprintf(w, "%s\t", took(d))
		}
		fmt.Fprintf(w, "%s\t%.0f\t\n", took(best.total()), best.seconds/best.total().Seconds())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	const day = 24 * time.Hour
	n, cores := float64(len(operands)), runtime.GOMAXPROCS(0)
	perCore := n * day.Seconds() / all.Seconds()
	_, err = fmt.Fprintf(c.out, "%.0f tracks a day on one core, of %s on average; %.0f on all %d, if they do not hinder each other\n",
		perCore, clock(seconds/n), perCore*float64(cores), cores)
	return err
}

func took(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func (b *benchConfig) quickest(once func() (stages, error)) (best stages, err error) {
	for i := range b.repeat {
		one, err := once()
		if err != nil {
			return best, err
		}
		if i == 0 || one.total() < best.total() {
			best = one
		}
	}
	return best, nil
}

func (b *benchConfig) once(ctx context.Context, model *cnn.Model, store schema.Store, opener *source.Opener, path string) (s stages, err error) {
	uri, err := source.Canonical(path)
	if err != nil {
		return s, err
	}
	lap := stopwatch()
	file, err := opener.Fetch(ctx, uri)
	if err != nil {
		return s, err
	}
	defer closing(&err, file.Close)
	read := lap()
	sound, err := decode.Open(ctx, file.Path, b.decoding)
	if err != nil {
		return s, err
	}
	defer sound.Close()
	samples := b.sound[:0]
	if err := dsp.ReadTo(ctx, sound, func(block []float32) { samples = append(samples, block...) }); err != nil {
		return s, err
	}
	b.sound = samples
	decoded := lap() - sound.Resampling()
	heard, err := cnn.Listen(ctx, (*recording)(&samples))
	if err != nil {
		return s, err
	}
	spectra := lap()
	analysis, networks, err := model.EstimateTimed(heard)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	lap()
	analysis.TrackID = schema.TrackIDOf(path)
	if _, err := store.AddTrack(ctx, schema.Track{ID: analysis.TrackID, Source: path}); err != nil {
		return s, err
	}
	if err := store.SaveAnalysis(ctx, analysis); err != nil {
		return s, err
	}
	s.took = [...]time.Duration{read, decoded, sound.Resampling(), spectra, networks.Rhythm, networks.Key, lap()}
	s.seconds, s.decoder = analysis.DurationS, sound.Decoder()
	return s, nil
}

// stopwatch gives the time since it was last asked.
func stopwatch() func() time.Duration {
	last := time.Now()
	return func() time.Duration {
		d := time.Since(last)
		last = last.Add(d)
		return d
	}
}

// recording is sound in memory.
type recording []float32

// Read is dsp.SampleReader's.
func (r *recording) Read(dst []float32) (int, error) {
	if len(*r) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, *r)
	*r = (*r)[n:]
	return n, nil
}
