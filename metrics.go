package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"earworm/queue"
	"earworm/schema"
)

// metrics count what the workers of this process do, and look into the queue
// whenever they are asked for.
type metrics struct {
	registry *prometheus.Registry
	jobs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(q *queue.Queue) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earworm_jobs_total",
			Help: "Jobs that ended here, by lane and outcome: done, retry, cancelled or a failure's code.",
		}, []string{"lane", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earworm_job_seconds",
			Help:    "Time that jobs took here, from start to end, by lane.",
			Buckets: prometheus.ExponentialBuckets(0.05, 2, 13), // 50 ms to 3.4 minutes
		}, []string{"lane"}),
	}
	m.registry.MustRegister(m.jobs, m.seconds, laneCollector{q},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

// measured counts and times what a handler does.
func (m *metrics) measured(handle queue.Handler) queue.Handler {
	return func(ctx context.Context, d queue.Delivery) error {
		began := time.Now()
		err := handle(ctx, d)
		m.seconds.WithLabelValues(string(d.Lane)).Observe(time.Since(began).Seconds())
		m.jobs.WithLabelValues(string(d.Lane), outcome(ctx, err)).Inc()
		return err
	}
}

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

// laneCollector reads the queue's state at each scrape.
type laneCollector struct{ queue *queue.Queue }

var laneJobs = prometheus.NewDesc("earworm_queue_jobs", "Jobs in the queue, by lane and state.", []string{"lane", "state"}, nil)

func (laneCollector) Describe(ch chan<- *prometheus.Desc) { ch <- laneJobs }

func (c laneCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	status, err := c.queue.Status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(laneJobs, err)
		return
	}
	for _, l := range status.Lanes {
		for state, n := range map[string]int{"waiting": l.Waiting, "active": l.Active, "retrying": l.Retrying, "dead": l.Dead} {
			ch <- prometheus.MustNewConstMetric(laneJobs, prometheus.GaugeValue, float64(n), string(l.Lane), state)
		}
	}
}
