package schema

import (
	"context"
	"errors"
)

// MaxVector is the longest vector that a space may have.
const MaxVector = 1024

// ErrLength is returned, wrapped, for a vector of another length than its
// space has, or that no space may have.
var ErrLength = errors.New("vector has the wrong length")

// ErrZero is returned, wrapped, for a vector that is all zero or holds what is
// not a number: it points nowhere.
var ErrZero = errors.New("vector is all zero or not finite")

// Space is a set of vectors that can be compared with one another. A model
// version's embeddings are the space named after it; other services publish
// theirs under names of their own.
type Space struct {
	Name   string `json:"name"`
	Length int    `json:"length"`          // values in a vector, 1 to MaxVector
	Model  bool   `json:"model,omitempty"` // of a model version, not to be written from outside
}

// Neighbour is a track near a vector.
type Neighbour struct {
	TrackID    TrackID `json:"track_id"`
	Similarity float64 `json:"similarity"` // cosine, -1 to 1
}

// Near asks for the tracks nearest to a vector.
type Near struct {
	Space  string
	Vector []float32
	Limit  int // 1 to 1,000
	Filter Filter
	// Anyone of these tempo ranges will do, beside Filter's own; none: any tempo.
	Tempi [][2]float64
	Keys  []Key // any of these; none: any key
}

// Vectors keeps what similarity is reckoned from. One query keeps to one space.
type Vectors interface {
	// Spaces lists them by name.
	Spaces(ctx context.Context) ([]Space, error)

	// PutVector keeps a track's vector in a space, which the first vector
	// makes: later ones must be as long, else ErrLength. ErrZero, and
	// ErrNotFound where the track was never added. A model's
	// space is not to be written from outside: ErrConflict.
	PutVector(ctx context.Context, id TrackID, space string, v []float32) error

	// TrackVector is a track's vector in a space; ErrNotFound where there is none.
	TrackVector(ctx context.Context, id TrackID, space string) ([]float32, error)

	// Nearest lists tracks by falling cosine; those without features do not
	// pass a filter. ErrNotFound where the space does not exist, ErrLength, ErrZero.
	Nearest(ctx context.Context, q Near) ([]Neighbour, error)
}
