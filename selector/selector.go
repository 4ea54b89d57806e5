// Package selector says which tracks of the catalogue are meant: those that a
// model version has not heard yet, those that failed with a code, or those
// whose features fit a condition such as
//
//	tempo.confidence < 0.5 and meter = 3
package selector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"earworm/schema"
)

// MostIDs is how many tracks a selector can name one by one.
const MostIDs = 10_000

// Selector narrows the catalogue; all that is set must hold, and the zero
// Selector is every track. Its JSON form is canonical once it is Normal.
type Selector struct {
	// Stale tracks are those that the model version in question has not tried.
	Stale bool `json:"stale,omitempty"`
	// ModelVersion is the one that a track's features come from.
	ModelVersion string `json:"model_version,omitempty"`
	// Failed is the code that a track failed with.
	Failed schema.Code `json:"failed,omitempty"`
	// Where is a condition on a track and its features.
	Where Condition `json:"where,omitzero"`
	// IDs are tracks by name.
	IDs []schema.TrackID `json:"ids,omitempty"`
}

// Parse reads a selector's JSON form. An unknown field is an error.
func Parse(text string) (Selector, error) {
	var s Selector
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		if _, ok := errors.AsType[*Error](err); ok {
			return Selector{}, err
		}
		return Selector{}, fmt.Errorf("selector is not as it should be (%w); want an object of %s", err, "stale, model_version, failed, where, ids")
	}
	if dec.More() {
		return Selector{}, errors.New("selector goes on after its JSON object")
	}
	return s.Normal()
}

// Normal is the selector in the one form of all that mean the same: its
// identifiers sorted, each once. The error names what cannot be.
func (s Selector) Normal() (Selector, error) {
	if s.Failed != "" && !slices.Contains(schema.Codes(), s.Failed) {
		codes := make([]string, len(schema.Codes()))
		for i, c := range schema.Codes() {
			codes[i] = string(c)
		}
		return s, fmt.Errorf("failed is %q; want a code: %s", s.Failed, oneOf(codes))
	}
	s.IDs = slices.Clone(s.IDs)
	slices.Sort(s.IDs)
	s.IDs = slices.Compact(s.IDs)
	if len(s.IDs) > MostIDs {
		return s, fmt.Errorf("selector names %d tracks; want at most %d, or a condition", len(s.IDs), MostIDs)
	}
	if len(s.IDs) > 0 && s.IDs[0] == "" {
		return s, errors.New("selector names a track by an empty identifier")
	}
	return s, nil
}

// String is the selector's JSON form.
func (s Selector) String() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // conditions have < and > in them
	if err := enc.Encode(s); err != nil {
		panic("selector: " + err.Error()) // it holds texts and numbers only
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Match tells whether a track is meant, for a batch of modelVersion.
func (s Selector) Match(e schema.Entry, modelVersion string) bool {
	switch {
	case s.Stale && e.ModelVersion == modelVersion,
		s.ModelVersion != "" && (e.Features == nil || e.Features.ModelVersion != s.ModelVersion),
		s.Failed != "" && (e.Failure == nil || e.Failure.Code != s.Failed),
		!s.Where.Match(e):
		return false
	}
	if len(s.IDs) == 0 {
		return true
	}
	_, named := slices.BinarySearch(s.IDs, e.ID)
	return named
}

// oneOf lists words: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
