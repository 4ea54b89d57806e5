package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/trace/noop"

	"earworm/queue"
	"earworm/schema"
)

// saying is a queue that always says the same.
type saying func() (queue.Status, error)

func (s saying) Status(context.Context) (queue.Status, error) { return s() }

func busy() (queue.Status, error) {
	return queue.Status{Workers: 2, Lanes: []queue.LaneStatus{
		{Lane: queue.Ingest, Waiting: 3, OldestWaitingS: 7.5},
		{Lane: queue.Reprocess, Active: 1, Dead: 4},
	}}, nil
}

// gathered has every metric that a process can show, after one of each event.
func gathered(t *testing.T, q saying) map[string]*dto.MetricFamily {
	t.Helper()
	w := &watch{metrics: newMetrics(), tracer: noop.NewTracerProvider().Tracer("")}
	w.follow(q, slog.New(slog.DiscardHandler))
	w.info.WithLabelValues("v", "m", "sqlite").Set(1)
	_, end := w.operation(t.Context(), "track")
	end(errors.New("away"))
	_, end = w.operation(t.Context(), "features")
	end(schema.ErrNotFound)
	_, end = w.stage(t.Context(), "fetch")
	end(nil)
	w.heard(t.Context(), schema.Cost{DecodeMS: 1})
	_, end = w.sending(t.Context(), queue.Job{Lane: queue.Ingest})
	end(nil)
	d := queue.Delivery{Job: queue.Job{TrackID: "a", Lane: queue.Ingest}}
	for _, err := range []error{nil, schema.Fail(schema.Silent, "no sound"), errors.New("away")} {
		if got := w.job(func(context.Context, queue.Delivery) error { return err })(t.Context(), d); !errors.Is(got, err) {
			t.Errorf("a job that ends with %v is passed on as %v", err, got)
		}
	}
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*dto.MetricFamily{}
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName
}

// sample is that of the one metric with these labels, given as name=value.
func sample(t *testing.T, f *dto.MetricFamily, labels ...string) float64 {
	t.Helper()
	for _, m := range f.GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(has, labels) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	t.Errorf("%s has no metric with %v: %v", f.GetName(), labels, f.GetMetric())
	return 0
}

func TestMetricsSayWhatHappened(t *testing.T) {
	t.Parallel()
	seen := gathered(t, busy)
	for _, want := range []struct {
		name   string
		value  float64
		labels []string
	}{
		{"earworm_jobs_total", 1, []string{"lane=ingest", "outcome=done"}},
		{"earworm_jobs_total", 1, []string{"lane=ingest", "outcome=silent"}},
		{"earworm_jobs_total", 1, []string{"lane=ingest", "outcome=retry"}},
		{"earworm_jobs_running", 0, []string{"lane=ingest"}},
		{"earworm_job_seconds", 3, []string{"lane=ingest"}},
		{"earworm_store_seconds", 1, []string{"operation=track", "result=error"}},
		{"earworm_store_seconds", 1, []string{"operation=features", "result=ok"}},
		{"earworm_stage_seconds", 1, []string{"stage=decode"}},
		{"earworm_enqueue_seconds", 1, []string{"lane=ingest", "result=ok"}},
		{"earworm_queue_jobs", 3, []string{"lane=ingest", "state=waiting"}},
		{"earworm_queue_jobs", 4, []string{"lane=reprocess", "state=dead"}},
		{"earworm_queue_oldest_seconds", 7.5, []string{"lane=ingest"}},
		{"earworm_queue_workers", 2, nil},
		{"earworm_queue_up", 1, nil},
	} {
		if got := sample(t, seen[want.name], want.labels...); got != want.value {
			t.Errorf("%s%v is %v; want %v", want.name, want.labels, got, want.value)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(slices.Collect(maps.Values(seen))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}

// While Redis is away the other metrics are wanted most.
func TestMetricsWithoutAQueue(t *testing.T) {
	t.Parallel()
	seen := gathered(t, func() (queue.Status, error) { return queue.Status{}, errors.New("connection refused") })
	if up := sample(t, seen["earworm_queue_up"]); up != 0 || seen["earworm_jobs_total"] == nil || seen["earworm_queue_jobs"] != nil {
		t.Errorf("queue up %v, jobs %v, lanes %v; want 0, the jobs, no lanes", up, seen["earworm_jobs_total"], seen["earworm_queue_jobs"])
	}
}

var (
	seriesSelector = regexp.MustCompile(`\b((?:earworm|process|go)_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher        = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	grouping       = regexp.MustCompile(`by \(([^)]*)\)`)
)

// TestDashboardAsksForWhatIsThere: each name and label in the dashboard and
// the alerts is one that a process shows; and each metric of ours is shown.
func TestDashboardAsksForWhatIsThere(t *testing.T) {
	t.Parallel()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	raw, err := os.ReadFile(filepath.Join("deploy", "grafana", "earworm.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	expressions := map[string]string{}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			expressions[p.Title+": "+target.Expr] = target.Expr
		}
	}
	rules, err := os.ReadFile(filepath.Join("deploy", "prometheus", "earworm.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(expressions) < 15 || !strings.Contains(string(rules), "expr:") {
		t.Fatalf("%d expressions in the dashboard and none in the rules; want more", len(expressions))
	}
	seen, asked := gathered(t, busy), map[string]bool{}
	for where, expression := range expressions {
		for _, name := range checkExpression(t, where, expression, seen) {
			asked[name] = true
		}
	}
	checkExpression(t, "rules", string(rules), seen)
	for name := range seen {
		if strings.HasPrefix(name, "earworm_") && !asked[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// checkExpression reports what is not there, and returns the metrics named.
func checkExpression(t *testing.T, where, expression string, seen map[string]*dto.MetricFamily) (names []string) {
	t.Helper()
	labels := map[string]bool{"job": true, "instance": true, "le": true} // Prometheus's own
	for _, found := range seriesSelector.FindAllStringSubmatch(expression, -1) {
		name := found[1]
		f := seen[name]
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if whole, is := strings.CutSuffix(name, part); is && seen[whole].GetType() == dto.MetricType_HISTOGRAM {
				name, f = whole, seen[whole]
			}
		}
		if f == nil {
			t.Errorf("%s: no process shows %s", where, found[1])
			continue
		}
		names = append(names, name)
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		for _, m := range matcher.FindAllStringSubmatch(found[2], -1) {
			if !labels[m[1]] {
				t.Errorf("%s: %s has no label %s", where, name, m[1])
			}
		}
	}
	for _, group := range grouping.FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(group[1], ",") {
			if !labels[strings.TrimSpace(label)] {
				t.Errorf("%s: none of its metrics has the label %s", where, label)
			}
		}
	}
	return names
}
