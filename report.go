package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"earworm/schema"
)

// result is what became of one input.
type result struct {
	input                     // with its failure, where it failed
	analysis  schema.Analysis // where it did not
	unchanged bool            // the analysis was there already
	took      time.Duration   // from taking the job up to its end
}

// report writes results to stdout, in the order of the inputs.
type report interface {
	begin(inputs []input) error
	row(r result) error
}

// table is for people: a line for each track, columns aligned.
type table struct {
	w     io.Writer
	width int // of the track column, in runes
}

const widestTrack = 56

func (t *table) begin(inputs []input) error {
	t.width = len("TRACK")
	for _, in := range inputs {
		t.width = max(t.width, utf8.RuneCountInString(shorten(printable(in.path), widestTrack)))
	}
	_, err := fmt.Fprintf(t.w, "%-*s  %6s %5s  %-9s %3s %5s  %-5s %5s  %7s  %s\n",
		t.width, "TRACK", "BPM", "CONF", "KEY", "", "CONF", "METER", "CONF", "LENGTH", "TIME")
	return err
}

func (t *table) row(r result) error {
	track := shorten(printable(r.path), widestTrack)
	track += strings.Repeat(" ", t.width-utf8.RuneCountInString(track))
	if r.failure != nil {
		_, err := fmt.Fprintf(t.w, "%s  failed: %s\n", track, r.failure.Code)
		return err
	}
	took := fmt.Sprintf("%.1f s", r.took.Seconds())
	if r.unchanged {
		took = "unchanged"
	}
	a := r.analysis
	bpm := "-"
	if a.Tempo.BPM > 0 {
		bpm = strconv.FormatFloat(a.Tempo.BPM, 'f', 1, 64)
	}
	_, err := fmt.Fprintf(t.w, "%s  %6s %5s  %-9s %3s %5s  %-5s %5s  %7s  %s\n", track,
		bpm, percent(a.Tempo.Confidence),
		orDash(a.Key.Name.String()), a.Key.Camelot, percent(a.Key.Confidence),
		orDash(a.Meter.Name.String()), percent(a.Meter.Confidence),
		clock(a.DurationS), took)
	return err
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shorten cuts a long path in its middle, where it says least.
func shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	head := most / 3
	tail := most - head - 1
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}

// ndjson is for programs: one object a line, every key on every line, null
// where a track has no such value.
type ndjson struct{ w io.Writer }

// line is the object. Its keys are a promise to those who read it.
type line struct {
	Path         string                `json:"path"`
	TrackID      schema.TrackID        `json:"track_id"`
	DurationS    *float64              `json:"duration_s"`
	Tempo        *tempoLine            `json:"tempo"`
	Stability    *float64              `json:"tempo_stability"` // share of the beats that keep to the tempo
	Sections     []schema.TempoSection `json:"tempo_sections"`  // none: one tempo throughout
	Key          *keyLine              `json:"key"`
	Meter        *meterLine            `json:"meter"`
	LoudnessDB   *float64              `json:"loudness_db"`
	ModelVersion *string               `json:"model_version"`
	Decoder      *string               `json:"decoder"`
	Error        *schema.Failure       `json:"error"`
}

type tempoLine struct {
	BPM          float64                 `json:"bpm"`
	Confidence   float64                 `json:"confidence"`
	Alternatives []schema.TempoCandidate `json:"alternatives"`
}

type keyLine struct {
	Name         schema.Key            `json:"name"`
	Camelot      string                `json:"camelot"`
	Confidence   float64               `json:"confidence"`
	Alternatives []schema.KeyCandidate `json:"alternatives"`
}

type meterLine struct {
	Name         schema.Meter            `json:"name"`
	BeatsPerBar  int                     `json:"beats_per_bar"`
	Confidence   float64                 `json:"confidence"`
	Alternatives []schema.MeterCandidate `json:"alternatives"`
}

func (n *ndjson) begin([]input) error { return nil }

func (n *ndjson) row(r result) error {
	l := line{Path: r.path, TrackID: r.id, Error: r.failure}
	if a := rounded(r.analysis); r.failure == nil {
		l.DurationS, l.LoudnessDB = &a.DurationS, &a.LoudnessDB
		l.ModelVersion, l.Decoder = &a.ModelVersion, &a.Decoder
		l.Tempo = &tempoLine{a.Tempo.BPM, a.Tempo.Confidence, a.Tempo.Alternatives}
		l.Stability, l.Sections = &a.Tempo.Stability, a.Tempo.Sections
		l.Key = &keyLine{a.Key.Name, a.Key.Camelot, a.Key.Confidence, a.Key.Alternatives}
		l.Meter = &meterLine{a.Meter.Name, a.Meter.BeatsPerBar, a.Meter.Confidence, a.Meter.Alternatives}
	}
	enc := json.NewEncoder(n.w)
	enc.SetEscapeHTML(false)
	return enc.Encode(l)
}

// rounded leaves away digits that mean nothing: of a model's answer, what
// differs between two machines that give the same.
func rounded(a schema.Analysis) schema.Analysis {
	const level, share = 1e2, 1e4
	to := func(unit float64, values ...*float64) {
		for _, v := range values {
			*v = math.Round(*v*unit) / unit
		}
	}
	to(1e3, &a.DurationS)
	to(level, &a.LoudnessDB, &a.Tempo.BPM)
	to(share, &a.Tempo.Confidence, &a.Tempo.Stability, &a.Key.Confidence, &a.Meter.Confidence)
	a.Tempo.Alternatives = orEmpty(slices.Clone(a.Tempo.Alternatives))
	for i := range a.Tempo.Alternatives {
		to(level, &a.Tempo.Alternatives[i].BPM)
		to(share, &a.Tempo.Alternatives[i].Probability)
	}
	a.Tempo.Sections = orEmpty(slices.Clone(a.Tempo.Sections))
	for i := range a.Tempo.Sections {
		to(level, &a.Tempo.Sections[i].BPM, &a.Tempo.Sections[i].StartS)
	}
	a.Key.Alternatives = orEmpty(slices.Clone(a.Key.Alternatives))
	for i := range a.Key.Alternatives {
		to(share, &a.Key.Alternatives[i].Probability)
	}
	a.Meter.Alternatives = orEmpty(slices.Clone(a.Meter.Alternatives))
	for i := range a.Meter.Alternatives {
		to(share, &a.Meter.Alternatives[i].Probability)
	}
	return a
}

// orEmpty makes a list of none an empty list, which JSON tells from null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// sheet is for spreadsheets: CSV with a header, empty fields where a track
// has no such value.
type sheet struct{ w *csv.Writer }

func (s *sheet) begin([]input) error {
	return s.write([]string{
		"path", "track_id", "duration_s", "bpm", "bpm_confidence", "key", "camelot", "key_confidence",
		"meter", "beats_per_bar", "meter_confidence", "loudness_db", "model_version", "decoder",
		"error_code", "error_message",
	})
}

func (s *sheet) row(r result) error {
	if r.failure != nil {
		fields := make([]string, 16)
		fields[0], fields[1], fields[14], fields[15] = r.path, string(r.id), string(r.failure.Code), r.failure.Message
		return s.write(fields)
	}
	a := r.analysis
	number := func(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
	return s.write([]string{
		r.path, string(r.id), number(a.DurationS, 3),
		number(a.Tempo.BPM, 2), number(a.Tempo.Confidence, 3),
		a.Key.Name.String(), a.Key.Camelot, number(a.Key.Confidence, 3),
		a.Meter.Name.String(), strconv.Itoa(a.Meter.BeatsPerBar), number(a.Meter.Confidence, 3),
		number(a.LoudnessDB, 2), a.ModelVersion, a.Decoder, "", "",
	})
}

func (s *sheet) write(fields []string) error {
	if err := s.w.Write(fields); err != nil {
		return err
	}
	s.w.Flush()
	return s.w.Error()
}
