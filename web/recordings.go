package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"earworm/dsp/decode"
	"earworm/schema"
)

// recordings holds sound ready to be played: 16-bit WAV, in files of its own,
// the ones used last. Safe for concurrent use.
type recordings struct {
	source Source
	decode decode.Options
	folder string
	most   int64         // bytes held
	slots  chan struct{} // one for each that is rendered at once

	mu   sync.Mutex
	held map[schema.TrackID]*recording
}

// recording is one track's sound, once ready is closed.
type recording struct {
	ready  chan struct{}
	err    error
	file   *os.File
	size   int64
	sha256 string // of the source
	users  int
	used   time.Time
}

const (
	// mostSound is how much sound is held: 50 tracks of four minutes.
	mostSound = 2 << 30
	// mostRendered bounds what is rendered at once: a file of a few kilobytes may
	// be two hours of sound.
	mostRendered = 2
	// stale is how long a recording is played without asking its source again.
	stale = 10 * time.Minute
)

func newRecordings(from Source, options decode.Options) (*recordings, error) {
	folder, err := os.MkdirTemp("", "earworm-sound-*")
	if err != nil {
		return nil, fmt.Errorf("make room for sound: %w", err)
	}
	return &recordings{
		source: from, decode: options, folder: folder, most: mostSound,
		slots: make(chan struct{}, mostRendered), held: map[schema.TrackID]*recording{},
	}, nil
}

func (r *recordings) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, rec := range r.held {
		if rec.file != nil {
			errs = append(errs, rec.file.Close())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(r.folder))...)
}

// open gives a track's sound, and a function that gives it back. The first to
// ask has it rendered; who asks meanwhile waits for the same. A
// *schema.Failure says that there is none.
func (r *recordings) open(ctx context.Context, t schema.Track) (*recording, func(), error) {
	r.mu.Lock()
	rec := r.held[t.ID]
	if rec == nil {
		rec = &recording{ready: make(chan struct{})}
		r.held[t.ID] = rec
		// Rendered for all who wait, not only for the one who asked first.
		go r.render(context.WithoutCancel(ctx), t, rec)
	}
	rec.users++
	r.mu.Unlock()
	done := func() { r.release(rec) }
	select {
	case <-rec.ready:
	case <-ctx.Done():
		done()
		return nil, nil, ctx.Err()
	}
	if rec.err != nil {
		done()
		return nil, nil, rec.err
	}
	return rec, done, nil
}

func (r *recordings) release(rec *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.users--
	rec.used = time.Now()
}

// render fetches and decodes; what failed is not held.
func (r *recordings) render(ctx context.Context, t schema.Track, rec *recording) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	defer close(rec.ready)
	rec.err = r.fill(ctx, t, rec)
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.used = time.Now()
	if rec.err != nil {
		delete(r.held, t.ID)
		return
	}
	time.AfterFunc(stale, func() { r.forget(t.ID) })
	r.makeRoom()
}

func (r *recordings) fill(ctx context.Context, t schema.Track, rec *recording) (err error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	from, err := r.source.Fetch(ctx, t.Source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to := filepath.Join(r.folder, fmt.Sprintf("%x.wav", string(t.ID)))
	if err := decode.WriteWAV(ctx, from.Path, to, r.decode); err != nil {
		return errors.Join(err, removeIfThere(to))
	}
	if rec.file, err = os.Open(to); err != nil {
		return err
	}
	rec.sha256 = from.SHA256
	rec.size, err = rec.file.Seek(0, io.SeekEnd)
	return err
}

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// forget lets go of one that nobody plays; else it asks again later.
func (r *recordings) forget(id schema.TrackID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.held[id]
	switch {
	case rec == nil:
	case rec.users > 0 || time.Since(rec.used) < stale:
		time.AfterFunc(stale, func() { r.forget(id) })
	default:
		r.drop(id)
	}
}

// makeRoom lets go of those that were not played for longest.
func (r *recordings) makeRoom() {
	for {
		var total int64
		var oldest schema.TrackID
		for id, rec := range r.held {
			total += rec.size
			if rec.users == 0 && rec.file != nil && (oldest == "" || rec.used.Before(r.held[oldest].used)) {
				oldest = id
			}
		}
		if total <= r.most || oldest == "" {
			return
		}
		r.drop(oldest)
	}
}

func (r *recordings) drop(id schema.TrackID) {
	rec := r.held[id]
	delete(r.held, id)
	if rec != nil && rec.file != nil {
		_ = rec.file.Close()           // it was only read
		_ = os.Remove(rec.file.Name()) // close removes the folder at the latest
	}
}
