package queue

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
)

// Status is what stands in the queue now.
type Status struct {
	Lanes   []LaneStatus `json:"lanes"`
	Workers int          `json:"workers"` // processes that take jobs
	Slots   int          `json:"slots"`   // jobs that they run at once
}

// LaneStatus is what stands in one lane now.
type LaneStatus struct {
	Lane           Lane    `json:"lane"`
	Waiting        int     `json:"waiting"`
	Active         int     `json:"active"`
	Retrying       int     `json:"retrying"`         // failed, and waiting to be tried again
	Dead           int     `json:"dead"`             // failed for good, kept to look at for 90 days
	DoneToday      int     `json:"done_today"`       // UTC
	FailedToday    int     `json:"failed_today"`     // attempts, UTC
	OldestWaitingS float64 `json:"oldest_waiting_s"` // how long the next job has waited
}

// Lane is one of them.
func (s Status) Lane(lane Lane) LaneStatus {
	for _, l := range s.Lanes {
		if l.Lane == lane {
			return l
		}
	}
	return LaneStatus{Lane: lane}
}

// Status counts what stands in each lane.
func (q *Queue) Status(ctx context.Context) (Status, error) {
	var s Status
	if err := q.announce(ctx); err != nil {
		return Status{}, q.fault(ctx, err)
	}
	for _, lane := range Lanes() {
		info, err := q.inspect.GetQueueInfo(string(lane))
		if err != nil {
			return Status{}, q.fault(ctx, err)
		}
		l := LaneStatus{
			Lane:           lane,
			Waiting:        info.Pending + info.Scheduled,
			Active:         info.Active,
			Retrying:       info.Retry,
			Dead:           info.Archived,
			DoneToday:      info.Processed - info.Failed,
			FailedToday:    info.Failed,
			OldestWaitingS: info.Latency.Round(time.Millisecond).Seconds(),
		}
		s.Lanes = append(s.Lanes, l)
	}
	servers, err := q.inspect.Servers()
	if err != nil {
		return Status{}, q.fault(ctx, err)
	}
	s.Workers = processes(servers)
	for _, server := range servers {
		s.Slots += server.Concurrency
	}
	return s, nil
}

// processes counts those that servers run in; one may hold two.
func processes(servers []*asynq.ServerInfo) int {
	type process struct {
		host string
		pid  int
	}
	seen := map[process]bool{}
	for _, s := range servers {
		seen[process{s.Host, s.PID}] = true
	}
	return len(seen)
}
