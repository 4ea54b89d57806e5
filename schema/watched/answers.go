package watched

import (
	"context"
	"time"

	"earworm/schema"
)

func (s *store) ClaimAnswer(ctx context.Context, key, request string, now time.Time) (a schema.Answer, claimed bool, err error) {
	err = s.done(ctx, "claim_answer", func(ctx context.Context) error {
		a, claimed, err = s.Store.ClaimAnswer(ctx, key, request, now)
		return err
	})
	return a, claimed, err
}

func (s *store) SaveAnswer(ctx context.Context, key string, a schema.Answer, now time.Time) error {
	return s.done(ctx, "save_answer", func(ctx context.Context) error { return s.Store.SaveAnswer(ctx, key, a, now) })
}

func (s *store) DropAnswer(ctx context.Context, key string) error {
	return s.done(ctx, "drop_answer", func(ctx context.Context) error { return s.Store.DropAnswer(ctx, key) })
}
