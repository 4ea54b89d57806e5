//go:build chaos

package chaos

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between earworm and a server, and is the network's bad days.
// The zero faults pass everything on.
type proxy struct {
	addr     string
	server   string
	listener net.Listener

	mu     sync.Mutex
	faults faults
	conns  map[net.Conn]bool
}

// faults are what goes wrong from now on.
type faults struct {
	refuse   bool          // connections end at once
	silent   bool          // requests arrive, answers do not
	delay    time.Duration // of each answer
	cutEvery int           // each so manyth answer is lost, and its connection with it
	answers  int
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), server: server, listener: l, conns: map[net.Conn]bool{}}
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.cut()
	})
	return p
}

// set changes the faults; connections that there are feel them too.
func (p *proxy) set(f faults) {
	p.mu.Lock()
	p.faults = f
	p.mu.Unlock()
	if f.refuse {
		p.cut()
	}
}

// cut ends every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

func (p *proxy) now() faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.carry(client)
	}
}

func (p *proxy) carry(client net.Conn) {
	defer client.Close()
	if p.now().refuse {
		return
	}
	server, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	go func() {
		defer client.Close()
		defer server.Close()
		pass(server, client, func() bool { return true })
	}()
	pass(client, server, p.answer)
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// answer says whether an answer that has just come is handed on, when it is time.
func (p *proxy) answer() bool {
	p.mu.Lock()
	p.faults.answers++
	f := p.faults
	p.mu.Unlock()
	time.Sleep(f.delay)
	for p.now().silent {
		time.Sleep(20 * time.Millisecond)
	}
	return f.cutEvery == 0 || f.answers%f.cutEvery != 0
}

func pass(dst, src net.Conn, on func() bool) {
	block := make([]byte, 64<<10)
	for {
		n, err := src.Read(block)
		if n > 0 {
			if !on() {
				return
			}
			if _, err := dst.Write(block[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
