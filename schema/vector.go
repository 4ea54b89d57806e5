package schema

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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

// CheckVector refuses a vector that no space may hold: ErrLength, ErrZero.
func CheckVector(v []float32) error {
	if len(v) < 1 || len(v) > MaxVector {
		return fmt.Errorf("it has %d values, want 1 to %d: %w", len(v), MaxVector, ErrLength)
	}
	n := norm(v)
	if n == 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return ErrZero
	}
	return nil
}

// Fits refuses a vector of another length than the space's: ErrLength.
func (s Space) Fits(v []float32) error {
	if len(v) != s.Length {
		return fmt.Errorf("it has %d values, space %s has %d: %w", len(v), s.Name, s.Length, ErrLength)
	}
	return nil
}

// MostNear is the longest list of neighbours that one query gives.
const MostNear = 1000

// Check names what is wrong with the query, whatever its space.
func (q Near) Check() error {
	if q.Limit < 1 || q.Limit > MostNear {
		return fmt.Errorf("limit is %d; want 1 to %d", q.Limit, MostNear)
	}
	return CheckVector(q.Vector)
}

func norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// CosineTo compares vectors of one length with v: 1 the same direction, -1 the opposite one.
func CosineTo(v []float32) func([]float32) float64 {
	length := norm(v)
	return func(w []float32) float64 {
		if len(w) != len(v) {
			panic("schema: vectors of two lengths")
		}
		var dot, square float32
		for i, x := range w {
			dot += x * v[i]
			square += x * x
		}
		if square == 0 {
			return 0
		}
		return float64(dot) / (length * math.Sqrt(float64(square)))
	}
}

// Nearest keeps the best of many neighbours.
type Nearest struct {
	limit int
	best  []Neighbour // sorted by closer
}

// NewNearest keeps as many as limit.
func NewNearest(limit int) *Nearest { return &Nearest{limit: limit} }

// closer is the order of neighbours: by falling similarity, then by name.
func closer(a, b Neighbour) int {
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.TrackID, b.TrackID))
}

// Add takes a neighbour in where it is among the best.
func (n *Nearest) Add(x Neighbour) {
	if len(n.best) == n.limit && closer(x, n.best[n.limit-1]) >= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(n.best, x, closer)
	n.best = slices.Insert(n.best, at, x)
	if len(n.best) > n.limit {
		n.best = n.best[:n.limit]
	}
}

// Ranked lists them, the nearest first.
func (n *Nearest) Ranked() []Neighbour { return n.best }
