package queue

import "sync"

// gate counts who is inside, until it is shut: then it lets no one in, so that
// waiting for those inside has an end.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

// enter says whether the gate was open. Who entered must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) leave() { g.inside.Done() }

// shut returns a channel that is closed when all have left.
func (g *gate) shut() <-chan struct{} {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	left := make(chan struct{})
	go func() {
		g.inside.Wait()
		close(left)
	}()
	return left
}
