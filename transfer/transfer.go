// Package transfer moves a catalogue from one store to another, as lines of
// JSON: every track with what each model version heard in it, what people said
// of it, and the vectors that others gave it.
//
// The first line is a header, then a line for each track, then how many there
// were, so that a file that was cut off is told from a whole one.
package transfer

import (
	"errors"
	"fmt"

	"earworm/schema"
)

// Format is that of the lines. A reader refuses what is newer.
const Format = 1

// Store is what is read and written of one.
type Store interface {
	schema.Tracks
	schema.Analyses
	schema.Labels
	schema.Versions
	schema.Vectors
}

// line is one of the three kinds: just one of its fields is set.
type line struct {
	Header *header `json:"export,omitempty"`
	Entry  *entry  `json:"entry,omitempty"`
	Total  *Total  `json:"total,omitempty"`
}

type header struct {
	Format  int            `json:"format"`
	Serving schema.Serving `json:"serving"`
}

// entry is all that is known of a track.
type entry struct {
	Track    schema.Track         `json:"track"`
	Analyses []schema.Analysis    `json:"analyses,omitempty"` // oldest first, with embeddings
	Labels   []schema.Label       `json:"labels,omitempty"`   // oldest first
	Vectors  map[string][]float32 `json:"vectors,omitempty"`  // by space, those of no model version
}

// Total counts what was moved.
type Total struct {
	Tracks   int `json:"tracks"`
	Analyses int `json:"analyses"`
	Labels   int `json:"labels"`
	Vectors  int `json:"vectors"` // of others
}

func (t *Total) add(e *entry) {
	t.Tracks++
	t.Analyses += len(e.Analyses)
	t.Labels += len(e.Labels)
	t.Vectors += len(e.Vectors)
}

// check names what no store may hold.
func (e *entry) check() error {
	id := e.Track.ID
	if id == "" || e.Track.Source == "" {
		return errors.New("a track has no track_id or no source")
	}
	switch status := e.Track.Status; {
	case status != schema.Pending && status != schema.Analysed && status != schema.Failed:
		return fmt.Errorf("track %s has the status %q; want pending, analysed or failed", id, status)
	case (status == schema.Failed) != (e.Track.Failure != nil):
		return fmt.Errorf("track %s is %s; want an error where it failed, and only there", id, status)
	}
	for _, a := range e.Analyses {
		if a.TrackID != id || a.ModelVersion == "" || a.AnalysedAt.IsZero() {
			return fmt.Errorf("an analysis of track %s wants its track_id, a model_version and analysed_at", id)
		}
		if _, err := a.Vector(); err != nil {
			return fmt.Errorf("track %s, model %s: %w", id, a.ModelVersion, err)
		}
	}
	for _, l := range e.Labels {
		if l.TrackID != id || l.At.IsZero() {
			return fmt.Errorf("a label of track %s wants its track_id and the time it was given, at", id)
		}
	}
	for space, v := range e.Vectors {
		if err := schema.CheckVector(v); err != nil {
			return fmt.Errorf("track %s, space %q: %w", id, space, err)
		}
	}
	return nil
}
