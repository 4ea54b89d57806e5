package queue

import (
	"context"
	"slices"
	"time"

	"github.com/hibiken/asynq"
)

// Status is what stands in the queue now.
type Status struct {
	Lanes   []LaneStatus `json:"lanes"`
	Workers int          `json:"workers"` // processes that take jobs
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

// Status counts what stands in each lane.
func (q *Queue) Status(ctx context.Context) (Status, error) {
	var s Status
	known, err := q.inspect.Queues()
	if err != nil {
		return Status{}, q.fault(ctx, err)
	}
	for _, lane := range Lanes() {
		l := LaneStatus{Lane: lane}
		if slices.Contains(known, string(lane)) { // else nothing was ever enqueued in it
			info, err := q.inspect.GetQueueInfo(string(lane))
			if err != nil {
				return Status{}, q.fault(ctx, err)
			}
			l.Waiting = info.Pending + info.Scheduled
			l.Active = info.Active
			l.Retrying = info.Retry
			l.Dead = info.Archived
			l.DoneToday = info.Processed - info.Failed
			l.FailedToday = info.Failed
			l.OldestWaitingS = info.Latency.Round(time.Millisecond).Seconds()
		}
		s.Lanes = append(s.Lanes, l)
	}
	servers, err := q.inspect.Servers()
	if err != nil {
		return Status{}, q.fault(ctx, err)
	}
	s.Workers = processes(servers)
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
