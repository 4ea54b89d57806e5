//go:build chaos

package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listens is the address that a process says it answers at.
func (f *fleet) listens(p *process) (url string) {
	f.t.Helper()
	said := regexp.MustCompile(`addr=(http://[0-9.:]+)`)
	eventually(f.t, time.Minute, "the process answers", func() bool {
		log, err := os.ReadFile(p.log)
		if at := said.FindSubmatch(log); err == nil && at != nil {
			url = string(at[1])
		}
		return url != ""
	})
	return url
}

// ask sends a request with a body of JSON, if any, and reads JSON.
func (f *fleet) ask(method, url, body string, want int, into any) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		f.t.Fatalf("%s %s: %s", method, url, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		f.t.Fatal(err)
	}
}

// reprocess has a process make a batch of the whole catalogue.
func (f *fleet) reprocess(p *process) (batch string) {
	f.t.Helper()
	var made struct {
		Batch struct {
			ID string `json:"batch_id"`
		} `json:"batch"`
	}
	f.ask(http.MethodPost, f.listens(p)+"/v1/batches", `{"selector": {"all": true}, "force": true}`, http.StatusCreated, &made)
	return made.Batch.ID
}

// TestPlannersKilled: several processes may plan a batch, one does, and it is
// killed in the middle of the batch.
func TestPlannersKilled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--concurrency", "1"}
	f.workers = []*process{f.launch(program, serve), f.launch(program, serve)}
	f.until(n)
	f.toRedis.set(faults{delay: 300 * time.Millisecond}) // jobs come slowly, so that the fault is in their midst
	batch := f.reprocess(f.workers[0])
	type status struct {
		State, Planner string
		Done, Failed   int
	}
	at := 1 // the process that is asked
	look := func() (s status) {
		f.ask(http.MethodGet, f.listens(f.workers[at])+"/v1/batches/"+batch, "", http.StatusOK, &s)
		return s
	}
	eventually(t, patience(), "the batch is half done", func() bool { s := look(); return s.Done > n/4 })
	first := look()
	if first.State != "running" {
		t.Fatalf("%+v: the batch is over; the fault came too late", first)
	}
	for i, p := range f.workers {
		if strings.Contains(first.Planner, pid(p)) {
			f.signal(p, syscall.SIGKILL)
			<-p.done
			at = 1 - i
			if testing.Short() {
				f.redis.passMinute(t)
			}
			f.start(1, nil)
		}
	}
	f.toRedis.set(faults{})
	eventually(t, patience(), "the batch is done", func() bool { return look().State == "done" })
	last := look()
	if want := n / len(sounds); last.Failed != want || last.Done != n-want {
		t.Errorf("%+v; want %d done and %d failed", last, n-want, want)
	}
	t.Logf("planned by %s, then by another: %+v", first.Planner, last)
	f.workers = []*process{f.workers[at], f.workers[len(f.workers)-1]}
	f.account(nil)
	f.stop()
}

// pid is a process's number as the name of its planner has it.
func pid(p *process) string { return fmt.Sprint(p.Process.Pid) }
