// Package labels says what a person's label may hold, and reads and writes
// labels as ground truth that others can use: CSV and NDJSON.
package labels

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"earworm/schema"
)

// The bounds of what a label says.
const (
	SlowestBPM  = 20
	FastestBPM  = 400
	LongestNote = 2000 // characters
	LongestName = 64   // characters of an author
)

// TimeForm is how a label's time is written: UTC, to the millisecond.
const TimeForm = "2006-01-02T15:04:05.000Z07:00"

// TempoFits tells a tempo that a label may state.
func TempoFits(bpm float64) bool { return bpm >= SlowestBPM && bpm <= FastestBPM }

// SaysNothing tells a label that neither states nor takes back anything.
func SaysNothing(l schema.Label) bool {
	return l.TempoBPM == 0 && l.Key == schema.UnknownKey && l.Meter == (schema.Meter{}) && l.DownbeatS == 0 && l.TakesBack.IsZero()
}

// ErrUnknown is wrapped where a label is to be taken back that is not there.
var ErrUnknown = errors.New("want the time of one to take back")

// Check says what about a label cannot be, beside those known of its track.
func Check(l schema.Label, known []schema.Label) error {
	switch {
	case SaysNothing(l):
		return errors.New("the label says nothing; want tempo, key, meter, downbeat, or the time of a label to take back")
	case l.TempoBPM != 0 && !TempoFits(l.TempoBPM):
		return fmt.Errorf("tempo is %g; want %d to %d BPM", l.TempoBPM, SlowestBPM, FastestBPM)
	case !(l.DownbeatS >= 0 && l.DownbeatS < 1e9):
		return fmt.Errorf("downbeat is %g; want seconds from 0", l.DownbeatS)
	case !utf8.ValidString(l.Note) || utf8.RuneCountInString(l.Note) > LongestNote:
		return fmt.Errorf("note has %d characters; want at most %d, UTF-8", utf8.RuneCountInString(l.Note), LongestNote)
	case !utf8.ValidString(l.Author) || utf8.RuneCountInString(l.Author) > LongestName:
		return fmt.Errorf("author is %q; want at most %d characters, UTF-8", l.Author, LongestName)
	case l.TakesBack.IsZero():
		return nil
	case !slices.ContainsFunc(known, func(k schema.Label) bool { return k.At.UnixMilli() == l.TakesBack.UnixMilli() }):
		return fmt.Errorf("no label of %s was made at %s; %w", l.TrackID, l.TakesBack.UTC().Format(TimeForm), ErrUnknown)
	}
	return nil
}
