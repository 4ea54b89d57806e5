package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"earworm/cnn"
	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/schema"
	"earworm/schema/sqlite"
)

type benchConfig struct {
	decoding decode.Options
	repeat   int
}

func benchCommand() *command {
	b := &benchConfig{}
	return &command{
		name:     "bench",
		operands: "FILE…",
		brief:    "measure what each stage of an analysis costs here",
		about: `
Analyses each file several times on one goroutine and prints, of the quickest
run, what each stage took: reading and decoding to 22,050 Hz, spectra, networks,
and keeping the result in an SQLite store on the temporary folder's disk. From
the sum follow how much faster than the music that is, and how many tracks a day
as long as these one core would do.`,
		examples: `
earworm bench song.mp3
earworm bench --decoder native --repeat 5 *.mp3`,
		flags: func(s *settings) {
			s.choice(&b.decoding.Decoder, "decoder", []string{"auto", "native", "ffmpeg"}, "what decodes: auto, native or ffmpeg")
			s.count(&b.repeat, "repeat", 3, 1, "`number` of runs, of which the quickest counts")
		},
		run: b.run,
	}
}

// stages are what the parts of one analysis took.
type stages struct {
	decode, spectra, network, store time.Duration
	seconds                         float64 // of sound
	decoder                         string
}

func (s stages) total() time.Duration { return s.decode + s.spectra + s.network + s.store }

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
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "track\tlength\tdecoder\tdecode\tspectra\tnetworks\tstore\tall\ttimes real time\t")
	var all stages
	for _, path := range operands {
		best, err := b.quickest(ctx, model, store, path)
		if err != nil {
			return err
		}
		all.decode, all.spectra, all.network, all.store = all.decode+best.decode, all.spectra+best.spectra, all.network+best.network, all.store+best.store
		all.seconds += best.seconds
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.0f\t\n", filepath.Base(path), clock(best.seconds), best.decoder,
			took(best.decode), took(best.spectra), took(best.network), took(best.store), took(best.total()),
			best.seconds/best.total().Seconds())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	const day = 24 * time.Hour
	_, err = fmt.Fprintf(c.out, "%.0f tracks a day on one core, of %s on average\n",
		float64(len(operands))*day.Seconds()/all.total().Seconds(), clock(all.seconds/float64(len(operands))))
	return err
}

func took(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func (b *benchConfig) quickest(ctx context.Context, model *cnn.Model, store schema.Store, path string) (best stages, err error) {
	for i := range b.repeat {
		one, err := b.once(ctx, model, store, path)
		if err != nil {
			return best, err
		}
		if i == 0 || one.total() < best.total() {
			best = one
		}
	}
	return best, nil
}

func (b *benchConfig) once(ctx context.Context, model *cnn.Model, store schema.Store, path string) (s stages, err error) {
	lap := stopwatch()
	sound, err := decode.Open(ctx, path, b.decoding)
	if err != nil {
		return s, err
	}
	defer sound.Close()
	s.decoder = sound.Decoder()
	samples, err := dsp.ReadAll(ctx, sound)
	if err != nil {
		return s, err
	}
	s.decode = lap()
	heard, err := cnn.Listen(ctx, (*recording)(&samples))
	if err != nil {
		return s, err
	}
	s.spectra = lap()
	analysis, err := model.Estimate(heard)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	s.network, s.seconds = lap(), analysis.DurationS
	analysis.TrackID = schema.TrackIDOf(path)
	if _, err := store.AddTrack(ctx, schema.Track{ID: analysis.TrackID, Source: path}); err != nil {
		return s, err
	}
	if err := store.SaveAnalysis(ctx, analysis); err != nil {
		return s, err
	}
	s.store = lap()
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
