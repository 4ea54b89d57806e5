package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"earworm/dsp/decode"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

func (s *Site) uploadPage(w http.ResponseWriter, r *http.Request) error {
	most := s.Decode.WithDefaults().MaxBytes
	return show(w, http.StatusOK, "upload.html", struct {
		frame
		Open      bool
		Most      string
		MostBytes int64
	}{s.frame(r, "Upload"), s.Uploads != "", bytesInWords(most), most})
}

func bytesInWords(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.3g GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20))
}

// mostNameBytes is how long the name of a file is kept.
const mostNameBytes = 200

// upload takes one file as the body of a request, makes it a track and hands it
// in. It is kept under its hash: its name never becomes a path.
func (s *Site) upload(w http.ResponseWriter, r *http.Request) error {
	if s.Uploads == "" {
		return refusal{http.StatusNotFound, "This service takes no files from browsers."}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(30 * time.Minute)) // kept where it cannot be set
	path, err := s.receive(http.MaxBytesReader(w, r.Body, s.Decode.WithDefaults().MaxBytes))
	if err != nil {
		return err
	}
	uri, err := source.Canonical(path)
	if err != nil {
		return err
	}
	t := schema.Track{ID: schema.TrackIDOf(uri), Source: uri, Status: schema.Pending, AddedAt: time.Now().UTC(), UpdatedAt: time.Now().UTC()}
	if tags, err := decode.ReadTags(path); err == nil {
		t.Title, t.Artist, t.Album = tags.Title, tags.Artist, tags.Album
	}
	if t.Title == "" {
		name, _ := url.QueryUnescape(r.Header.Get("Earworm-Name"))
		name = strings.ToValidUTF8(strings.TrimSuffix(name, filepath.Ext(name)), "\uFFFD")
		t.Title = name[:min(len(name), mostNameBytes)]
	}
	if _, err := s.Store.AddTrack(r.Context(), t); err != nil {
		return err
	}
	if _, err := s.Queue.Enqueue(r.Context(), queue.Job{TrackID: t.ID, Source: uri, ModelVersion: s.ModelVersion, Lane: queue.Ingest}); err != nil {
		return err
	}
	return sendJSON(w, map[string]schema.TrackID{"track": t.ID})
}

// receive writes a body into the folder of uploads, under its hash.
func (s *Site) receive(body io.Reader) (path string, err error) {
	if err := os.MkdirAll(s.Uploads, 0o750); err != nil {
		return "", fmt.Errorf("keep upload: %w", err)
	}
	f, err := os.CreateTemp(s.Uploads, ".part-*")
	if err != nil {
		return "", fmt.Errorf("keep upload: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(f.Name()))
		}
	}()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), body)
	err = errors.Join(err, f.Close())
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return "", refusal{http.StatusRequestEntityTooLarge, "too_large: " + schema.TooLarge.Help()}
	}
	if err != nil {
		return "", fmt.Errorf("keep upload: %w", err)
	}
	if size == 0 {
		return "", refusal{http.StatusUnprocessableEntity, "The file is empty."}
	}
	path = filepath.Join(s.Uploads, hex.EncodeToString(sum.Sum(nil)))
	if err := os.Rename(f.Name(), path); err != nil {
		return "", fmt.Errorf("keep upload: %w", err)
	}
	return path, nil
}

// uploadState tells how far tracks are.
func (s *Site) uploadState(w http.ResponseWriter, r *http.Request) error {
	type state struct {
		Track  schema.TrackID `json:"track"`
		Status schema.Status  `json:"status"`
		Code   schema.Code    `json:"code,omitempty"`
		Help   string         `json:"help,omitempty"`
		Text   string         `json:"text,omitempty"`
	}
	ids := r.URL.Query()["id"]
	if len(ids) > mostAtOnce {
		return refusal{http.StatusBadRequest, fmt.Sprintf("%d tracks are asked for; want up to %d.", len(ids), mostAtOnce)}
	}
	states := []state{}
	for _, id := range ids {
		t, err := s.Store.Track(r.Context(), schema.TrackID(id))
		if err != nil {
			return err
		}
		st := state{Track: t.ID, Status: t.Status}
		switch {
		case t.Failure != nil:
			st.Code, st.Help = t.Failure.Code, t.Failure.Code.Help()
		case t.Status == schema.Analysed:
			f, err := s.Store.Features(r.Context(), t.ID)
			if err != nil {
				return err
			}
			st.Text = strings.Join([]string{bpm(f.TempoBPM) + " BPM", pretty(f.Key), prettyMeter(f.Meter)}, ", ")
		}
		states = append(states, st)
	}
	return sendJSON(w, states)
}
