package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// ErrUnavailable is wrapped by errors of a server that did not answer, broke
// off or was too slow: another try may go better.
var ErrUnavailable = errors.New("the source is not available")

// unavailable is an error that wraps ErrUnavailable and does not say so.
type unavailable struct{ error }

func (u unavailable) Unwrap() []error { return []error{u.error, ErrUnavailable} }

// paced ends a download that keeps a worker waiting: one that sends less than
// least bytes in any window.
type paced struct {
	body io.Reader
	got  atomic.Int64
	slow atomic.Bool
	stop func()
}

// pace reads a body, whose request ends with cancel.
func pace(body io.Reader, least int64, window time.Duration, cancel context.CancelFunc) *paced {
	p := &paced{body: body}
	tick := time.NewTicker(window)
	done := make(chan struct{})
	p.stop = func() { tick.Stop(); close(done) }
	go func() {
		var before int64
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now := p.got.Load()
			if now-before < least {
				p.slow.Store(true)
				cancel()
				return
			}
			before = now
		}
	}()
	return p
}

// Read is io.Reader's. What ended a download that was too slow is that.
func (p *paced) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	p.got.Add(int64(n))
	if err != nil && p.slow.Load() {
		err = fmt.Errorf("too slow: %d bytes so far", p.got.Load())
	}
	return n, err
}
