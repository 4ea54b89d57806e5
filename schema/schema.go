// Package schema is earworm's vocabulary: tracks, what was heard in them, what
// people say of them, and the stores that keep all three. It imports nothing
// of earworm, so that every other package can speak it.
package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// TrackID names a track for good: 32 hexadecimal digits, derived from its
// source unless a catalogue brings identifiers of its own.
type TrackID string

// TrackIDOf derives the identifier of the track at source, a canonical URI
// such as file:///music/a.flac. Equal sources give equal identifiers, which is
// what makes enqueueing twice happen once.
func TrackIDOf(source string) TrackID {
	sum := sha256.Sum256([]byte(source))
	return TrackID(hex.EncodeToString(sum[:16]))
}

// Status is where a track stands.
type Status string

// A track is pending until a worker has either analysed it or failed for good.
const (
	Pending  Status = "pending"
	Analysed Status = "analysed"
	Failed   Status = "failed"
)

// Track is one recording of the catalogue.
type Track struct {
	ID           TrackID   `json:"track_id"`
	Source       string    `json:"source"`           // URI
	SHA256       string    `json:"sha256,omitempty"` // of the content last analysed, hexadecimal
	Title        string    `json:"title,omitempty"`
	Artist       string    `json:"artist,omitempty"`
	Album        string    `json:"album,omitempty"`
	DurationS    float64   `json:"duration_s,omitempty"`
	Status       Status    `json:"status"`
	Failure      *Failure  `json:"error,omitempty"`         // set where Status is Failed
	ModelVersion string    `json:"model_version,omitempty"` // of the newest attempt that ended
	AddedAt      time.Time `json:"added_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Analysis is all that one model version heard in a track.
type Analysis struct {
	TrackID      TrackID    `json:"track_id"`
	ModelVersion string     `json:"model_version"`
	SHA256       string     `json:"sha256"` // of the content heard
	DurationS    float64    `json:"duration_s"`
	Tempo        Tempo      `json:"tempo"`
	Key          KeyHeard   `json:"key"`
	Meter        MeterHeard `json:"meter"`
	Beats        []float32  `json:"beats,omitempty"`     // s, rising
	Downbeats    []float32  `json:"downbeats,omitempty"` // s, rising; a subset of Beats
	LoudnessDB   float64    `json:"loudness_db"`         // mean level, dB relative to full scale
	TuningCents  float64    `json:"tuning_cents"`        // of A4 against 440 Hz, -50 to 50
	Decoder      string     `json:"decoder"`
	Cost         Cost       `json:"cost"`
	Embedding    []float32  `json:"embedding,omitempty"` // (EmbeddingSize), unit length
	AnalysedAt   time.Time  `json:"analysed_at"`
}

// EmbeddingSize is the length of an analysis's similarity vector.
const EmbeddingSize = 64

// Cost is the wall time each stage took, in milliseconds.
type Cost struct {
	DecodeMS  float64 `json:"decode_ms"` // reading, decoding and resampling
	ListenMS  float64 `json:"listen_ms"` // spectrograms, as the audio arrives
	NetworkMS float64 `json:"network_ms"`
}

// Tempo is the felt pulse of a track.
type Tempo struct {
	BPM          float64          `json:"bpm"`        // beats a minute; 0: no pulse was heard
	Confidence   float64          `json:"confidence"` // 0 to 1
	Stability    float64          `json:"stability"`  // 0 to 1: share of the beats that keep to BPM
	Alternatives []TempoCandidate `json:"alternatives"`
	Sections     []TempoSection   `json:"sections,omitempty"` // rising; none where the tempo is one throughout
}

// TempoSection is a stretch of a track in a tempo of its own, up to the next.
type TempoSection struct {
	StartS float64 `json:"start_s"` // s
	BPM    float64 `json:"bpm"`
}

// TempoCandidate is another tempo the track may be felt in.
type TempoCandidate struct {
	BPM         float64 `json:"bpm"`
	Probability float64 `json:"probability"`
}

// KeyHeard is the key of a track as a model heard it.
type KeyHeard struct {
	Name         Key            `json:"name"`
	Camelot      string         `json:"camelot"`
	Confidence   float64        `json:"confidence"`
	Alternatives []KeyCandidate `json:"alternatives"`
}

// KeyCandidate is another key the track may be in.
type KeyCandidate struct {
	Name        Key     `json:"name"`
	Camelot     string  `json:"camelot"`
	Probability float64 `json:"probability"`
}

// MeterHeard is the time signature of a track as a model heard it.
type MeterHeard struct {
	Name         Meter            `json:"name"` // zero: no meter was heard
	BeatsPerBar  int              `json:"beats_per_bar"`
	Confidence   float64          `json:"confidence"`
	Alternatives []MeterCandidate `json:"alternatives"`
}

// MeterCandidate is another time signature the track may have.
type MeterCandidate struct {
	Name        Meter   `json:"name"`
	BeatsPerBar int     `json:"beats_per_bar"`
	Probability float64 `json:"probability"`
}

// Label is a person's correction. Labels are only ever added; for each of
// tempo, key and meter the newest label that speaks of it wins over every
// analysis, past and future. One that was a mistake is taken back by another.
type Label struct {
	TrackID  TrackID   `json:"track_id"`
	At       time.Time `json:"at"` // with TrackID the label's identity, millisecond precision
	Author   string    `json:"author"`
	Note     string    `json:"note,omitempty"`
	TempoBPM float64   `json:"tempo_bpm,omitempty"` // 0: says nothing
	Key      Key       `json:"key,omitempty"`       // UnknownKey: says nothing
	Meter    Meter     `json:"meter,omitzero"`      // zero: says nothing

	DownbeatS float64   `json:"downbeat_s,omitempty"` // a time at which a bar begins; 0: says nothing
	TakesBack time.Time `json:"takes_back,omitzero"`  // the time of a label of this track that no longer counts
}

// Standing are the labels that count: those that no other takes back.
func Standing(labels []Label) []Label {
	taken := map[int64]bool{}
	for _, l := range labels {
		if !l.TakesBack.IsZero() {
			taken[l.TakesBack.UnixMilli()] = true
		}
	}
	var standing []Label
	for _, l := range labels {
		if !taken[l.At.UnixMilli()] {
			standing = append(standing, l)
		}
	}
	return standing
}

// Features are the values that count for a track: a person's label where there
// is one, else the analysis. A labelled value has confidence 1.
type Features struct {
	TrackID         TrackID   `json:"track_id"`
	TempoBPM        float64   `json:"tempo_bpm"`
	TempoConfidence float64   `json:"tempo_confidence"`
	Key             Key       `json:"key"`
	KeyConfidence   float64   `json:"key_confidence"`
	Meter           Meter     `json:"meter"`
	MeterConfidence float64   `json:"meter_confidence"`
	LoudnessDB      float64   `json:"loudness_db"`
	DurationS       float64   `json:"duration_s"`
	ModelVersion    string    `json:"model_version"`
	Labelled        []string  `json:"labelled,omitempty"` // of "tempo", "key", "meter": what a person said
	UpdatedAt       time.Time `json:"updated_at"`
}

// Counting picks, of a track's analyses, newest first, the one that counts: the
// serving version's or else the newest. Beside it is the newest of the others,
// nil where there is none. ok is false where there are no analyses.
func Counting(analyses []Analysis, serving string) (counts Analysis, other *Analysis, ok bool) {
	if len(analyses) == 0 {
		return Analysis{}, nil, false
	}
	at := max(0, slices.IndexFunc(analyses, func(a Analysis) bool { return a.ModelVersion == serving }))
	for i := range analyses {
		if i != at {
			return analyses[at], &analyses[i], true
		}
	}
	return analyses[at], nil, true
}

// Effective merges an analysis with a track's labels, given in any order.
func Effective(a Analysis, labels []Label) Features {
	f := Features{
		TrackID:         a.TrackID,
		TempoBPM:        a.Tempo.BPM,
		TempoConfidence: a.Tempo.Confidence,
		Key:             a.Key.Name,
		KeyConfidence:   a.Key.Confidence,
		Meter:           a.Meter.Name,
		MeterConfidence: a.Meter.Confidence,
		LoudnessDB:      a.LoudnessDB,
		DurationS:       a.DurationS,
		ModelVersion:    a.ModelVersion,
		UpdatedAt:       a.AnalysedAt,
	}
	var tempo, key, meter Label
	for _, l := range Standing(labels) {
		if l.TempoBPM != 0 && !l.At.Before(tempo.At) {
			tempo = l
		}
		if l.Key != UnknownKey && !l.At.Before(key.At) {
			key = l
		}
		if l.Meter != (Meter{}) && !l.At.Before(meter.At) {
			meter = l
		}
		if l.At.After(f.UpdatedAt) {
			f.UpdatedAt = l.At
		}
	}
	if tempo.TempoBPM != 0 {
		f.TempoBPM, f.TempoConfidence = tempo.TempoBPM, 1
		f.Labelled = append(f.Labelled, "tempo")
	}
	if key.Key != UnknownKey {
		f.Key, f.KeyConfidence = key.Key, 1
		f.Labelled = append(f.Labelled, "key")
	}
	if meter.Meter != (Meter{}) {
		f.Meter, f.MeterConfidence = meter.Meter, 1
		f.Labelled = append(f.Labelled, "meter")
	}
	return f
}
