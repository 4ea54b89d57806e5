package schema

import (
	"context"
	"errors"
	"time"
)

// ErrConflict is returned, wrapped, where someone else changed the same thing
// meanwhile; nothing was changed then.
var ErrConflict = errors.New("changed by someone else meanwhile")

// ErrServing is returned, wrapped, where the version that serves readers was to
// be deleted.
var ErrServing = errors.New("this model version serves readers")

// Serving says which model version readers are served by. The zero Serving is
// that of a catalogue in which nothing was analysed yet.
type Serving struct {
	ModelVersion string    `json:"model_version"`
	Previous     string    `json:"previous,omitempty"` // the one before, to go back to
	Revision     int       `json:"revision"`           // counts the promotions
	At           time.Time `json:"at,omitzero"`
	By           string    `json:"by,omitempty"`
}

// Versions keeps apart which model version serves readers and which others have
// been heard. A track's features are made from the serving version's analysis
// or, while it has none, from its newest; labels win over both.
//
// The first analysis of an empty catalogue promotes its own version.
type Versions interface {
	// Serving is the state as it stands.
	Serving(ctx context.Context) (Serving, error)

	// Promote makes version the one that serves, where the state is still
	// from: else ErrConflict. ErrNotFound where nothing was ever analysed by
	// it. Features follow as RefreshFeatures is called for each track: a
	// promotion that was stopped half-way is finished by doing so again.
	Promote(ctx context.Context, version, by string, from Serving) (Serving, error)

	// RefreshFeatures makes a track's features anew from what was heard and
	// said. ErrNotFound where it was never analysed.
	RefreshFeatures(ctx context.Context, id TrackID) error

	// ModelVersions lists, sorted, those that ever saved an analysis and were
	// not deleted since.
	ModelVersions(ctx context.Context) ([]string, error)

	// TrackAnalyses lists every version's analysis of a track, newest first,
	// without embeddings.
	TrackAnalyses(ctx context.Context, id TrackID) ([]Analysis, error)

	// DeleteAnalysis removes what one version heard in a track, its vector too.
	// Labels stay. ErrServing where that version serves.
	DeleteAnalysis(ctx context.Context, id TrackID, version string) error

	// ForgetVersion takes a version, whose analyses have been deleted, from
	// ModelVersions. ErrServing where it serves.
	ForgetVersion(ctx context.Context, version string) error
}
