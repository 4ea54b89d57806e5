package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"earworm/dsp/decode"
	"earworm/schema"
)

// picture sends what the worker drew. Its address changes with the analysis.
func (s *Site) picture(w http.ResponseWriter, r *http.Request) error {
	kind := r.PathValue("kind")
	data, err := s.Store.Picture(r.Context(), schema.TrackID(r.PathValue("id")), kind)
	if errors.Is(err, schema.ErrNotFound) {
		return refusal{http.StatusNotFound, "This was not drawn; analysing the track again draws it."}
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "private, max-age=86400")
	switch {
	case strings.HasPrefix(kind, "spectrum-"):
		h.Set("Content-Type", "image/png")
	case kind == "spectrum":
		h.Set("Content-Type", "application/json")
	default:
		h.Set("Content-Type", "application/octet-stream")
	}
	_, _ = w.Write(data) // who asked may be gone
	return nil
}

// audio sends a track's sound as WAV, by ranges: of a track of the store, from
// its own source, through the guards of that.
func (s *Site) audio(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Store.Track(r.Context(), schema.TrackID(r.PathValue("id")))
	if err != nil {
		return err
	}
	// Rendering two hours takes seconds, and a slow line minutes.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * time.Minute)) // kept where it cannot be set
	rec, done, err := s.sound.open(r.Context(), t)
	if err != nil {
		return noSound(err)
	}
	defer done()
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "private, max-age=600")
	h.Set("Etag", `"`+rec.sha256+`"`)
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(rec.file, 0, rec.size))
	return nil
}

// noSound says why a track cannot be heard, where that is no fault of ours.
func noSound(err error) error {
	if f, ok := errors.AsType[*schema.Failure](err); ok {
		return refusal{http.StatusNotFound, "The source is gone: " + f.Code.Help() + "."}
	}
	for of, code := range map[error]schema.Code{
		decode.ErrUnsupported: schema.UnsupportedFormat, decode.ErrCorrupt: schema.Corrupt,
		decode.ErrTooLong: schema.TooLong, decode.ErrTooLarge: schema.TooLarge, decode.ErrTimeout: schema.DecodeTimeout,
	} {
		if errors.Is(err, of) {
			return refusal{http.StatusUnprocessableEntity, "It cannot be played: " + code.Help() + "."}
		}
	}
	return err
}
