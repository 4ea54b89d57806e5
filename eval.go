package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/cnn/train"
	"earworm/dsp/decode"
	"earworm/schema"
)

type evalConfig struct {
	decoding    decode.Options
	concurrency int
	list, json  bool
	halves      bool
	labels      bool
	store       storeSettings
	rhythm, key string
	embedding   string
	fit         string
	by, report  string
}

func evalCommand() *command {
	e := &evalConfig{}
	return &command{
		name:     "eval",
		operands: "[LABELS.csv]",
		brief:    "measure the networks against labelled recordings",
		about: `
Analyses every recording that the file names and prints, for those whose truth
is given, tempo Acc1 and Acc2 (within 4 %; Acc2 also takes double, triple, half
and third), key exact and weighted as MIREX does, and meter as balanced accuracy
over 3 and 4; then how far the confidence of each can be believed. The file has a
header; of its columns path (relative to the file), tempo_bpm, key and meter
count, and an empty field is not known. --by parts the recordings by any other
column, or by source, which is what their file names begin with.

--similar takes recordings in place of labels, as analyze does, cuts each in two
halves, and tells how often a half is among the 1 and the 10 nearest to the other.
--fit learns from them, instead, how embeddings are whitened before they are compared;
the file's name, less .weights, becomes the version that it goes by.
--labels scores every model version in the store against people's labels there.`,
		examples: `
earworm eval samples/labels.csv
earworm eval --list samples/labels.csv
earworm eval --by genre --report figures samples/labels.csv
earworm eval --rhythm new.weights labels.csv
earworm eval --key old.weights labels.csv
earworm eval --similar ~/Music
earworm eval --similar --fit embedding-2026.1.weights ~/Music
earworm eval --labels`,
		flags: func(s *settings) {
			s.BoolVar(&e.list, "list", false, "print a line for each recording as well")
			s.BoolVar(&e.json, "json", false, "print the figures as JSON")
			s.BoolVar(&e.halves, "similar", false, "measure similarity: the operands are recordings")
			s.BoolVar(&e.labels, "labels", false, "score the model versions in the store against the labels in it")
			s.text(&e.by, "by", "", "`column` of the labels to print the figures by, too")
			s.text(&e.report, "report", "", "`folder` for a page with plots and the worst recordings")
			s.choice(&e.decoding.Decoder, "decoder", []string{"auto", "native", "ffmpeg"}, "what decodes: auto, native or ffmpeg")
			s.count(&e.concurrency, "concurrency", runtime.GOMAXPROCS(0), 1, "`number` of recordings at once")
			s.text(&e.rhythm, "rhythm", "", "weight `file` to measure in place of the built-in rhythm network")
			s.text(&e.key, "key", "", "weight `file` to measure in place of the built-in key network")
			s.text(&e.embedding, "embedding", "", "weight `file` to measure in place of the built-in whitening of embeddings")
			s.text(&e.fit, "fit", "", "with --similar: `file` for the whitening of embeddings that the recordings teach")
			e.store.flags(s)
		},
		run: e.run,
	}
}

// evalReport is what eval --json prints.
type evalReport struct {
	ModelVersion string                 `json:"model_version"`
	Recordings   int                    `json:"recordings"`
	Failed       int                    `json:"failed"`
	By           map[string]eval.Report `json:"by,omitempty"`
	eval.Report
}

func (e *evalConfig) run(ctx context.Context, c console, operands []string) error {
	switch {
	case e.labels && (e.halves || len(operands) > 0):
		return usagef("eval --labels takes no operand and no --similar")
	case e.labels:
		return e.againstLabels(ctx, c)
	case e.fit != "" && (!e.halves || e.embedding != ""):
		return usagef("eval --fit learns from recordings: it goes with --similar, and not with --embedding")
	case len(operands) == 0:
		return usagef("eval wants LABELS.csv, or recordings after --similar, or --labels")
	case e.halves:
		return e.similar(ctx, c, operands)
	case len(operands) > 1:
		return usagef("eval wants one file of labels; got %d", len(operands))
	}
	labels, err := eval.ReadLabels(operands[0])
	if err != nil {
		return err
	}
	if e.by != "" && !labels[0].HasColumn(e.by) {
		return fmt.Errorf("labels %q have no column called %s", operands[0], e.by)
	}
	model, err := e.model()
	if err != nil {
		return err
	}
	results := make([]eval.Judged, len(labels))
	bar := newProgress(c.err, len(labels), time.Now())
	var group sync.WaitGroup
	slots := make(chan struct{}, e.concurrency)
	for i, l := range labels {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = eval.Judged{Labelled: l}
			results[i].Heard, results[i].Err = e.hear(ctx, model, l.Path)
			// What was not heard counts as wrong: leaving it out would flatter.
			results[i].Score = eval.Judge(l.Truth, results[i].Heard)
			bar.step(time.Now())
		})
	}
	group.Wait()
	bar.end()
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.print(c, model, results)
}

// model is the built-in one, with the weights that were named in place of its own.
func (e *evalConfig) model() (*cnn.Model, error) {
	model, err := cnn.Load()
	if err != nil {
		return nil, err
	}
	var networks []*cnn.Weights
	for _, name := range []string{e.rhythm, e.key, e.embedding} {
		if name == "" {
			continue
		}
		w, err := train.ReadWeights(name)
		if err != nil {
			return nil, err
		}
		networks = append(networks, w)
	}
	if e.fit != "" {
		model = model.Plain()
	}
	return model.With(networks...)
}

func (e *evalConfig) hear(ctx context.Context, model *cnn.Model, path string) (schema.Analysis, error) {
	audio, err := decode.Open(ctx, path, e.decoding)
	if err != nil {
		return schema.Analysis{}, err
	}
	defer audio.Close()
	return model.Analyse(ctx, audio)
}

func (e *evalConfig) print(c console, model *cnn.Model, results []eval.Judged) error {
	var total eval.Score
	failed := 0
	for _, r := range results {
		total.Add(r.Score)
		if r.Err != nil {
			failed++
			complain(c.err, fmt.Sprintf("%s: %v", r.Path, r.Err))
		}
	}
	var groups []eval.Group
	if e.by != "" {
		groups = eval.GroupBy(e.by, results)
	}
	if e.json {
		report := evalReport{ModelVersion: model.Version(), Recordings: len(results), Failed: failed, Report: total.Report()}
		for _, g := range groups {
			if report.By == nil {
				report.By = map[string]eval.Report{}
			}
			report.By[g.Name] = g.Report()
		}
		if err := json.NewEncoder(c.out).Encode(report); err != nil {
			return err
		}
	} else if err := e.printText(c, model, results, groups, &total); err != nil {
		return err
	}
	if e.report != "" {
		if err := eval.WriteReport(e.report, model.Sizes(), groups, results); err != nil {
			return err
		}
	}
	if failed > 0 {
		return errReported
	}
	return nil
}

func (e *evalConfig) printText(c console, model *cnn.Model, results []eval.Judged, groups []eval.Group, total *eval.Score) error {
	if e.list {
		if err := listEvaluated(c, results); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.out, "%d recordings, model %s\n", len(results), model.Version())
	for _, line := range append(total.Lines(), total.TrustLines()...) {
		fmt.Fprintln(c.out, line)
	}
	for _, g := range groups {
		fmt.Fprintf(c.out, "%s %s, %d recordings\n", e.by, known(g.Name != "", g.Name), g.Recordings)
		for _, line := range g.Lines() {
			fmt.Fprintln(c.out, "  "+line)
		}
	}
	return nil
}

func listEvaluated(c console, results []eval.Judged) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "recording\tBPM\theard\tconfidence\tkey\theard\tconfidence\tmeter\theard\tconfidence")
	for _, r := range results {
		h := r.Heard
		fmt.Fprintf(w, "%s\t%s\t%.1f%s\t%.2f\t%s\t%s%s\t%.2f\t%s\t%s%s\t%.2f\n", r.Name(),
			known(r.TempoBPM > 0, fmt.Sprintf("%.1f", r.TempoBPM)), h.Tempo.BPM, mark(r.Score.Tempi, r.Score.TempoExact), h.Tempo.Confidence,
			known(r.Key != schema.UnknownKey, r.Key.String()), h.Key.Name, mark(r.Score.Keys, r.Score.KeyExact), h.Key.Confidence,
			known(r.Meter != schema.Meter{}, r.Meter.String()), h.Meter.Name,
			mark(total(r.Score.Meters[:]), total(r.Score.MeterRight[:])), h.Meter.Confidence)
	}
	return w.Flush()
}

func known(is bool, text string) string {
	if is {
		return text
	}
	return "-"
}

// mark points out an answer that is known to be wrong.
func mark(known, right float64) string {
	return strings.Repeat(" ✗", int(known-right))
}

func total(counts []float64) (sum float64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
