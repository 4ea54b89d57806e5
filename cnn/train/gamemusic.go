package train

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"earworm/schema"
)

// GameMusic is the source of items that ReadGameMusic gives.
const GameMusic = "gamemusic"

// validOneIn is the share of recordings kept from training: one in so many.
const validOneIn = 8

// ReadGameMusic reads labels.csv and beats.jsonl of a folder of consensus
// labels on free game music, whose audio lies in audioDir as <sha256>.<ext>.
// Labels weigh as much as the estimators behind them agreed. Excerpts of one
// recording are on one side of the split. Recordings that are not there are
// left out and counted.
func ReadGameMusic(labelsDir, audioDir string) (items []Item, missing int, err error) {
	beats, err := readGameBeats(filepath.Join(labelsDir, "beats.jsonl"))
	if err != nil {
		return nil, 0, err
	}
	name := filepath.Join(labelsDir, "labels.csv")
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("training data: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	column := map[string]int{}
	for i, h := range rows[0] {
		column[h] = i
	}
	for _, row := range rows[1:] {
		field := func(h string) string { return row[column[h]] }
		number := func(h string) float64 { v, _ := strconv.ParseFloat(field(h), 64); return v } // empty: not agreed on
		sum := field("sha256")
		audio := filepath.Join(audioDir, sum+filepath.Ext(field("path")))
		if _, err := os.Stat(audio); err != nil {
			missing++
			continue
		}
		it := Item{
			Audio: audio, StartS: number("start_s"), LengthS: number("length_s"),
			Source: GameMusic, Genre: field("package"), Piece: sum, Split: "train",
			TempoBPM: number("tempo_bpm"), TempoWeight: agreement(number("tempo_agreement"), number("tempo_voters")),
			KeyWeight:   agreement(number("key_agreement"), number("key_voters")),
			MeterWeight: 0.9 * number("beat_activation"), BeatWeight: number("beat_activation"),
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(sum))
		if h.Sum32()%validOneIn == 0 {
			it.Split = "valid"
		}
		if it.Key, err = optionalKey(field("key")); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		if m := field("meter"); m != "" {
			if it.Meter, err = schema.ParseMeter(m); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", name, err)
			}
		}
		if b, ok := beats[gameExcerpt{sum, it.StartS}]; ok && number("beats_agree") == 1 {
			it.Beats, it.Positions = b.Beats, b.Position
		}
		it.setWeights()
		items = append(items, it)
	}
	return items, missing, nil
}

// Where the other excerpts of a recording begin, how long they are, and how far
// from where a labelled one begins, in seconds.
var otherStarts = []float64{5, 65, 125, 185}

const (
	otherLength = 30
	otherApart  = 15
)

// OtherExcerpts are excerpts without a label, for teachers to hear, of the
// recordings that training items are of. Some begin after their recording's end.
func OtherExcerpts(items []Item) (others []Item) {
	starts, order := map[string][]float64{}, []Item{}
	for _, it := range items {
		if it.Split != "train" {
			continue
		}
		if starts[it.Piece] == nil {
			order = append(order, it)
		}
		starts[it.Piece] = append(starts[it.Piece], it.StartS)
	}
	for _, it := range order {
		for _, at := range otherStarts {
			near := func(start float64) bool { return math.Abs(at-start) < otherApart }
			if !slices.ContainsFunc(starts[it.Piece], near) {
				others = append(others, Item{
					Audio: it.Audio, StartS: at, LengthS: otherLength,
					Source: it.Source, Genre: it.Genre, Piece: it.Piece, Split: it.Split,
				})
			}
		}
	}
	return others
}

// agreement is how far to trust a label that so many of so many voters gave:
// all of them 1, two thirds about a third.
func agreement(votes, voters float64) float64 {
	if voters == 0 {
		return 0
	}
	share := votes / voters
	return share * share * share
}

func optionalKey(name string) (schema.Key, error) {
	if name == "" {
		return schema.UnknownKey, nil
	}
	return schema.ParseKey(name)
}

type gameExcerpt struct {
	sha256 string
	startS float64
}

type gameBeats struct {
	SHA256   string    `json:"sha256"`
	StartS   float64   `json:"start_s"`
	Beats    []float64 `json:"beats"`
	Position []int     `json:"position"`
}

func readGameBeats(name string) (map[gameExcerpt]gameBeats, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	defer f.Close()
	all := map[gameExcerpt]gameBeats{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var b gameBeats
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
		}
		all[gameExcerpt{b.SHA256, b.StartS}] = b
	}
	return all, lines.Err()
}
