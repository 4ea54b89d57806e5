package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/batch"
	"earworm/problem"
	"earworm/schema"
	"earworm/selector"
)

// Batches makes batches and changes their state; *batch.Service is one. It
// returns a *batch.Refusal for what cannot be, and schema.ErrNotFound.
type Batches interface {
	Create(ctx context.Context, o batch.Order, now time.Time) (schema.Batch, error)
	Estimate(ctx context.Context, o batch.Order) (batch.Estimate, error)
	Status(ctx context.Context, id string, now time.Time) (batch.Status, error)
	List(ctx context.Context, now time.Time) ([]batch.Status, error)
	Pause(ctx context.Context, id string) (schema.Batch, error)
	Resume(ctx context.Context, id string) (schema.Batch, error)
	Cancel(ctx context.Context, id string) (schema.Batch, error)
}

// BatchOrder asks for a batch.
type BatchOrder struct {
	Selector BatchSelector `json:"selector,omitzero" doc:"Which tracks. Without it: those that the present model version has not tried."`
	Force    bool          `json:"force,omitempty" doc:"Even what this model version heard before."`
	Rate     float64       `json:"rate,omitempty" minimum:"0" doc:"Tracks a second at most; 0: no limit."`
	DryRun   bool          `json:"dry_run,omitempty" doc:"Only count and estimate; nothing is made."`
}

// BatchSelector names tracks; all that is set must hold.
type BatchSelector struct {
	All          bool             `json:"all,omitempty" doc:"Every track."`
	Stale        bool             `json:"stale,omitempty" doc:"Not yet tried by the present model version."`
	ModelVersion string           `json:"model_version,omitempty" doc:"Whose features come from this version."`
	Failed       schema.Code      `json:"failed,omitempty" doc:"That failed with this code."`
	Where        string           `json:"where,omitempty" maxLength:"2000" doc:"A condition on features." example:"tempo.confidence < 0.5 and meter = 3"`
	IDs          []schema.TrackID `json:"ids,omitempty" maxItems:"10000"`
}

func (b BatchSelector) selector() (selector.Selector, error) {
	where, err := selector.ParseCondition(b.Where)
	if b.Where == "" {
		where, err = selector.Condition{}, nil
	}
	if err != nil {
		return selector.Selector{}, badRequest("%s", err)
	}
	named := selector.Selector{Stale: b.Stale, ModelVersion: b.ModelVersion, Failed: b.Failed, Where: where, IDs: b.IDs}
	narrowed := b.Stale || b.ModelVersion != "" || b.Failed != "" || b.Where != "" || len(b.IDs) > 0
	if b.All && narrowed {
		return named, badRequest("selector is all and more; want all alone, or what narrows it")
	}
	named.Stale = named.Stale || !narrowed && !b.All
	return named, nil
}

// BatchList is every batch there was.
type BatchList struct {
	Batches []batch.Status `json:"batches"`
}

// BatchPath is the part of an address that names a batch.
type BatchPath struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,128}$" patternDescription:"1 to 128 letters, digits and - _ . :" doc:"The batch's identifier."`
}

type batchMade struct {
	Status int
	Body   BatchMade
}

// BatchMade is a new batch or, of a dry run, what it would be.
type BatchMade struct {
	Batch    *batch.Status   `json:"batch,omitempty"`
	Estimate *batch.Estimate `json:"estimate,omitempty"`
}

func (s server) batches() {
	operation(s, huma.Operation{
		OperationID: "create-batch", Method: http.MethodPost, Path: "/v1/batches", Tags: []string{"batches"},
		Summary: "Have the catalogue, or a part of it, analysed again by the present model version.", DefaultStatus: http.StatusCreated,
	}, auth.Admin, s.createBatch)
	operation(s, huma.Operation{
		OperationID: "list-batches", Method: http.MethodGet, Path: "/v1/batches", Tags: []string{"batches"},
		Summary: "Every batch, the newest first.",
	}, auth.Read, func(ctx context.Context, _ *struct{}) (*body[BatchList], error) {
		all, err := s.Batches.List(ctx, time.Now())
		if all == nil {
			all = []batch.Status{}
		}
		return &body[BatchList]{BatchList{all}}, err
	})
	operation(s, huma.Operation{
		OperationID: "get-batch", Method: http.MethodGet, Path: "/v1/batches/{id}", Tags: []string{"batches"},
		Summary: "How far a batch is.",
	}, auth.Read, func(ctx context.Context, in *BatchPath) (*body[batch.Status], error) {
		status, err := s.Batches.Status(ctx, in.ID, time.Now())
		return &body[batch.Status]{status}, err
	})
	for _, change := range []struct {
		action, summary string
		do              func(context.Context, string) (schema.Batch, error)
	}{
		{"pause", "Stop a batch until it is resumed.", s.Batches.Pause},
		{"resume", "Go on with a paused batch.", s.Batches.Resume},
		{"cancel", "End a batch for good.", s.Batches.Cancel},
	} {
		operation(s, huma.Operation{
			OperationID: change.action + "-batch", Method: http.MethodPost, Path: "/v1/batches/{id}/" + change.action, Tags: []string{"batches"},
			Summary: change.summary,
		}, auth.Admin, func(ctx context.Context, in *BatchPath) (*body[batch.Status], error) {
			if _, err := change.do(ctx, in.ID); err != nil {
				return nil, batchProblem(err)
			}
			status, err := s.Batches.Status(ctx, in.ID, time.Now())
			return &body[batch.Status]{status}, err
		})
	}
}

func (s server) createBatch(ctx context.Context, in *body[BatchOrder]) (*batchMade, error) {
	named, err := in.Body.Selector.selector()
	if err != nil {
		return nil, err
	}
	order := batch.Order{Selector: named, Force: in.Body.Force, Rate: in.Body.Rate, By: auth.Who(ctx).Name}
	if in.Body.DryRun {
		estimate, err := s.Batches.Estimate(ctx, order)
		return &batchMade{http.StatusOK, BatchMade{Estimate: &estimate}}, batchProblem(err)
	}
	now := time.Now()
	made, err := s.Batches.Create(ctx, order, now)
	if err != nil {
		return nil, batchProblem(err)
	}
	status, err := s.Batches.Status(ctx, made.ID, now)
	return &batchMade{http.StatusCreated, BatchMade{Batch: &status}}, err
}

// batchProblem makes a problem of a *batch.Refusal, and leaves other errors alone.
func batchProblem(err error) error {
	refusal, ok := errors.AsType[*batch.Refusal](err)
	switch {
	case !ok:
		return err
	case refusal.Conflict:
		return problem.New(http.StatusConflict, "conflict", "%s", refusal)
	}
	return badRequest("%s", refusal)
}
