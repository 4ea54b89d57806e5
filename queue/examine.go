package queue

import (
	"context"
	"strings"
	"time"
)

// Server is the Redis behind a queue, as it describes itself.
type Server struct {
	Version   string
	Eviction  string        // its maxmemory-policy: anything but noeviction may drop jobs
	Limited   bool          // it has a limit of memory
	Persists  bool          // it keeps an append-only file
	ClockSkew time.Duration // of its clock against ours, beyond what the answer took
}

// Examine asks Redis what it is. Of a cluster, one node answers.
func (q *Queue) Examine(ctx context.Context) (Server, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	text, err := q.client.Info(ctx).Result()
	if err != nil {
		return Server{}, q.fault(ctx, err)
	}
	said := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		said[name] = value
	}
	s := Server{
		Version:  said["redis_version"],
		Eviction: said["maxmemory_policy"],
		Limited:  said["maxmemory"] != "0" && said["maxmemory"] != "",
		Persists: said["aof_enabled"] == "1",
	}
	before := time.Now()
	theirs, err := q.client.Time(ctx).Result()
	if err != nil {
		return Server{}, q.fault(ctx, err)
	}
	s.ClockSkew = skew(before, time.Now(), theirs)
	return s, nil
}

// skew is how far a clock, read at some moment between two of ours, is off.
func skew(before, after, theirs time.Time) time.Duration {
	switch {
	case theirs.Before(before):
		return theirs.Sub(before)
	case theirs.After(after):
		return theirs.Sub(after)
	}
	return 0
}
