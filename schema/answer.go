package schema

import (
	"context"
	"time"
)

// AnswersKept is how long the answer to a write is kept, and ClaimKept how long
// a write may be at work on its answer before someone else may do it.
const (
	AnswersKept = 24 * time.Hour
	ClaimKept   = time.Minute
)

// Answer is what a write that named itself by a key was answered, so that the
// same write, sent again, is not done again.
type Answer struct {
	Request string // what tells the same write from another: a digest of it
	Status  int    // of HTTP; 0: it is still at work
	Kind    string // media type of Body
	Body    []byte
}

// Answers keeps the answers to writes.
type Answers interface {
	// ClaimAnswer makes the key the caller's, who is to do the write and then
	// to save or to drop its answer: claimed is true. Otherwise it returns what
	// is kept under the key. Of several at once one has it.
	ClaimAnswer(ctx context.Context, key, request string, now time.Time) (a Answer, claimed bool, err error)

	// SaveAnswer keeps the answer of a key that was claimed, for AnswersKept.
	SaveAnswer(ctx context.Context, key string, a Answer, now time.Time) error

	// DropAnswer gives a claimed key back. Twice is once.
	DropAnswer(ctx context.Context, key string) error
}
