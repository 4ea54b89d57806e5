package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"earworm/schema"
	"earworm/source"
)

func sourceName(uri string) string { return source.Name(uri) }

// trackView is all that a track's page shows.
type trackView struct {
	frame
	Judgement
	Name     string
	Place    string // where its source is
	Help     string // what to do about its failure
	Pictures string // their version, for addresses
	Sound    sound
}

// sound is what the scripts draw and play.
type sound struct {
	Track       schema.TrackID        `json:"track"`
	DurationS   float64               `json:"duration_s"`
	Beats       []float32             `json:"beats"`
	Downbeats   []float32             `json:"downbeats"`
	Sections    []schema.TempoSection `json:"sections"`
	TuningCents float64               `json:"tuning_cents"`
	SHA256      string                `json:"sha256"`
}

// Judgement is what was heard and said of a track, and what may be said next.
type Judgement struct {
	Track    schema.Track
	Heard    *schema.Analysis // by the version that readers are served by; nil: none
	Features *schema.Features // that count
	Tempi    []choice
	Keys     []choice
	Meters   []choice
	History  []voice
	Labels   int    // said so far: what a correction is checked against
	Speaker  string // whose name a correction gets; empty: the page asks
	Saved    string // what has just been kept
	Values   values
}

// values are those of the choices that count now, for the scripts.
type values struct {
	Tempo float64      `json:"tempo"`
	Key   schema.Key   `json:"key"`
	Meter schema.Meter `json:"meter"`
	// Downbeat is where a bar begins, as somebody said; 0: as heard.
	Downbeat float64 `json:"downbeat,omitempty"`
}

// choice is one answer that a person can give by one key.
type choice struct {
	Field, Value string // of the form
	Text, Also   string
	Likely       float64
	Press        string // the key
	Code         string // of the key, wherever its letter is
	Counts       bool   // is what counts now
}

// voice is a line of a track's history: a model version or a person.
type voice struct {
	Who, Note            string
	At                   string
	Person               bool
	TakenBack            bool // by another label
	Counts               bool // readers get its values, or some of them
	Tempo, Key, Meter    string
	TempoP, KeyP, MeterP string // how sure a model is
}

func (s *Site) track(w http.ResponseWriter, r *http.Request) error {
	id := schema.TrackID(r.PathValue("id"))
	j, err := s.judge(r.Context(), id)
	if err != nil {
		return err
	}
	v := trackView{
		frame: s.frame(r, named(j.Track)), Judgement: j,
		Name: named(j.Track), Place: sourceName(j.Track.Source), Pictures: "none",
		Sound: sound{Track: id, DurationS: j.Track.DurationS},
	}
	v.Section = "worklist"
	v.Speaker = v.Author
	if j.Track.Failure != nil {
		v.Help = j.Track.Failure.Code.Help()
	}
	if a := j.Heard; a != nil {
		v.Pictures = moment(a.AnalysedAt)
		v.Sound = sound{id, a.DurationS, a.Beats, a.Downbeats, a.Tempo.Sections, a.TuningCents, a.SHA256}
	}
	return show(w, http.StatusOK, "track.html", v)
}

// judge gathers what was heard and said of a track.
func (s *Site) judge(ctx context.Context, id schema.TrackID) (j Judgement, err error) {
	if j.Track, err = s.Store.Track(ctx, id); err != nil {
		return j, err
	}
	labels, err := s.Store.TrackLabels(ctx, id)
	if err != nil {
		return j, err
	}
	j.Labels = len(labels)
	versions, err := s.Store.TrackAnalyses(ctx, id)
	if err != nil {
		return j, err
	}
	f, err := s.Store.Features(ctx, id)
	switch {
	case errors.Is(err, schema.ErrNotFound):
	case err != nil:
		return j, err
	default:
		j.Features = &f
		j.Values = values{Tempo: f.TempoBPM, Key: f.Key, Meter: f.Meter}
		for _, l := range schema.Standing(labels) {
			if l.DownbeatS != 0 {
				j.Values.Downbeat = l.DownbeatS
			}
		}
	}
	for i := range versions {
		if j.Features != nil && versions[i].ModelVersion == f.ModelVersion {
			j.Heard = &versions[i]
		}
	}
	if j.Heard != nil {
		j.Tempi, j.Keys, j.Meters = tempoChoices(*j.Heard, f), keyChoices(*j.Heard, f), meterChoices(*j.Heard, f)
	}
	j.History = history(versions, labels, j.Features)
	return j, nil
}

// The rows of a keyboard choose: numbers a tempo, the letters under them a
// key, the home row a meter.
var (
	tempoRow = [...][2]string{{"1", "Digit1"}, {"2", "Digit2"}, {"3", "Digit3"}, {"4", "Digit4"}, {"5", "Digit5"}}
	keyRow   = [...][2]string{{"Q", "KeyQ"}, {"W", "KeyW"}, {"E", "KeyE"}, {"R", "KeyR"}, {"T", "KeyT"}}
	meterRow = [...][2]string{{"A", "KeyA"}, {"S", "KeyS"}, {"D", "KeyD"}, {"F", "KeyF"}, {"G", "KeyG"}}
)

func tempoChoices(a schema.Analysis, f schema.Features) (choices []choice) {
	ranked := append([]schema.TempoCandidate{{BPM: a.Tempo.BPM, Probability: a.Tempo.Confidence}}, a.Tempo.Alternatives...)
	for i, c := range ranked[:min(len(ranked), len(tempoRow))] {
		choices = append(choices, choice{
			Field: "tempo", Value: bpm(c.BPM), Text: bpm(c.BPM), Likely: c.Probability,
			Press: tempoRow[i][0], Code: tempoRow[i][1], Counts: bpm(c.BPM) == bpm(f.TempoBPM),
		})
	}
	return choices
}

func keyChoices(a schema.Analysis, f schema.Features) (choices []choice) {
	ranked := append([]schema.KeyCandidate{{Name: a.Key.Name, Probability: a.Key.Confidence}}, a.Key.Alternatives...)
	for i, c := range ranked[:min(len(ranked), len(keyRow))] {
		choices = append(choices, choice{
			Field: "key", Value: c.Name.String(), Text: pretty(c.Name), Also: c.Name.Camelot(), Likely: c.Probability,
			Press: keyRow[i][0], Code: keyRow[i][1], Counts: c.Name == f.Key,
		})
	}
	return choices
}

func meterChoices(a schema.Analysis, f schema.Features) (choices []choice) {
	ranked := a.Meter.Alternatives
	if a.Meter.Name != (schema.Meter{}) {
		ranked = append([]schema.MeterCandidate{{Name: a.Meter.Name, Probability: a.Meter.Confidence}}, ranked...)
	}
	for i, c := range ranked[:min(len(ranked), len(meterRow))] {
		choices = append(choices, choice{
			Field: "meter", Value: c.Name.String(), Text: c.Name.String(), Likely: c.Probability,
			Press: meterRow[i][0], Code: meterRow[i][1], Counts: c.Name == f.Meter,
		})
	}
	return choices
}

// pretty writes a key with the signs of music.
func pretty(k schema.Key) string {
	if k == schema.UnknownKey {
		return "–"
	}
	tonic, mode, _ := strings.Cut(k.String(), " ")
	tonic = strings.NewReplacer("#", "♯", "b", "♭").Replace(tonic)
	return tonic + " " + mode
}

func prettyMeter(m schema.Meter) string {
	if m == (schema.Meter{}) {
		return "–"
	}
	return m.String()
}

// history lists what was heard and said, newest first.
func history(versions []schema.Analysis, labels []schema.Label, f *schema.Features) []voice {
	type dated struct {
		voice
		at int64
	}
	var all []dated
	counted := map[string]bool{} // by a newer label
	standing := schema.Standing(labels)
	for _, l := range slices.Backward(labels) {
		v := voice{Who: l.Author, Note: l.Note, At: moment(l.At), Person: true, TakenBack: !slices.Contains(standing, l)}
		if v.Who == "" {
			v.Who = "somebody"
		}
		say := func(what, text string, says bool) string {
			if !says {
				return ""
			}
			if !v.TakenBack {
				v.Counts = v.Counts || !counted[what]
				counted[what] = true
			}
			return text
		}
		v.Tempo = say("tempo", bpm(l.TempoBPM), l.TempoBPM != 0)
		v.Key = say("key", pretty(l.Key), l.Key != schema.UnknownKey)
		v.Meter = say("meter", l.Meter.String(), l.Meter != schema.Meter{})
		if l.DownbeatS != 0 {
			v.Meter = strings.TrimSpace(fmt.Sprintf("%s bar at %.2f s", v.Meter, l.DownbeatS))
		}
		all = append(all, dated{v, l.At.UnixMilli()})
	}
	for _, a := range versions {
		all = append(all, dated{voice{
			Who: a.ModelVersion, At: moment(a.AnalysedAt),
			Counts: f != nil && f.ModelVersion == a.ModelVersion && len(counted) < 3,
			Tempo:  bpm(a.Tempo.BPM), Key: pretty(a.Key.Name), Meter: prettyMeter(a.Meter.Name),
			TempoP: percent(a.Tempo.Confidence), KeyP: percent(a.Key.Confidence), MeterP: percent(a.Meter.Confidence),
		}, a.AnalysedAt.UnixMilli()})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return int(b.at/1000 - a.at/1000) })
	voices := make([]voice, len(all))
	for i, d := range all {
		voices[i] = d.voice
	}
	return voices
}
