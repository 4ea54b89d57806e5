// Package watched tells how long each operation of a store takes and how it
// ends, whichever store it is: an operation may be several statements, tried
// again and again, and it is the whole of them that someone waits for.
package watched

import (
	"context"
	"iter"

	"earworm/schema"
)

// Begin is told that an operation begins, by its method's name in snake case.
// The context it returns is the operation's; end is called once, with the
// operation's error.
type Begin func(ctx context.Context, operation string) (_ context.Context, end func(error))

// Store is s, its operations told to begin. Of a walk, the time to its first
// row is told: after it, time is also the walker's.
func Store(s schema.Store, begin Begin) schema.Store { return &store{s, begin} }

type store struct {
	schema.Store
	begin Begin
}

// done runs an operation that returns nothing but an error.
func (s *store) done(ctx context.Context, operation string, do func(context.Context) error) error {
	ctx, end := s.begin(ctx, operation)
	err := do(ctx)
	end(err)
	return err
}

// got runs an operation that returns a value.
func got[T any](ctx context.Context, s *store, operation string, do func(context.Context) (T, error)) (T, error) {
	ctx, end := s.begin(ctx, operation)
	v, err := do(ctx)
	end(err)
	return v, err
}

// walked runs an operation that returns rows.
func walked[T any](ctx context.Context, s *store, operation string, do func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		_, end := s.begin(ctx, operation)
		first := true
		for row, err := range do(ctx) {
			if first {
				end(err)
				first = false
			}
			if !yield(row, err) {
				return
			}
		}
		if first {
			end(nil)
		}
	}
}

func (s *store) Scan(ctx context.Context, part int, after string) iter.Seq2[schema.Entry, error] {
	return walked(ctx, s, "scan", func(ctx context.Context) iter.Seq2[schema.Entry, error] { return s.Store.Scan(ctx, part, after) })
}
