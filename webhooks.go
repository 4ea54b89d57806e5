package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"earworm/queue"
	"earworm/schema"
	"earworm/webhook"
)

// webhookSettings say who may be told that a track has been dealt with.
type webhookSettings struct{ config webhook.Config }

func (c *webhookSettings) flags(s *settings) {
	s.list(&c.config.Hosts, "webhook-hosts", "`hosts` that may be told of tracks that ended, with commas between, such as api.example.org or *.example.org (default: none)")
	s.secret(&c.config.Secret, "webhook-secret", "`secret` that signs webhooks, 24 to 64 bytes in base64; rather in EARWORM_WEBHOOK_SECRET")
	s.BoolVar(&c.config.Private, "webhook-private", false, "let these hosts have private addresses, such as 10.0.0.7")
	s.setting("webhook-private")
}

// sender is nil where nobody may be told.
func (c *webhookSettings) sender() (*webhook.Sender, error) {
	if len(c.config.Hosts) == 0 {
		return nil, nil //nolint:nilnil // as the comment says
	}
	sender, err := webhook.New(c.config)
	if err != nil {
		return nil, usageError{err}
	}
	return sender, nil
}

// tell sends a webhook of a track as it stands now.
func (f *fleet) tell(ctx context.Context, w queue.Webhook) error {
	track, err := f.store.Track(ctx, w.TrackID)
	if errors.Is(err, schema.ErrNotFound) {
		return schema.Fail(schema.NotFound, "track %s is no longer in the catalogue", w.TrackID)
	}
	if err != nil {
		return fmt.Errorf("webhook of track %s: %w", w.TrackID, err)
	}
	var heard *schema.Features
	switch features, err := f.store.Features(ctx, w.TrackID); {
	case err == nil:
		heard = &features
	case !errors.Is(err, schema.ErrNotFound):
		return fmt.Errorf("webhook of track %s: %w", w.TrackID, err)
	}
	now := time.Now()
	err = f.webhooks.Send(ctx, w.ID, w.URL, webhook.EventOf(track, heard, now), now)
	if err != nil {
		f.log.WarnContext(ctx, "webhook not delivered", "track_id", w.TrackID, "webhook_id", w.ID, "error", err)
	}
	return err
}
