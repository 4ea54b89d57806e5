package main

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"earworm/queue"
	"earworm/schema"
)

// watch is told by queue, worker and store what they do, and makes metrics and
// traces of it. They know of neither.
type watch struct {
	*metrics
	tracer trace.Tracer
	begun  sync.Map // *queue.Delivery -> time.Time, of the jobs that run
}

// operation is a schema/watched.Begin.
func (w *watch) operation(ctx context.Context, name string) (context.Context, func(error)) {
	began := time.Now()
	ctx, span := w.tracer.Start(ctx, "store "+name, trace.WithSpanKind(trace.SpanKindClient))
	return ctx, func(err error) {
		r := resultOf(err)
		w.store.WithLabelValues(name, r).Observe(time.Since(began).Seconds())
		end(span, err, r == "error")
	}
}

// stage is a worker.Watch's Begin.
func (w *watch) stage(ctx context.Context, name string) (context.Context, func(error)) {
	began := time.Now()
	ctx, span := w.tracer.Start(ctx, name)
	return ctx, func(err error) {
		if err == nil {
			w.stages.WithLabelValues(name).Observe(time.Since(began).Seconds())
		}
		end(span, err, err != nil)
	}
}

// heard is a worker.Watch's Heard.
func (w *watch) heard(ctx context.Context, cost schema.Cost) {
	span := trace.SpanFromContext(ctx)
	for stage, ms := range map[string]float64{"decode": cost.DecodeMS, "listen": cost.ListenMS, "network": cost.NetworkMS} {
		w.stages.WithLabelValues(stage).Observe(ms / 1000)
		span.SetAttributes(attribute.Float64("earworm."+stage+"_ms", ms))
	}
}

// sending is a queue.Config's Sending: the job carries the trace of whoever
// enqueues it, so that its analysis is part of that, wherever it is made.
func (w *watch) sending(ctx context.Context, j queue.Job) (string, func(error)) {
	began := time.Now()
	ctx, span := w.tracer.Start(ctx, "enqueue", trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(jobAttributes(j)...))
	carried := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carried)
	return carried["traceparent"], func(err error) {
		r := resultOf(err)
		w.enqueued.WithLabelValues(string(j.Lane), r).Observe(time.Since(began).Seconds())
		end(span, err, r == "error")
	}
}

// job counts, times and traces what a handler does.
func (w *watch) job(handle queue.Handler) queue.Handler {
	return func(ctx context.Context, d queue.Delivery) error {
		began, lane := time.Now(), string(d.Lane)
		w.begun.Store(&d, began)
		w.running.WithLabelValues(lane).Inc()
		defer func() { // of a panic, too
			w.running.WithLabelValues(lane).Dec()
			w.begun.Delete(&d)
		}()
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": d.Trace})
		ctx, span := w.tracer.Start(ctx, "job", trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(append(jobAttributes(d.Job), attribute.Int("earworm.attempt", d.Attempt))...))
		err := handle(ctx, d)
		ended := outcome(ctx, err)
		span.SetAttributes(attribute.String("earworm.outcome", ended))
		end(span, err, err != nil)
		w.seconds.WithLabelValues(lane).Observe(time.Since(began).Seconds())
		w.jobs.WithLabelValues(lane, ended).Inc()
		return err
	}
}

// longest is how long the oldest of the jobs that run has run.
func (w *watch) longest(now time.Time) (d time.Duration) {
	w.begun.Range(func(_, began any) bool {
		d = max(d, now.Sub(began.(time.Time)))
		return true
	})
	return d
}

func jobAttributes(j queue.Job) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "asynq"),
		attribute.String("messaging.destination.name", string(j.Lane)),
		attribute.String("messaging.message.id", j.ID()),
		attribute.String("earworm.track_id", string(j.TrackID)),
	}
}

// end closes a span, as one that failed where it did.
func end(span trace.Span, err error, failed bool) {
	if failed {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
