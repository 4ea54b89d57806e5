package auth

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"earworm/problem"
)

// RequestRate is how many requests a second a token may make, where Limit does
// not say otherwise.
const RequestRate = 500

// pace bounds how often each of many may do something: a burst at once, then
// at a steady rate.
type pace struct {
	steady rate.Limit // times a second
	burst  int

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

// mostSeen bounds the memory that those seen take. When they are more, all are
// forgotten: 256 bits are not guessed by any number of tries.
const mostSeen = 10_000

func newPace(steady rate.Limit, burst int) *pace {
	return &pace{steady: steady, burst: burst, seen: map[string]*rate.Limiter{}}
}

// wait is how long it is until who's next turn; zero: it is now, and is taken.
func (p *pace) wait(who string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) >= mostSeen {
		clear(p.seen)
	}
	if p.seen[who] == nil {
		p.seen[who] = rate.NewLimiter(p.steady, p.burst)
	}
	turn := p.seen[who].Reserve()
	left := turn.Delay()
	if left > 0 {
		turn.Cancel()
	}
	return left
}

// tries bounds how often one address may try a token: ten times at once, then
// every six seconds.
func tries() *pace { return newPace(rate.Every(6*time.Second), 10) }

// requests bounds how often one token may ask: so often a second, after twice
// as many at once.
func requests(perSecond int) *pace { return newPace(rate.Limit(perSecond), 2*perSecond) }

// Limit lets each token make so many requests a second, and twice as many at once.
func (d *Door) Limit(perSecond int) { d.asked = requests(perSecond) }

// tooManyTries refuses one who brought an unknown token too often. Those who
// bring a known one are let in all the while: they may share the address of a
// proxy with the other.
func (d *Door) tooManyTries(r *http.Request) *problem.Problem {
	left := d.tried.wait(address(r))
	if left == 0 {
		return nil
	}
	why := problem.New(http.StatusTooManyRequests, "too_many_tries", "too many unknown tokens came from this address; want one that is known, or the wait that Retry-After says")
	why.Wait = left
	return why
}

// tooManyRequests refuses a token that asks too often.
func (d *Door) tooManyRequests(t Token) *problem.Problem {
	left := d.asked.wait(t.Name)
	if left == 0 {
		return nil
	}
	why := problem.New(http.StatusTooManyRequests, "too_many_requests",
		"token %s asks too often; want %.0f requests a second at most, or the wait that Retry-After says", t.Name, float64(d.asked.steady))
	why.Wait = left
	return why
}

// address is where a request comes from, whatever the port.
func address(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
