package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"earworm/samples/render"
	"earworm/schema"
)

func renderCommand() *command {
	var c render.Config
	var mix string
	var meters []string
	return &command{
		name:  "render",
		brief: "render training audio from a corpus of symbolic music",
		about: `
Renders excerpts of half a minute, whose beats, key and meter are known exactly,
with FluidSynth and the sound fonts and drum kits that are installed, and writes
them to a folder beside manifest.ndjson, which has a line for each. A run that was
stopped goes on where it was; the same seed gives the same audio. What recordings
go through is added by chance; --without leaves a part of it out, and all else is
then as it was.`,
		examples: `
earworm render --corpus ../corpus --out data --hours 50 --jobs 2
earworm render --corpus ../corpus --out data --hours 1 --mix band=3,folk=1
earworm render --corpus ../corpus --out dry --hours 1 --without room,codec`,
		flags: func(s *settings) {
			s.StringVar(&c.Corpus, "corpus", "", "`folder` of symbolic music, with its index.csv")
			s.StringVar(&c.Out, "out", "", "`folder` for the audio and its manifest")
			s.Float64Var(&c.Hours, "hours", 10, "of audio")
			s.Uint64Var(&c.Seed, "seed", 1, "of chance: another seed, other audio")
			s.IntVar(&c.Jobs, "jobs", 2, "items rendered at once")
			s.list(&c.Without, "without", "`augmentations` to leave out, to see what they are worth: "+strings.Join(render.Augmentations(), ", "))
			s.list(&meters, "meters", "only scores in these `meters`, such as 9/8,12/8; what is composed keeps its own")
			s.StringVar(&mix, "mix", "", "share of items by `source`: "+strings.Join(render.SourceNames(), ", "))
		},
		run: func(ctx context.Context, con console, _ []string) error {
			var err error
			if c.Sources, err = parseMix(mix); err != nil {
				return usageError{err}
			}
			for _, name := range meters {
				m, err := schema.ParseMeter(name)
				if err != nil {
					return usageError{err}
				}
				c.Meters = append(c.Meters, m)
			}
			if err := c.WithDefaults().Validate(); err != nil {
				return usageError{err}
			}
			c.Missing = func(what string) { complain(con.err, what) }
			var bar *progress
			spoke := time.Now()
			err = render.Run(ctx, c, func(p render.Progress) {
				now := time.Now()
				if bar == nil {
					bar = newProgress(con.err, p.Total-p.Was, now)
					return
				}
				bar.step(now)
				// A log has no bar, but should tell that it moves.
				if bar.w == nil && now.Sub(spoke) > time.Minute {
					spoke = now
					left := now.Sub(bar.began) / time.Duration(p.Done-p.Was) * time.Duration(p.Total-p.Done)
					fmt.Fprintf(con.err, "earworm: rendered %d of %d, %s left\n", p.Done, p.Total, left.Round(time.Second))
				}
			})
			if bar != nil {
				bar.end()
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(con.out, "%s: %d items\n", c.Out, c.Items())
			return err
		},
	}
}

// parseMix reads shares such as "band=3,folk=1"; nil where there are none.
func parseMix(text string) (map[string]float64, error) {
	if text == "" {
		return nil, nil
	}
	mix := map[string]float64{}
	for part := range strings.SplitSeq(text, ",") {
		name, share, _ := strings.Cut(part, "=")
		x, err := strconv.ParseFloat(share, 64)
		if err != nil {
			return nil, fmt.Errorf("shares are %q; want such as %q", text, "band=3,folk=1")
		}
		mix[name] = x
	}
	return mix, nil
}
