package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"earworm/cnn/train"
)

type trainConfig struct {
	train.Config
	data             []string
	gameMusic, audio string
	cache            string
	shares           string
	from             string
	teachers         []string
	seed             int
}

func trainCommand() *command {
	t := &trainConfig{}
	return &command{
		name:     "train",
		operands: "rhythm|key-course|key|key-plain",
		brief:    "make a network's weights from labelled sound",
		about: `
Trains the rhythm network or one of the key networks with gorgonia, on what earworm render wrote
(--data) and on recordings with consensus labels (--gamemusic). Features are
computed once and cached. Each epoch prints its loss and what the network
reaches on the validation items, and ends with a checkpoint: a run that was
stopped, by Ctrl-C or otherwise, goes on from there when called again. The
weights of the last epoch are in --out; earworm is built with those in
cnn/rhythm.weights and cnn/key.weights.

With --teachers, a key network learns from what other key networks say as well as
from the labels: of all sound with or without one, and of more excerpts of the
recordings in --gamemusic.`,
		examples: `
earworm train key-course --data data --out key.weights
earworm train key-course --data data --teachers old.weights,key-plain.weights --out key.weights
earworm train rhythm --data data,more --epochs 60 --out rhythm.weights
earworm train rhythm --data new --from rhythm.weights --rate 3e-4 --epochs 5 --out finer.weights`,
		flags: func(s *settings) {
			s.list(&t.data, "data", "`folders` with a manifest.ndjson of labelled audio")
			s.text(&t.gameMusic, "gamemusic", "", "`folder` with labels.csv and beats.jsonl of consensus labels")
			s.text(&t.audio, "gamemusic-audio", "", "`folder` with the recordings that --gamemusic names, by their SHA-256")
			s.StringVar(&t.shares, "shares", "", "how often an item of a `source` is drawn against others, such as lieder=2,groove=0.5")
			s.list(&t.Without, "without", "`augmentations` to leave out, to see what they are worth: "+strings.Join(train.Augmentations, ", "))
			s.text(&t.from, "from", "", "weight `file` to begin with, or checkpoint, whose last epoch counts; in place of chance")
			s.BoolVar(&t.CalibrateOnly, "calibrate-only", false, "train nothing: fit the calibration of the --from weights anew")
			s.list(&t.teachers, "teachers", "weight `files`, or checkpoints, of key networks that this one learns from")
			s.text(&t.cache, "cache", "features", "`folder` for computed features")
			s.text(&t.Out, "out", "", "`file` for the weights (default: NETWORK.weights)")
			s.text(&t.Version, "version-name", "", "`name` of the weights, such as rhythm-2026.1")
			s.count(&t.Epochs, "epochs", 40, 1, "`number` of epochs")
			s.count(&t.EpochSize, "epoch-size", 2000, 1, "`examples` in an epoch")
			s.count(&t.Batch, "batch", 16, 1, "`examples` a step")
			s.Float64Var(&t.Rate, "rate", 2e-3, "highest learning rate")
			s.count(&t.Workers, "workers", runtime.GOMAXPROCS(0), 1, "`number` of machines at work at once")
			s.count(&t.seed, "seed", 1, 0, "`number` that all chance comes from")
		},
		run: t.run,
	}
}

func (t *trainConfig) run(ctx context.Context, c console, operands []string) error {
	if len(operands) > 1 {
		return usagef("train wants one network; got %q", strings.Join(operands, " "))
	}
	t.Network, t.Seed, t.Commit = operands[0], uint64(t.seed), commit(ctx)
	var err error
	if t.Shares, err = parseMix(t.shares); err != nil {
		return usageError{err}
	}
	if t.Out == "" {
		t.Out = t.Network + ".weights"
	}
	t.Checkpoint = t.Out + ".checkpoint"
	if t.from != "" {
		if t.From, err = train.ReadFrom(t.from); err != nil {
			return err
		}
	}
	for _, name := range t.teachers {
		w, err := train.ReadFrom(name)
		if err != nil {
			return err
		}
		t.Teachers = append(t.Teachers, w)
	}
	t.Config = t.WithDefaults()
	if err := t.Validate(); err != nil {
		return usageError{err}
	}
	examples, err := t.examples(ctx, c)
	if err != nil {
		return err
	}
	err = train.Run(ctx, t.Config, examples, func(e train.Epoch) {
		fmt.Fprintf(c.out, "epoch %d of %d: loss %.4f, %s\n  %s\n", e.Number, t.Epochs, e.Loss,
			e.Took.Round(time.Second), strings.ReplaceAll(e.Figures.String(), "\n", "\n  "))
	})
	if err != nil {
		return err
	}
	if t.CalibrateOnly {
		return nil
	}
	return t.plot(c.out)
}

// examples gathers the items and listens to what is not in the cache.
func (t *trainConfig) examples(ctx context.Context, c console) ([]train.Example, error) {
	var items []train.Item
	for _, dir := range t.data {
		more, err := train.ReadManifest(dir)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	if t.gameMusic != "" {
		more, missing, err := train.ReadGameMusic(t.gameMusic, t.audio)
		if err != nil {
			return nil, err
		}
		if missing > 0 {
			complain(c.err, fmt.Sprintf("%d recordings are not in %s and are left out", missing, t.audio))
		}
		items = append(items, more...)
		if len(t.Teachers) > 0 {
			items = append(items, train.OtherExcerpts(more)...)
		}
	}
	if len(items) == 0 {
		return nil, hinted{usagef("there is nothing to train on"), "--data FOLDER names what earworm render wrote"}
	}
	bar := newProgress(c.err, len(items), time.Now())
	defer bar.end()
	return train.Prepare(ctx, items, t.cache, t.Workers, func() { bar.step(time.Now()) },
		func(it train.Item, err error) {
			_ = bar.above(time.Now(), func() error {
				complain(c.err, fmt.Sprintf("%s is left out: %v", filepath.Base(it.Audio), err))
				return nil
			})
		})
}

// plot draws loss and validation figure by epoch beside the weights.
func (t *trainConfig) plot(out io.Writer) error {
	name := strings.TrimSuffix(t.Out, ".weights") + ".png"
	if err := train.Plot(name, t.Checkpoint); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "loss by epoch: "+name)
	return err
}
