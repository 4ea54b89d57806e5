package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/dsp"
	"earworm/dsp/decode"
	"earworm/schema"
)

// excerpts are the two halves of a recording, as the model embeds them.
type excerpts struct {
	input
	first, second []float32
	err           error
}

// similarReport is what eval --similar --json prints.
type similarReport struct {
	ModelVersion string  `json:"model_version"`
	Recordings   int     `json:"recordings"`
	Failed       int     `json:"failed"`
	RecallAt1    float64 `json:"recall_at_1"`
	RecallAt10   float64 `json:"recall_at_10"`
}

// similar measures whether the halves of a recording find each other among the
// halves of all.
func (e *evalConfig) similar(ctx context.Context, c console, operands []string) error {
	inputs, err := expand(ctx, operands, c.in)
	if err != nil {
		return err
	}
	model, err := e.model()
	if err != nil {
		return err
	}
	all := e.embedHalves(ctx, c, model, inputs)
	if err := ctx.Err(); err != nil {
		return err
	}
	var first, second [][]float32
	var heard []excerpts
	for _, x := range all {
		if x.err != nil {
			complain(c.err, x.path+": "+x.err.Error())
			continue
		}
		first, second, heard = append(first, x.first), append(second, x.second), append(heard, x)
	}
	if len(heard) == 0 {
		return errReported
	}
	if e.fit != "" {
		return e.learnWhitening(ctx, c, model, first, second)
	}
	ranks := eval.Ranks(first, second)
	r := similarReport{
		ModelVersion: model.Version(), Recordings: len(heard), Failed: len(all) - len(heard),
		RecallAt1: eval.RecallAt(1, ranks), RecallAt10: eval.RecallAt(10, ranks),
	}
	if err := e.printSimilar(c, r, heard, ranks); err != nil {
		return err
	}
	if r.Failed > 0 {
		return errReported
	}
	return nil
}

// learnWhitening writes the whitening that the halves of recordings teach. Its
// recipe says what such a whitening is worth to recordings that taught it nothing.
func (e *evalConfig) learnWhitening(ctx context.Context, c console, model *cnn.Model, first, second [][]float32) error {
	held, err := eval.HoldOut(model, first, second)
	if err != nil {
		return err
	}
	w, err := eval.FitWhitening(model, slices.Concat(first, second))
	if err != nil {
		return err
	}
	w.Version = strings.TrimSuffix(filepath.Base(e.fit), ".weights")
	w.Recipe = cnn.Recipe{Commit: commit(ctx), Data: map[string]int{"recordings": len(first)}, Validation: held}
	file, err := w.MarshalBinary()
	if err != nil {
		return err
	}
	if _, err := cnn.ParseWeights(file); err != nil {
		return err
	}
	if err := os.WriteFile(e.fit, file, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "learned from %d recordings in halves: %s\n%s\n", len(first), e.fit, held)
	return err
}

func (e *evalConfig) printSimilar(c console, r similarReport, heard []excerpts, ranks []int) error {
	if e.json {
		return json.NewEncoder(c.out).Encode(r)
	}
	if e.list {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "recording\tnearer to the first half\tto the second")
		for i, x := range heard {
			fmt.Fprintf(w, "%s\t%d\t%d\n", printable(x.path), ranks[i], ranks[i+len(heard)])
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(c.out, "%d recordings in halves, model %s\nhalves find each other: recall@1 %.1f, recall@10 %.1f\n",
		r.Recordings, r.ModelVersion, 100*r.RecallAt1, 100*r.RecallAt10)
	return err
}

func (e *evalConfig) embedHalves(ctx context.Context, c console, model *cnn.Model, inputs []input) []excerpts {
	all := make([]excerpts, len(inputs))
	bar := newProgress(c.err, len(inputs), time.Now())
	defer bar.end()
	var group sync.WaitGroup
	slots := make(chan struct{}, e.concurrency)
	for i, in := range inputs {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			all[i].input = in
			if in.failure != nil {
				all[i].err = in.failure
			} else if ctx.Err() == nil {
				all[i].first, all[i].second, all[i].err = e.embedBoth(ctx, model, in.path)
			}
			bar.step(time.Now())
		})
	}
	group.Wait()
	return all
}

// embedBoth embeds the two halves of a recording, each as if it were one.
func (e *evalConfig) embedBoth(ctx context.Context, model *cnn.Model, path string) (first, second []float32, err error) {
	sound, err := decode.Open(ctx, path, e.decoding)
	if err != nil {
		return nil, nil, err
	}
	defer sound.Close()
	samples, err := dsp.ReadAll(ctx, sound)
	if err != nil {
		return nil, nil, err
	}
	embed := func(half recording) (v []float32, err error) {
		a, err := model.Analyse(ctx, &half)
		if err == nil {
			v, err = a.Vector()
		}
		if err == nil && v == nil {
			err = schema.Fail(schema.Silent, "its embedding points nowhere")
		}
		return v, err
	}
	if first, err = embed(samples[:len(samples)/2]); err == nil {
		second, err = embed(samples[len(samples)/2:])
	}
	return first, second, err
}
