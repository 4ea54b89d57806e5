package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traceSettings say where traces go.
type traceSettings struct{ endpoint string }

func (c *traceSettings) flags(s *settings) {
	s.text(&c.endpoint, "otlp-endpoint", "", "`URL` of an OpenTelemetry collector that takes traces by OTLP over HTTP (default: what OTEL_EXPORTER_OTLP_ENDPOINT says, else none are made)")
}

// traces are where the process's spans go: nowhere, unless a collector is named.
type traces struct {
	trace.TracerProvider
	close func() error // sends what has not been sent, for a few seconds
}

// open starts exporting. Sampling, headers and the like are what the standard
// OTEL_ variables say; by default every trace is kept.
func (c *traceSettings) open(ctx context.Context, log *slog.Logger) (*traces, error) {
	var options []otlptracehttp.Option
	if c.endpoint != "" {
		u, err := url.Parse(c.endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, usagef("otlp-endpoint is %q; want http://host:port or https://host:port", c.endpoint)
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.JoinPath("v1/traces").String()))
	} else if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")+os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return &traces{noop.NewTracerProvider(), func() error { return nil }}, nil
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}
	// Where an attribute is given twice, the later one counts.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", "earworm"), attribute.String("service.version", version())),
		resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	// A collector that is away costs spans and a line in the log, no more.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "error", err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &traces{provider, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return nil
	}}, nil
}

// requests makes a span of each request but those of machines that watch. A
// caller's own trace goes on in it.
func (t *traces) requests(h http.Handler) http.Handler {
	if _, off := t.TracerProvider.(noop.TracerProvider); off {
		return h
	}
	return otelhttp.NewHandler(h, "http",
		otelhttp.WithTracerProvider(t), otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithFilter(func(r *http.Request) bool {
			return r.URL.Path != "/metrics" && r.URL.Path != "/healthz" && r.URL.Path != "/readyz"
		}))
}

// tracedLog adds to a log line the trace that it was written in.
type tracedLog struct{ slog.Handler }

func (h tracedLog) Handle(ctx context.Context, r slog.Record) error {
	if at := trace.SpanContextFromContext(ctx); at.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", at.TraceID().String()), slog.String("span_id", at.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h tracedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedLog{h.Handler.WithAttrs(attrs)}
}

func (h tracedLog) WithGroup(name string) slog.Handler { return tracedLog{h.Handler.WithGroup(name)} }
