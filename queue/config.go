package queue

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// Config is how a queue is opened. The zero Config is a queue in this process,
// which ends with it.
type Config struct {
	// Redis is the address of the server to share with other processes, empty
	// for a queue in this process. The forms are
	//
	//	host:port
	//	redis://user:password@host:port/db          (rediss:// for TLS)
	//	unix://user:password@/path/to/socket?db=0
	//	redis://user:password@host1:port,host2:port (a cluster)
	//	redis-sentinel://user:password@host1:port,host2:port/db?master=name (rediss-sentinel:// for TLS)
	Redis string

	TLS TLS // files for an address with TLS

	// Version is the model version that this process has: jobs for another are
	// left to others. Empty: jobs for any are handed over.
	Version string

	MostWaiting  int           // jobs of the ingest lane, beyond which Room refuses; 0: 1,000,000
	Concurrency  int           // jobs run at once by Run; 0: one for each CPU
	Attempts     int           // before a transient error is final; 0: 5
	JobTimeout   time.Duration // of one run of one job; 0: 15 min
	Grace        time.Duration // for jobs in flight when Run is to end; 0: 20 s
	FirstRetry   time.Duration // about how long the first retry waits; 0: 5 s
	MaxRetry     time.Duration // the longest that any retry waits; 0: 10 min
	PollInterval time.Duration // how often an idle Run looks for jobs; 0: 50 ms in process, 250 ms on Redis
	Log          *slog.Logger  // nil: silent in process, slog.Default() on Redis

	// Sending, where set, is told that a job is about to be enqueued. The trace
	// it returns travels in the job; end is called once, with how that went.
	Sending func(ctx context.Context, j Job) (trace string, end func(error))
}

// WithDefaults returns a copy with every zero field filled in.
func (c Config) WithDefaults() Config {
	embedded := c.Redis == ""
	if c.MostWaiting == 0 {
		c.MostWaiting = 1_000_000
	}
	if c.Concurrency == 0 {
		c.Concurrency = runtime.GOMAXPROCS(0)
	}
	if c.Attempts == 0 {
		c.Attempts = 5
	}
	if c.JobTimeout == 0 {
		c.JobTimeout = 15 * time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 20 * time.Second
	}
	if c.FirstRetry == 0 {
		c.FirstRetry = 5 * time.Second
	}
	if c.MaxRetry == 0 {
		c.MaxRetry = 10 * time.Minute
	}
	if c.PollInterval == 0 {
		c.PollInterval = 250 * time.Millisecond
		if embedded {
			c.PollInterval = 50 * time.Millisecond
		}
	}
	if c.Sending == nil {
		c.Sending = func(_ context.Context, j Job) (string, func(error)) { return j.Trace, func(error) {} }
	}
	if c.Log == nil {
		c.Log = slog.Default()
		if embedded {
			c.Log = slog.New(slog.DiscardHandler)
		}
	}
	return c
}

// Validate names the first field that cannot be.
func (c Config) Validate() error {
	switch {
	case c.Concurrency < 1:
		return fmt.Errorf("concurrency is %d; want 1 or more", c.Concurrency)
	case c.Attempts < 1:
		return fmt.Errorf("attempts is %d; want 1 or more", c.Attempts)
	case c.JobTimeout < time.Second:
		return fmt.Errorf("job_timeout is %v; want 1s or more", c.JobTimeout)
	case c.Grace < time.Millisecond:
		return fmt.Errorf("grace is %v; want 1ms or more", c.Grace)
	case c.FirstRetry < time.Millisecond:
		return fmt.Errorf("first_retry is %v; want 1ms or more", c.FirstRetry)
	case c.MaxRetry < c.FirstRetry:
		return fmt.Errorf("max_retry is %v; want first_retry (%v) or more", c.MaxRetry, c.FirstRetry)
	case c.PollInterval < time.Millisecond:
		return fmt.Errorf("poll_interval is %v; want 1ms or more", c.PollInterval)
	}
	return nil
}
