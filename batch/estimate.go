package batch

import (
	"context"
	"errors"

	"earworm/schema"
)

// Estimate is what an order would be, as the catalogue stands.
type Estimate struct {
	Tracks int     `json:"tracks"`
	SoundS float64 `json:"sound_s"` // how long they are; those of unknown length as the others on average
	// WorkS is how long one worker slot would be at it, by what analyses of
	// these tracks cost before; nil where none was analysed.
	WorkS *float64 `json:"work_s"`
	Slots int      `json:"slots"` // that workers have now
	// TakesS is how long it would take them, at the order's rate; nil where
	// WorkS is, or where there is no worker.
	TakesS *float64 `json:"takes_s"`
}

// sampled tells of which of the tracks, counted from 0, the cost is read: a
// hundred, and one in a thousand.
func sampled(n int) bool { return n < 100 || n%1000 == 0 }

// Estimate counts what an order would be. It reads the catalogue, or the part
// of it that the order names, and changes nothing.
func (s *Service) Estimate(ctx context.Context, o Order) (Estimate, error) {
	o, err := s.check(ctx, o)
	if err != nil {
		return Estimate{}, err
	}
	var e Estimate
	lengths, heardS, costS := 0, 0.0, 0.0
	scan := scanner(s.Store, o.Selector)
	for part := range scan.Parts() {
		for entry, err := range scan.Scan(ctx, part, "") {
			if err != nil {
				return e, err
			}
			wanted, err := wants(ctx, s.Store, o.Selector, entry, s.ModelVersion)
			if err != nil {
				return e, err
			}
			if !wanted {
				continue
			}
			if entry.DurationS > 0 {
				e.SoundS += entry.DurationS
				lengths++
			}
			if entry.Features != nil && sampled(e.Tracks) {
				heard, cost, err := s.cost(ctx, entry.ID)
				if err != nil {
					return e, err
				}
				heardS, costS = heardS+heard, costS+cost
			}
			e.Tracks++
		}
	}
	if lengths > 0 {
		e.SoundS *= float64(e.Tracks) / float64(lengths)
	}
	status, err := s.Queue.Status(ctx)
	e.Slots = status.Slots
	if heardS > 0 {
		e.time(costS/heardS, o.Rate)
	}
	return e, err
}

// cost is how long a track's newest analysis took, and how much sound it heard.
func (s *Service) cost(ctx context.Context, id schema.TrackID) (heardS, costS float64, err error) {
	a, err := s.Store.Analysis(ctx, id, "")
	if errors.Is(err, schema.ErrNotFound) {
		return 0, 0, nil // deleted meanwhile
	}
	return a.DurationS, (a.Cost.DecodeMS + a.Cost.ListenMS + a.Cost.NetworkMS) / 1000, err
}

// time fills in how long it takes, at a cost for each second of sound.
func (e *Estimate) time(cost, rate float64) {
	work := cost * e.SoundS
	e.WorkS = &work
	if e.Slots == 0 {
		return
	}
	takes := work / float64(e.Slots)
	if rate > 0 {
		takes = max(takes, float64(e.Tracks)/rate)
	}
	e.TakesS = &takes
}
