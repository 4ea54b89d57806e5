package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"earworm/cnn/eval"
	"earworm/schema"
)

// labelsReport is what eval --labels --json prints of a model version.
type labelsReport struct {
	ModelVersion string `json:"model_version"`
	Tracks       int    `json:"tracks"` // labelled, and heard by it
	eval.Report
}

// againstLabels scores every model version in the store by what people say.
func (e *evalConfig) againstLabels(ctx context.Context, c console) (err error) {
	store, err := e.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	scores, tracks, err := scoreVersions(ctx, store)
	if err != nil {
		return err
	}
	if len(scores) == 0 {
		complain(c.err, "no track in the store is labelled and analysed")
		return errReported
	}
	for _, version := range slices.Sorted(maps.Keys(scores)) {
		score := scores[version]
		if e.json {
			err = json.NewEncoder(c.out).Encode(labelsReport{version, tracks[version], score.Report()})
		} else {
			_, err = fmt.Fprintf(c.out, "model %s, %s\n", version, plural(tracks[version], "labelled track"))
			for _, line := range append(score.Lines(), score.TrustLines()...) {
				fmt.Fprintln(c.out, "  "+line)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// scoreVersions judges every version's analyses of the tracks that are labelled.
func scoreVersions(ctx context.Context, store schema.Store) (scores map[string]*eval.Score, tracks map[string]int, err error) {
	labels := map[schema.TrackID][]schema.Label{} // people's: few beside the catalogue
	for l, err := range store.AllLabels(ctx) {
		if err != nil {
			return nil, nil, err
		}
		labels[l.TrackID] = append(labels[l.TrackID], l)
	}
	scores, tracks = map[string]*eval.Score{}, map[string]int{}
	for id, said := range labels {
		f := schema.Effective(schema.Analysis{}, said)
		truth := eval.Truth{TempoBPM: f.TempoBPM, Key: f.Key, Meter: f.Meter}
		if len(f.Labelled) == 0 {
			continue
		}
		analyses, err := store.TrackAnalyses(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range analyses {
			if scores[a.ModelVersion] == nil {
				scores[a.ModelVersion] = &eval.Score{}
			}
			scores[a.ModelVersion].Add(eval.Judge(truth, a))
			tracks[a.ModelVersion]++
		}
	}
	return scores, tracks, nil
}
