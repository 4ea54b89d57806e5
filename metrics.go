package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"earworm/queue"
	"earworm/schema"
)

// metrics count what this process does, and look into the queue whenever they
// are asked for. Labels have few values: never a track, a source or a message.
type metrics struct {
	registry *prometheus.Registry
	info     *prometheus.GaugeVec
	jobs     *prometheus.CounterVec
	running  *prometheus.GaugeVec
	seconds  *prometheus.HistogramVec
	stages   *prometheus.HistogramVec
	store    *prometheus.HistogramVec
	enqueued *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "earworm_info",
			Help: "1, for the program and the model version that this process works with.",
		}, []string{"version", "model_version", "store"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earworm_jobs_total",
			Help: "Jobs that ended here, by lane and outcome: done, retry, cancelled or a failure's code.",
		}, []string{"lane", "outcome"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "earworm_jobs_running",
			Help: "Jobs that run here now, by lane.",
		}, []string{"lane"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earworm_job_seconds",
			Help:    "Time that jobs took here, from start to end, by lane.",
			Buckets: prometheus.ExponentialBuckets(0.05, 2, 13), // 50 ms to 3.4 minutes
		}, []string{"lane"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earworm_stage_seconds",
			Help:    "Time that stages of jobs took where they went well: fetch, hear (of which decode, listen and network) and save.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 16), // 2 ms to 65 s
		}, []string{"stage"}),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earworm_store_seconds",
			Help:    "Time that the store took, by operation and result: ok, error or cancelled. Of walks, the time to their first row.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15), // 0.5 ms to 8 s
		}, []string{"operation", "result"}),
		enqueued: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earworm_enqueue_seconds",
			Help:    "Time that putting a job into the queue took, by lane and result: ok, error or cancelled.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 13), // 0.5 ms to 2 s
		}, []string{"lane", "result"}),
	}
	m.registry.MustRegister(
		m.info, m.jobs, m.running, m.seconds, m.stages, m.store, m.enqueued,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, lane := range queue.Lanes() { // so that a graph shows 0 and not a gap
		m.running.WithLabelValues(string(lane))
		m.jobs.WithLabelValues(string(lane), "done")
	}
	return m
}

// follow adds what stands in a queue.
func (m *metrics) follow(q status, log *slog.Logger) {
	m.registry.MustRegister(laneCollector{q, log})
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

// outcome names how a job ended.
func outcome(ctx context.Context, err error) string {
	var failure *schema.Failure
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &failure):
		return string(failure.Code)
	case ctx.Err() != nil:
		return "cancelled"
	}
	return "retry"
}

// answers are errors by which a store answers; it is well.
var answers = []error{
	schema.ErrNotFound, schema.ErrConflict, schema.ErrServing, schema.ErrLength, schema.ErrZero, schema.ErrCursor,
}

// resultOf tells a fault from an answer, and from a caller who gave up.
func resultOf(err error) string {
	switch {
	case err == nil, slices.ContainsFunc(answers, func(a error) bool { return errors.Is(err, a) }):
		return "ok"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "error"
}

// status is what a queue says of itself; *queue.Queue is one that does.
type status interface {
	Status(ctx context.Context) (queue.Status, error)
}

// laneCollector reads the queue's state at each scrape.
type laneCollector struct {
	queue status
	log   *slog.Logger
}

var (
	laneUp      = prometheus.NewDesc("earworm_queue_up", "Whether the queue answered this scrape: 1 or 0.", nil, nil)
	laneWorkers = prometheus.NewDesc("earworm_queue_workers", "Processes that take jobs from the queue.", nil, nil)
	laneJobs    = prometheus.NewDesc("earworm_queue_jobs", "Jobs in the queue, by lane and state.", []string{"lane", "state"}, nil)
	laneOldest  = prometheus.NewDesc("earworm_queue_oldest_seconds", "How long the oldest job that waits has waited, by lane; 0 where none does.", []string{"lane"}, nil)
)

func (laneCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{laneUp, laneWorkers, laneJobs, laneOldest} {
		ch <- desc
	}
}

// Collect leaves the lanes out where the queue does not answer, and the other
// metrics as they are: they are wanted most of all then.
func (c laneCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	s, err := c.queue.Status(ctx)
	if err != nil {
		c.log.WarnContext(ctx, "metrics lack the queue", "error", err)
		gauge(laneUp, 0)
		return
	}
	gauge(laneUp, 1)
	gauge(laneWorkers, float64(s.Workers))
	for _, l := range s.Lanes {
		for state, n := range map[string]int{"waiting": l.Waiting, "active": l.Active, "retrying": l.Retrying, "dead": l.Dead} {
			gauge(laneJobs, float64(n), string(l.Lane), state)
		}
		gauge(laneOldest, l.OldestWaitingS, string(l.Lane))
	}
}
