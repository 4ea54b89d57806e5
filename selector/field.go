package selector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"earworm/schema"
)

// value is what a field has or is compared with: a number, or texts of which
// any one makes it equal.
type value struct {
	kind   kind
	number float64
	text   string
	texts  []string // of a track alone: it has all of these
}

type kind int

const (
	isNumber kind = iota
	isText
)

// equal compares a written value with a track's.
func (v value) equal(track value) bool {
	switch {
	case v.kind == isNumber:
		return v.number == track.number
	case track.texts != nil:
		return slices.Contains(track.texts, v.text)
	}
	return v.text == track.text
}

// String writes numbers plainly and all else in quotes.
func (v value) String() string {
	if v.kind == isNumber {
		return strconv.FormatFloat(v.number, 'g', -1, 64)
	}
	return "'" + strings.ReplaceAll(v.text, "'", "''") + "'"
}

// field is something of a track that conditions can speak of.
type field struct {
	name string
	ops  []string
	// parse reads what the field is compared with; its error says what is wanted.
	parse func(text string) (value, error)
	// of is a track's value, unless it is not known.
	of func(e schema.Entry) (value, bool)
}

var (
	ordered  = []string{"=", "!=", "<", "<=", ">", ">=", "in"}
	equality = []string{"=", "!=", "in"}
)

// unknown is how a key or meter is written that nobody heard.
const unknown = "unknown"

// fields are all there are, in the order that messages list them.
var fields = []*field{
	ofNumber("tempo", func(f *schema.Features) float64 { return f.TempoBPM }),
	ofNumber("tempo.confidence", func(f *schema.Features) float64 { return f.TempoConfidence }),
	{"key", equality, parseKey, ofFeatures(func(f *schema.Features) value { return text(orUnknown(f.Key.String())) })},
	ofNumber("key.confidence", func(f *schema.Features) float64 { return f.KeyConfidence }),
	{"meter", equality, parseMeter, ofFeatures(func(f *schema.Features) value {
		whole := orUnknown(f.Meter.String())
		beats, _, _ := strings.Cut(whole, "/")
		return value{kind: isText, texts: []string{whole, beats}}
	})},
	ofNumber("meter.confidence", func(f *schema.Features) float64 { return f.MeterConfidence }),
	ofNumber("duration", func(f *schema.Features) float64 { return f.DurationS }),
	ofNumber("loudness", func(f *schema.Features) float64 { return f.LoudnessDB }),
	{"model_version", equality, anyText, ofFeatures(func(f *schema.Features) value { return text(f.ModelVersion) })},
	{"labelled", equality, wordOf("tempo", "key", "meter", "nothing"), ofFeatures(func(f *schema.Features) value {
		if len(f.Labelled) == 0 {
			return text("nothing")
		}
		return value{kind: isText, texts: f.Labelled}
	})},
	{"status", equality, wordOf(string(schema.Pending), string(schema.Analysed), string(schema.Failed)), func(e schema.Entry) (value, bool) {
		return text(string(e.Status)), true
	}},
	{"failed", equality, parseCode, func(e schema.Entry) (value, bool) {
		if e.Failure == nil {
			return value{}, false
		}
		return text(string(e.Failure.Code)), true
	}},
	ofText("artist", func(t schema.Track) string { return t.Artist }),
	ofText("album", func(t schema.Track) string { return t.Album }),
	ofText("title", func(t schema.Track) string { return t.Title }),
	ofText("source", func(t schema.Track) string { return t.Source }),
}

// Fields lists what conditions can speak of.
func Fields() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func text(s string) value { return value{kind: isText, text: s} }

func orUnknown(s string) string {
	if s == "" {
		return unknown
	}
	return s
}

func ofFeatures(of func(*schema.Features) value) func(schema.Entry) (value, bool) {
	return func(e schema.Entry) (value, bool) {
		if e.Features == nil {
			return value{}, false
		}
		return of(e.Features), true
	}
}

func ofNumber(name string, of func(*schema.Features) float64) *field {
	return &field{name, ordered, parseNumber, ofFeatures(func(f *schema.Features) value { return value{number: of(f)} })}
}

func ofText(name string, of func(schema.Track) string) *field {
	return &field{name, equality, anyText, func(e schema.Entry) (value, bool) { return text(of(e.Track)), true }}
}

func anyText(s string) (value, error) { return text(s), nil }

func parseNumber(s string) (value, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return value{}, errors.New("want a number, such as 0.5")
	}
	return value{number: n + 0}, nil // a negative zero is zero
}

// parseKey reads a key by its name or its place on the Camelot wheel.
func parseKey(s string) (value, error) {
	if strings.EqualFold(s, unknown) {
		return text(unknown), nil
	}
	for _, k := range schema.Keys() {
		if strings.EqualFold(k.Camelot(), s) {
			return text(k.String()), nil
		}
	}
	k, err := schema.ParseKey(s)
	if err != nil {
		return value{}, errors.New("want a key, such as 'F# minor', or its place on the Camelot wheel, such as 11A, or unknown")
	}
	return text(k.String()), nil
}

// parseMeter reads a time signature, or only what stands above its line.
func parseMeter(s string) (value, error) {
	if strings.EqualFold(s, unknown) {
		return text(unknown), nil
	}
	if m, err := schema.ParseMeter(s); err == nil {
		return text(m.String()), nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 32 {
		return text(strconv.Itoa(n)), nil
	}
	return value{}, errors.New("want beats in a bar, such as 3, or a time signature, such as 3/4, or unknown")
}

func parseCode(s string) (value, error) {
	_, err := Selector{Failed: schema.Code(s)}.Normal()
	if err != nil || s == "" {
		return value{}, errors.New("want a failure's code, such as corrupt")
	}
	return text(s), nil
}

func wordOf(words ...string) func(string) (value, error) {
	return func(s string) (value, error) {
		if !slices.Contains(words, s) {
			return value{}, fmt.Errorf("want %s", oneOf(words))
		}
		return text(s), nil
	}
}
