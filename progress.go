package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is a bar on the last line of a terminal. Where stderr is none, it
// draws nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: no terminal
	total int
	done  int
	began time.Time
	width func() int // of the terminal, in columns
}

func newProgress(stderr io.Writer, total int, now time.Time) *progress {
	p := &progress{total: total, began: now}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.w = f
		p.width = func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil || columns < 1 {
				return 80
			}
			return columns
		}
	}
	return p
}

// step counts one more input as done and draws the bar anew.
func (p *progress) step(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.draw(now)
}

// reach says how many of how many inputs are done and draws the bar anew.
func (p *progress) reach(done, total int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = done, total
	p.draw(now)
}

// show draws a line of words in the bar's place.
func (p *progress) show(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil {
		line := []rune(words)
		_, _ = io.WriteString(p.w, "\r\x1b[K"+string(line[:min(len(line), p.width()-1)]))
	}
}

// above writes whole lines above the bar: it is taken away, write is called,
// and the bar is drawn again.
func (p *progress) above(now time.Time, write func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	err := write()
	p.draw(now)
	return err
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.w = nil
}

func (p *progress) clear() {
	if p.w != nil {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

func (p *progress) draw(now time.Time) {
	if p.w == nil || p.done >= p.total {
		return
	}
	_, _ = io.WriteString(p.w, "\r\x1b[K"+bar(p.done, p.total, now.Sub(p.began), p.width()-1))
}

// bar is the line, at most width columns: how much is done and, once
// something is, how long the rest will take at this pace.
func bar(done, total int, elapsed time.Duration, width int) string {
	text := fmt.Sprintf(" %d/%d", done, total)
	if done > 0 {
		left := time.Duration(float64(elapsed) / float64(done) * float64(total-done))
		text += ", " + left.Round(time.Second).String() + " left"
	}
	cells := min(40, width-len(text)-2)
	if cells < 5 {
		return strings.TrimSpace(text)[:max(0, min(len(text)-1, width))]
	}
	full := cells * done / max(1, total)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", cells-full) + "]" + text
}
