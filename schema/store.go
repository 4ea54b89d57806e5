package schema

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// ErrNotFound is returned, wrapped, where a store holds no such row.
var ErrNotFound = errors.New("not found")

// Tracks keeps the catalogue.
type Tracks interface {
	// AddTrack registers a track as pending. A track already there keeps its
	// state, and added is false; only empty tags are filled in.
	AddTrack(ctx context.Context, t Track) (added bool, err error)

	// Track returns ErrNotFound where there is none.
	Track(ctx context.Context, id TrackID) (Track, error)

	// AllTracks walks the whole catalogue, in no order, without holding it in
	// memory. It stops at the first error, which it yields.
	AllTracks(ctx context.Context) iter.Seq2[Track, error]
}

// Analyses keeps what models heard.
type Analyses interface {
	// SaveAnalysis writes the analysis, the effective features and the vector,
	// and marks the track analysed. Saving twice is saving once; an earlier
	// version's analysis stays. The track must have been added: ErrNotFound.
	SaveAnalysis(ctx context.Context, a Analysis) error

	// SaveFailure marks the track failed. Analyses and features that are
	// already there stay. The track must have been added: ErrNotFound.
	SaveFailure(ctx context.Context, id TrackID, modelVersion string, f Failure) error

	// Analysis returns one version's, or with an empty version the newest by
	// AnalysedAt. ErrNotFound where there is none.
	Analysis(ctx context.Context, id TrackID, modelVersion string) (Analysis, error)

	// Features returns the values that count. ErrNotFound where the track was
	// never analysed.
	Features(ctx context.Context, id TrackID) (Features, error)

	// FindFeatures walks the features that fit the filter, in no order.
	FindFeatures(ctx context.Context, f Filter) iter.Seq2[Features, error]
}

// Labels keeps what people say. Nothing that a model does touches a label.
type Labels interface {
	// AddLabel appends a label and brings the features up to date.
	// The track must have been added: ErrNotFound.
	AddLabel(ctx context.Context, l Label) error

	// TrackLabels lists a track's labels, oldest first.
	TrackLabels(ctx context.Context, id TrackID) ([]Label, error)
}

// Store is everything that is kept. schema/storetest states its laws as tests,
// which every implementation passes. Times are kept to the millisecond, in UTC.
type Store interface {
	Tracks
	Analyses
	Labels
	Versions
	Batches
	Scanner
	Vectors
	Review
	Answers

	// Counts sums up the catalogue.
	Counts(ctx context.Context) (Counts, error)

	// Ping reports whether the store answers.
	Ping(ctx context.Context) error

	Close() error
}

// Filter narrows features. Zero fields do not filter; all that are set must hold.
type Filter struct {
	MinTempo, MaxTempo float64 // BPM, both inclusive
	Key                Key
	Meter              Meter
	ModelVersion       string
	MaxTempoConfidence float64 // inclusive, as are the next two
	MaxKeyConfidence   float64
	MaxMeterConfidence float64
}

// Vector is the embedding as similarity search can use it: EmbeddingSize
// values that are not all zero. It is nil where a has none such; a length other
// than EmbeddingSize is an error.
func (a Analysis) Vector() ([]float32, error) {
	if n := len(a.Embedding); n != 0 && n != EmbeddingSize {
		return nil, fmt.Errorf("embedding has %d values; want %d or none", n, EmbeddingSize)
	}
	for _, x := range a.Embedding {
		if x != 0 {
			return a.Embedding, nil
		}
	}
	return nil, nil
}

// Counts sums up the catalogue by status, and its failures by code.
type Counts struct {
	Tracks   int            `json:"tracks"`
	Pending  int            `json:"pending"`
	Analysed int            `json:"analysed"`
	Failed   int            `json:"failed"`
	Failures map[Code]int   `json:"failures"`
	Versions map[string]int `json:"versions"` // analysed tracks by model version
}

// Add counts one more track.
func (c *Counts) Add(t Track) {
	c.Tracks++
	switch t.Status {
	case Pending:
		c.Pending++
	case Analysed:
		c.Analysed++
		c.Versions[t.ModelVersion]++
	case Failed:
		c.Failed++
		if t.Failure != nil {
			c.Failures[t.Failure.Code]++
		}
	}
}
