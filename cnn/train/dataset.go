package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"earworm/schema"
)

// Item is one excerpt to learn from, with what is known of it: a line of a
// manifest.ndjson, as `earworm render` writes them.
type Item struct {
	Audio   string  `json:"audio"`             // file, relative to the manifest's folder
	StartS  float64 `json:"start_s,omitempty"` // of the excerpt in the file
	LengthS float64 `json:"length_s,omitempty"`

	Source string `json:"source"`
	Piece  string `json:"piece"`
	Font   string `json:"font,omitempty"`
	Genre  string `json:"genre,omitempty"`
	Split  string `json:"split"` // "train" or "valid"

	Nothing bool `json:"nothing,omitempty"` // no music: every answer is as likely

	TempoBPM  float64      `json:"tempo_bpm,omitempty"`
	Key       schema.Key   `json:"key,omitempty"`
	Meter     schema.Meter `json:"meter,omitzero"`
	Beats     []float64    `json:"beats,omitempty"`     // s from the excerpt's start
	Positions []int        `json:"positions,omitempty"` // in the bar, 1 is the downbeat; one for each beat

	// How far each label is to be trusted, 0 to 1; all 1 where Weight is 0.
	TempoWeight float64 `json:"tempo_weight,omitempty"`
	KeyWeight   float64 `json:"key_weight,omitempty"`
	MeterWeight float64 `json:"meter_weight,omitempty"`
	BeatWeight  float64 `json:"beat_weight,omitempty"`
	Weight      float64 `json:"weight,omitempty"` // of labels without a weight of their own
}

// ReadManifest reads a folder's manifest.ndjson; audio paths become absolute.
func ReadManifest(dir string) ([]Item, error) {
	name := filepath.Join(dir, "manifest.ndjson")
	file, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	// A run that is still writing may have left half a line at the end.
	file = file[:bytes.LastIndexByte(file, '\n')+1]
	var items []Item
	n := 0
	for line := range bytes.Lines(file) {
		n++
		var it Item
		if err := json.Unmarshal(line, &it); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
		}
		if !filepath.IsAbs(it.Audio) {
			it.Audio = filepath.Join(dir, it.Audio)
		}
		it.setWeights()
		items = append(items, it)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s: no items", name)
	}
	return items, nil
}

// unlabelled tells whether nothing is known of the item.
func (it Item) unlabelled() bool {
	return !it.Nothing && it.TempoWeight+it.KeyWeight+it.MeterWeight+it.BeatWeight == 0
}

// setWeights gives every label that is there a weight, and none to the others.
func (it *Item) setWeights() {
	weight := it.Weight
	if weight == 0 {
		weight = 1
	}
	for _, l := range []struct {
		known  bool
		weight *float64
	}{
		{it.TempoBPM > 0, &it.TempoWeight},
		{it.Key != schema.UnknownKey, &it.KeyWeight},
		{it.Meter != schema.Meter{}, &it.MeterWeight},
		{len(it.Beats) > 1, &it.BeatWeight},
	} {
		switch {
		case !l.known:
			*l.weight = 0
		case *l.weight == 0:
			*l.weight = weight
		}
	}
}
