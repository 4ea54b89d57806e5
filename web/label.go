package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"earworm/labels"
	"earworm/schema"
)

const mostForm = 64 << 10 // bytes

// label keeps a correction. It carries how many labels its author had seen: where
// there are others by now, those are shown first, and nothing is kept.
func (s *Site) label(w http.ResponseWriter, r *http.Request) error {
	id := schema.TrackID(r.PathValue("id"))
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return refusal{http.StatusBadRequest, "The form cannot be read."}
	}
	l, err := readLabel(r)
	if err != nil {
		return err
	}
	l.TrackID = id
	if name := author(r); name != "" {
		l.Author = name
	}
	if l.Author == "" {
		return refusal{http.StatusUnprocessableEntity, "Say who you are, so that others know whose ear it was."}
	}
	known, err := s.Store.TrackLabels(r.Context(), id)
	if err != nil {
		return err
	}
	// The last one: the button that says "all the same" comes after the form's own.
	seen := ""
	for _, seen = range r.PostForm["seen"] {
	}
	if seen != strconv.Itoa(len(known)) {
		return s.conflict(w, known, seen)
	}
	if err := s.Store.AddLabel(r.Context(), l); err != nil {
		return err
	}
	if r.Header.Get("Hx-Request") == "" {
		http.Redirect(w, r, "/tracks/"+string(id), http.StatusSeeOther)
		return nil
	}
	j, err := s.judge(r.Context(), id)
	if err != nil {
		return err
	}
	j.Speaker, j.Saved = l.Author, said(l)
	return showPart(w, http.StatusOK, "track.html", "judgement", j)
}

// conflict shows what others said meanwhile.
func (s *Site) conflict(w http.ResponseWriter, known []schema.Label, seen string) error {
	n, err := strconv.Atoi(seen)
	if err != nil || n < 0 || n > len(known) {
		n = 0
	}
	view := struct {
		Others []voice
		Labels int
	}{history(nil, known, nil)[:len(known)-n], len(known)}
	return showPart(w, http.StatusConflict, "track.html", "conflict", view)
}

// readLabel reads a correction, and names the field that cannot be.
func readLabel(r *http.Request) (l schema.Label, err error) {
	bad := func(format string, args ...any) error {
		return refusal{http.StatusUnprocessableEntity, fmt.Sprintf(format, args...)}
	}
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	l.At, l.Author, l.Note = time.Now().UTC(), field("author"), field("note")
	if utf8.RuneCountInString(l.Author) > labels.LongestName || !utf8.ValidString(l.Author) {
		return l, bad("The name is too long; want up to %d letters.", labels.LongestName)
	}
	if utf8.RuneCountInString(l.Note) > labels.LongestNote || !utf8.ValidString(l.Note) {
		return l, bad("The note is too long; want up to %d letters.", labels.LongestNote)
	}
	if v := field("tempo"); v != "" {
		l.TempoBPM, err = strconv.ParseFloat(v, 64)
		if err != nil || !labels.TempoFits(l.TempoBPM) {
			return l, bad("Tempo is %q; want %d to %d beats a minute.", v, labels.SlowestBPM, labels.FastestBPM)
		}
	}
	if v := field("key"); v != "" {
		if l.Key, err = schema.ParseKey(v); err != nil {
			return l, bad("Key is %q; want a tonic and a mode, such as F# minor.", v)
		}
	}
	if v := field("meter"); v != "" {
		if l.Meter, err = schema.ParseMeter(v); err != nil {
			return l, bad("Meter is %q; want a time signature, such as 7/8.", v)
		}
	}
	if v := field("downbeat"); v != "" {
		if l.DownbeatS, err = strconv.ParseFloat(v, 64); err != nil || !(l.DownbeatS > 0 && l.DownbeatS < 1e6) {
			return l, bad("Downbeat is %q; want a time above 0 in seconds.", v)
		}
	}
	if l.TempoBPM == 0 && l.DownbeatS == 0 && l.Key == schema.UnknownKey && l.Meter == (schema.Meter{}) {
		return l, bad("Nothing is chosen: a correction says a tempo, a key, a meter or where a bar begins.")
	}
	return l, nil
}

// said is a label in words.
func said(l schema.Label) string {
	var parts []string
	if l.TempoBPM != 0 {
		parts = append(parts, bpm(l.TempoBPM)+" BPM")
	}
	if l.Key != schema.UnknownKey {
		parts = append(parts, pretty(l.Key))
	}
	if l.Meter != (schema.Meter{}) {
		parts = append(parts, l.Meter.String())
	}
	if l.DownbeatS != 0 {
		parts = append(parts, fmt.Sprintf("a bar begins at %.2f s", l.DownbeatS))
	}
	return strings.Join(parts, ", ")
}
