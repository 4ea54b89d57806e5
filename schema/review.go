package schema

import (
	"context"
	"iter"
	"time"
)

// Worth says what a person's minute on a track is worth, and why.
type Worth struct {
	Score   float64  `json:"score"`   // 0: nothing to gain
	Reasons []string `json:"reasons"` // such as "tempo octave in doubt", the weightiest first
}

// Listing asks for a page of tracks. Zero fields do not filter.
type Listing struct {
	Filter
	Status Status
	Code   Code   // of a failure
	Text   string // of title, artist, album or source: begins a word, any case
	Order  Order
	After  string // cursor: Page.Next of the page before; "": from the start
	Limit  int    // 1 to 500
}

// Order is how a listing is sorted.
type Order string

// By worth is falling, newest first by when a track was added.
const (
	ByWorth Order = "worth"
	ByAdded Order = "added"
)

// Page is a part of a listing.
type Page struct {
	Items []Item `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page; "": this is the last
}

// Item is a track in a listing.
type Item struct {
	Track
	Features *Features `json:"features,omitempty"`
	Worth    Worth     `json:"worth"`
}

// Review is what people who check predictions work with.
type Review interface {
	// List gives one page; it costs the same on every page. ErrCursor.
	List(ctx context.Context, l Listing) (Page, error)

	// AllLabels walks every label there is, in no order.
	AllLabels(ctx context.Context) iter.Seq2[Label, error]

	// SavePicture keeps a small derived picture or curve of a track (waveform
	// peaks, spectrogram tile, beat activation), at most 1 MiB. Twice is once.
	SavePicture(ctx context.Context, id TrackID, kind string, data []byte) error

	// Picture returns ErrNotFound where there is none.
	Picture(ctx context.Context, id TrackID, kind string) ([]byte, error)

	// SetApart notes how a track stands among its album, and brings what a
	// minute on it is worth up to date. ErrNotFound where it was never analysed.
	SetApart(ctx context.Context, id TrackID, apart Apart) error

	// SaveSummary keeps the catalogue's figures, as they were reckoned last.
	SaveSummary(ctx context.Context, s Summary) error

	// Summary returns ErrNotFound where none was reckoned yet.
	Summary(ctx context.Context) (Summary, error)
}

// Summary is the catalogue in figures, made by one walk over it.
type Summary struct {
	At     time.Time `json:"at"`
	Counts Counts    `json:"counts"`

	Tempo map[int]int   `json:"tempo"` // tracks by BPM, in steps of 5, named by their lower end
	Key   map[Key]int   `json:"key"`
	Meter map[Meter]int `json:"meter"`
	// Tracks by confidence in tenths, 0 to 9.
	TempoConfidence, KeyConfidence, MeterConfidence [10]int

	Agreement map[string]Agreement `json:"agreement"` // with people's labels, by model version
}

// Agreement is how often a model version says what people say.
type Agreement struct {
	Tempo, TempoRight int // right: within 4 %
	Key, KeyRight     int
	Meter, MeterRight int
}

// Fits tells features that a filter passes.
func (f Filter) Fits(x Features) bool {
	return (f.MinTempo == 0 || x.TempoBPM >= f.MinTempo) &&
		(f.MaxTempo == 0 || x.TempoBPM <= f.MaxTempo) &&
		(f.Key == UnknownKey || x.Key == f.Key) &&
		(f.Meter == Meter{} || x.Meter == f.Meter) &&
		(f.ModelVersion == "" || x.ModelVersion == f.ModelVersion) &&
		(f.MaxTempoConfidence == 0 || x.TempoConfidence <= f.MaxTempoConfidence) &&
		(f.MaxKeyConfidence == 0 || x.KeyConfidence <= f.MaxKeyConfidence) &&
		(f.MaxMeterConfidence == 0 || x.MeterConfidence <= f.MaxMeterConfidence)
}

// Fits tells an item that the listing asks for, as far as its text goes unasked.
func (l Listing) Fits(i Item) bool {
	return (l.Status == "" || i.Status == l.Status) &&
		(l.Code == "" || i.Failure != nil && i.Failure.Code == l.Code) &&
		(l.Filter == Filter{} || i.Features != nil && l.Filter.Fits(*i.Features))
}
