package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"earworm/queue"
	"earworm/schema"
	"earworm/upload"
)

func (s *Site) uploadPage(w http.ResponseWriter, r *http.Request) error {
	var most int64
	if s.Uploads != nil {
		most = s.Uploads.MostBytes
	}
	return show(w, http.StatusOK, "upload.html", struct {
		frame
		Open      bool
		Most      string
		MostBytes int64
	}{s.frame(r, "Upload"), s.Uploads != nil, bytesInWords(most), most})
}

func bytesInWords(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.3g GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20))
}

// upload takes one file as the body of a request, makes it a track and hands it
// in.
func (s *Site) upload(w http.ResponseWriter, r *http.Request) error {
	if s.Uploads == nil {
		return refusal{http.StatusNotFound, "This service takes no files from browsers."}
	}
	if err := s.Queue.Room(r.Context()); errors.Is(err, queue.ErrFull) {
		return refusal{http.StatusServiceUnavailable, "queue_full: As many tracks wait for workers as may. Try again later."}
	} else if err != nil {
		return err
	}
	long := time.Now().Add(30 * time.Minute)
	ctl := http.NewResponseController(w)
	_ = errors.Join(ctl.SetReadDeadline(long), ctl.SetWriteDeadline(long)) // kept where they cannot be set
	name, _ := url.QueryUnescape(r.Header.Get("Earworm-Name"))
	t, err := s.Uploads.Keep(r.Body, name)
	switch {
	case errors.Is(err, upload.ErrTooLarge):
		return refusal{http.StatusRequestEntityTooLarge, "too_large: " + schema.TooLarge.Help()}
	case errors.Is(err, upload.ErrEmpty):
		return refusal{http.StatusUnprocessableEntity, "The file is empty."}
	case err != nil:
		return err
	}
	t.Status, t.AddedAt, t.UpdatedAt = schema.Pending, time.Now().UTC(), time.Now().UTC()
	if _, err := s.Store.AddTrack(r.Context(), t); err != nil {
		return err
	}
	if _, err := s.Queue.Enqueue(r.Context(), queue.Job{TrackID: t.ID, Source: t.Source, ModelVersion: s.ModelVersion, Lane: queue.Ingest}); err != nil {
		return err
	}
	return sendJSON(w, map[string]schema.TrackID{"track": t.ID})
}

// uploadState tells how far tracks are.
func (s *Site) uploadState(w http.ResponseWriter, r *http.Request) error {
	type state struct {
		Track  schema.TrackID `json:"track"`
		Status schema.Status  `json:"status"`
		Stage  queue.Stage    `json:"stage,omitempty"` // of what is pending
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
		case t.Status == schema.Pending:
			if st.Stage, err = s.Queue.Stage(r.Context(), queue.Job{TrackID: t.ID, ModelVersion: s.ModelVersion}); err != nil {
				return err
			}
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
