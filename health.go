package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"earworm/queue"
)

// check reports what is wrong with something that this process leans on.
type check func(context.Context) error

// answer puts checks behind an address: 200 where all pass within two seconds,
// else 503; each by name, with what is wrong.
func answer(checks map[string]check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		type outcome struct {
			name string
			err  error
		}
		outcomes := make(chan outcome, len(checks))
		for name, check := range checks {
			go func() { outcomes <- outcome{name, check(ctx)} }()
		}
		body := struct {
			Status string            `json:"status"`
			Checks map[string]string `json:"checks"`
		}{"ok", map[string]string{}}
		status := http.StatusOK
		for name := range checks {
			body.Checks[name] = "no answer in time"
		}
		for range checks {
			select {
			case o := <-outcomes:
				body.Checks[o.name] = "ok"
				if o.err != nil {
					body.Checks[o.name] = o.err.Error()
				}
			case <-ctx.Done(): // not every check heeds its context
			}
		}
		for _, said := range body.Checks {
			if said != "ok" {
				body.Status, status = "unavailable", http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // who hung up does not hear it
	}
}

// health adds what machines ask of every process: is it alive, is it ready.
func (f *fleet) health(running context.Context, mux *http.ServeMux) {
	mux.Handle("GET /healthz", answer(map[string]check{"jobs": f.alive}))
	mux.Handle("GET /readyz", answer(map[string]check{
		"queue":   f.queue.Ping,
		"store":   f.store.Ping,
		"temp":    func(context.Context) error { return writable(os.TempDir()) },
		"process": accepting(running),
	}))
}

// accepting fails once the process is told to stop: it still finishes what it
// has, and should be sent nothing new.
func accepting(running context.Context) check {
	return func(context.Context) error {
		if running.Err() != nil {
			return errors.New("it is shutting down")
		}
		return nil
	}
}

// wedged is how far beyond its time a job may run. Its context ended long
// before: what goes on has stopped listening, and holds its slot for ever.
const wedged = 2 * time.Minute

// alive fails where only a restart helps. A server that does not answer is no
// such case: it will be back, and until then every process would be restarted.
func (f *fleet) alive(context.Context) error {
	limit := queue.Config{}.WithDefaults().JobTimeout + wedged
	if d := f.watch.longest(time.Now()); d > limit {
		return fmt.Errorf("a job has run for %v; no job may for more than %v", d.Round(time.Second), limit)
	}
	return nil
}

// writable tries to keep a byte in a folder.
func writable(folder string) error {
	f, err := os.CreateTemp(folder, "earworm-check-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close())
}
