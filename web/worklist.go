package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"earworm/batch"
	"earworm/labels"
	"earworm/schema"
	"earworm/selector"
)

// pageLength is how many tracks a page of the worklist holds.
const pageLength = 50

// worklistView is the list and the filters it came from.
type worklistView struct {
	frame
	Listing  schema.Listing
	Query    string // of this page without its place, for links and for the way through
	Items    []listed
	Next     string // address of the next page; empty: this is the last
	Filtered bool
	Choices  filterChoices
	Values   url.Values
}

// listed is a track as a row shows it.
type listed struct {
	schema.Item
	Name string
	Help string
}

type filterChoices struct {
	Statuses []schema.Status
	Codes    []schema.Code
	Meters   []string
	Doubts   []string
	Versions []string
}

func (s *Site) worklist(w http.ResponseWriter, r *http.Request) error {
	v := worklistView{frame: s.frame(r, "Worklist"), Values: r.URL.Query()}
	listing, err := readListing(r.URL.Query())
	if err != nil {
		return err
	}
	v.Listing = listing
	page, err := s.list(r, listing)
	if err != nil {
		return err
	}
	for _, i := range page.Items {
		row := listed{Item: i, Name: named(i.Track)}
		if i.Failure != nil {
			row.Help = i.Failure.Code.Help()
		}
		v.Items = append(v.Items, row)
	}
	query := r.URL.Query()
	query.Del("after")
	v.Query = query.Encode()
	v.Filtered = v.Query != ""
	if page.Next != "" {
		query.Set("after", page.Next)
		v.Next = "/worklist?" + query.Encode()
	}
	if r.Header.Get("Hx-Target") == "more" {
		return showPart(w, http.StatusOK, "worklist.html", "rows", v)
	}
	v.Choices = filterChoices{
		Statuses: []schema.Status{schema.Analysed, schema.Failed, schema.Pending}, Codes: schema.Codes(),
		Meters: []string{"4/4", "3/4", "6/8", "2/4", "5/4", "7/8"}, Doubts: []string{"tempo", "key", "meter"},
	}
	if v.Choices.Versions, err = s.Store.ModelVersions(r.Context()); err != nil {
		return err
	}
	return show(w, http.StatusOK, "worklist.html", v)
}

// ids is a page of the worklist for the way through it, from track to track.
func (s *Site) ids(w http.ResponseWriter, r *http.Request) error {
	listing, err := readListing(r.URL.Query())
	if err != nil {
		return err
	}
	page, err := s.list(r, listing)
	if err != nil {
		return err
	}
	answer := struct {
		IDs  []schema.TrackID `json:"ids"`
		Next string           `json:"next"`
	}{[]schema.TrackID{}, page.Next}
	for _, i := range page.Items {
		answer.IDs = append(answer.IDs, i.ID)
	}
	return sendJSON(w, answer)
}

func (s *Site) list(r *http.Request, l schema.Listing) (schema.Page, error) {
	page, err := s.Store.List(r.Context(), l)
	if errors.Is(err, schema.ErrCursor) {
		return page, refusal{http.StatusBadRequest, "This page of the list is not one of it. Begin at its start."}
	}
	return page, err
}

// readListing reads the filters of an address; the message names the one that
// cannot be.
func readListing(q url.Values) (l schema.Listing, err error) {
	bad := func(format string, args ...any) error {
		return refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
	}
	l = schema.Listing{
		Status: schema.Status(q.Get("status")), Code: schema.Code(q.Get("code")), Text: strings.TrimSpace(q.Get("q")),
		Order: schema.ByWorth, After: q.Get("after"), Limit: pageLength,
	}
	if q.Get("order") == string(schema.ByAdded) {
		l.Order = schema.ByAdded
	}
	if l.Status != "" && !slices.Contains([]schema.Status{schema.Analysed, schema.Failed, schema.Pending}, l.Status) {
		return l, bad("Status is %q; want analysed, failed or pending.", l.Status)
	}
	if l.Code != "" && !slices.Contains(schema.Codes(), l.Code) {
		return l, bad("There is no code %q.", l.Code)
	}
	l.ModelVersion = q.Get("version")
	if v := q.Get("key"); v != "" {
		if l.Key, err = schema.ParseKey(v); err != nil {
			return l, bad("Key is %q; want a tonic and a mode, such as F# minor.", v)
		}
	}
	if v := q.Get("meter"); v != "" {
		if l.Meter, err = schema.ParseMeter(v); err != nil {
			return l, bad("Meter is %q; want a time signature, such as 7/8.", v)
		}
	}
	for name, to := range map[string]*float64{
		"min": &l.MinTempo, "max": &l.MaxTempo,
		"tempo_sure": &l.MaxTempoConfidence, "key_sure": &l.MaxKeyConfidence, "meter_sure": &l.MaxMeterConfidence,
	} {
		if v := q.Get(name); v != "" {
			if *to, err = strconv.ParseFloat(v, 64); err != nil || !(*to >= 0 && *to <= 1000) {
				return l, bad("%s is %q; want a number of 0 or more.", name, v)
			}
		}
	}
	return l, nil
}

func sendJSON(w http.ResponseWriter, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(raw) // who asked may be gone
	return nil
}

// mostAtOnce is how many tracks one act takes.
const mostAtOnce = 500

// acted is a label that an act made, by which it is taken back.
type acted struct {
	Track schema.TrackID `json:"track"`
	At    time.Time      `json:"at"`
}

// act does one thing to many tracks: accept, half, double or reprocess. The
// answer says what takes it back.
func (s *Site) act(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return refusal{http.StatusBadRequest, "The form cannot be read."}
	}
	by, err := speaker(r)
	if err != nil {
		return err
	}
	ids := r.PostForm["id"]
	if len(ids) == 0 || len(ids) > mostAtOnce {
		return refusal{http.StatusUnprocessableEntity, fmt.Sprintf("%d tracks are chosen; want 1 to %d.", len(ids), mostAtOnce)}
	}
	switch what := r.PostForm.Get("act"); what {
	case "accept", "half", "double":
		return s.labelAll(w, r, ids, what, by)
	case "reprocess":
		return s.reprocess(w, r, ids, by)
	default:
		return refusal{http.StatusUnprocessableEntity, fmt.Sprintf("The act is %q; want accept, half, double or reprocess.", what)}
	}
}

// outcome is what an act did.
type outcome struct {
	Done    []acted `json:"done"`
	Skipped int     `json:"skipped"`         // of which there is nothing to say
	Batch   string  `json:"batch,omitempty"` // that was made
}

func (s *Site) labelAll(w http.ResponseWriter, r *http.Request, ids []string, what, by string) error {
	answer := outcome{Done: []acted{}}
	for _, id := range ids {
		f, err := s.Store.Features(r.Context(), schema.TrackID(id))
		if errors.Is(err, schema.ErrNotFound) {
			answer.Skipped++
			continue
		}
		if err != nil {
			return err
		}
		l, ok := actOn(f, what)
		if !ok {
			answer.Skipped++
			continue
		}
		l.Author, l.At = by, time.Now().UTC().Truncate(time.Millisecond)
		if l.At, err = s.keep(r, l); err != nil {
			return err
		}
		answer.Done = append(answer.Done, acted{l.TrackID, l.At})
	}
	return sendJSON(w, answer)
}

// reprocess has tracks analysed again, as a batch, which can be cancelled.
func (s *Site) reprocess(w http.ResponseWriter, r *http.Request, ids []string, by string) error {
	named := make([]schema.TrackID, len(ids))
	for i, id := range ids {
		named[i] = schema.TrackID(id)
	}
	b, err := s.Batches.Create(r.Context(), batch.Order{Selector: selector.Selector{IDs: named}, Force: true, By: by}, time.Now())
	if err != nil {
		return refused(err)
	}
	answer := outcome{Batch: b.ID, Done: []acted{}}
	for _, id := range named {
		answer.Done = append(answer.Done, acted{Track: id})
	}
	return sendJSON(w, answer)
}

// refused words what the batches refuse.
func refused(err error) error {
	if no, ok := errors.AsType[*batch.Refusal](err); ok {
		status := http.StatusUnprocessableEntity
		if no.Conflict {
			status = http.StatusConflict
		}
		return refusal{status, no.Message}
	}
	return err
}

// keep adds a label, and gives the time that it is known by.
func (s *Site) keep(r *http.Request, l schema.Label) (time.Time, error) {
	if err := s.Store.AddLabel(r.Context(), l); err != nil {
		return l.At, err
	}
	// The store gives another time where this one is taken.
	said, err := s.Store.TrackLabels(r.Context(), l.TrackID)
	for _, known := range slices.Backward(said) {
		at := known.At
		if known.At = l.At; known == l {
			return at, nil
		}
	}
	return l.At, err
}

// actOn is the label that an act makes of what counts now.
func actOn(f schema.Features, what string) (l schema.Label, ok bool) {
	l.TrackID = f.TrackID
	switch what {
	case "accept":
		l.TempoBPM, l.Key, l.Meter = f.TempoBPM, f.Key, f.Meter
		l.Note = "as it was heard"
		return l, l.TempoBPM != 0 || l.Key != schema.UnknownKey || l.Meter != schema.Meter{}
	case "half":
		l.TempoBPM = f.TempoBPM / 2
	case "double":
		l.TempoBPM = 2 * f.TempoBPM
	}
	return l, labels.TempoFits(l.TempoBPM)
}

// undo takes back the labels of an act.
func (s *Site) undo(w http.ResponseWriter, r *http.Request) error {
	by, err := speaker(r)
	if err != nil {
		return err
	}
	var done struct {
		Labels []acted `json:"labels"`
		Batch  string  `json:"batch"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostForm)).Decode(&done); err != nil || len(done.Labels) > mostAtOnce {
		return refusal{http.StatusBadRequest, "What is to be taken back cannot be read."}
	}
	if done.Batch != "" {
		if _, err := s.Batches.Cancel(r.Context(), done.Batch); err != nil {
			return refused(err)
		}
		return sendJSON(w, map[string]string{"cancelled": done.Batch})
	}
	backs := make([]schema.Label, len(done.Labels))
	for i, d := range done.Labels {
		backs[i] = schema.Label{TrackID: d.Track, At: time.Now(), Author: by, Note: "taken back", TakesBack: d.At}
		known, err := s.Store.TrackLabels(r.Context(), d.Track)
		if err != nil {
			return err
		}
		if err := labels.Check(backs[i], known); err != nil {
			return refusal{http.StatusConflict, "There is no such label to take back; nothing was changed."}
		}
	}
	for _, back := range backs {
		if err := s.Store.AddLabel(r.Context(), back); err != nil {
			return err
		}
	}
	return sendJSON(w, map[string]int{"taken_back": len(done.Labels)})
}

// speaker is whose name a label gets: who is signed in, else the name given.
func speaker(r *http.Request) (string, error) {
	name := author(r)
	if name == "" {
		name, _ = url.QueryUnescape(r.Header.Get("Earworm-Author"))
	}
	if name = strings.TrimSpace(name); name == "" {
		return "", refusal{http.StatusUnprocessableEntity, "Say who you are, so that others know whose ear it was."}
	}
	if len([]rune(name)) > labels.LongestName {
		return "", refusal{http.StatusUnprocessableEntity, fmt.Sprintf("The name is too long; want up to %d letters.", labels.LongestName)}
	}
	return name, nil
}
