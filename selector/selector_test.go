package selector_test

import (
	"errors"
	"strings"
	"testing"

	"earworm/schema"
	"earworm/selector"
)

// waltz is an entry that the conditions below are tried on.
func waltz() schema.Entry {
	return schema.Entry{
		Track: schema.Track{ID: "waltz", Source: "file:///waltz.flac", Artist: "O'Neill", Status: schema.Analysed, ModelVersion: "new"},
		Features: &schema.Features{
			TempoBPM: 168, TempoConfidence: 0.4, Key: schema.KeyOf(6, true), KeyConfidence: 0.9,
			Meter: schema.Meter{Beats: 3, Unit: 4}, DurationS: 200, LoudnessDB: -14, ModelVersion: "old", Labelled: []string{"key"},
		},
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	unheard := schema.Entry{Track: schema.Track{ID: "unheard", Status: schema.Failed, Failure: &schema.Failure{Code: schema.Corrupt}}}
	for text, want := range map[string][2]bool{ // of the waltz and of what was never heard
		"tempo.confidence < 0.5 and meter = 3":            {true, false},
		"tempo.confidence<0.5 AND meter=3/4":              {true, false},
		"meter = 3/8":                                     {false, false},
		"meter in (4/4, 3)":                               {true, false},
		"meter != 4":                                      {true, true},
		"meter not in (2, 4)":                             {true, true},
		"key = 'F# minor'":                                {true, false},
		"key = 11a and key.confidence >= 0.9":             {true, false},
		"key in (\"Gb min\", C)":                          {true, false},
		"key = unknown":                                   {false, false},
		"tempo > 168":                                     {false, false},
		"not tempo > 168":                                 {true, true},
		"tempo < 100 or tempo > 160 and duration <= 200":  {true, false},
		"(tempo < 100 or tempo > 160) and duration > 200": {false, false},
		"loudness >= -20":                                 {true, false},
		"labelled = key":                                  {true, false},
		"labelled = nothing":                              {false, false},
		"model_version = old":                             {true, false},
		"artist = 'O''Neill'":                             {true, false},
		"status = failed and failed in (corrupt, silent)": {false, true},
		"failed != corrupt":                               {true, false},
		"not (status = analysed or failed = silent)":      {false, true},
	} {
		c, err := selector.ParseCondition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := [2]bool{c.Match(waltz()), c.Match(unheard)}; got != want {
			t.Errorf("%s (read as %s) holds for %v; want %v", text, c, got, want)
		}
	}
}

func TestConditionsAreWrittenInOneWay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"TEMPO<.50 And ( Meter=3 and key=gbm )": "tempo < 0.5 and meter = '3' and key = 'F# minor'",
		"((a))":                                 "",
		"(tempo = 1 or tempo = 2) and not (tempo = -0)": "(tempo = 1 or tempo = 2) and not tempo = 0",
		"not (tempo=1 and tempo=2)":                     "not (tempo = 1 and tempo = 2)",
		"tempo=1 or (tempo=2 or tempo=3)":               "tempo = 1 or tempo = 2 or tempo = 3",
		"key not in (8B)":                               "not key in ('C major')",
	} {
		c, err := selector.ParseCondition(text)
		if c.String() != want || (err == nil) != (want != "") {
			t.Errorf("%s is written %q, %v; want %q", text, c, err, want)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tempoo < 3":                           `column 1: unknown field "tempoo"; want tempo, tempo.confidence, key,`,
		"tempo < 3 and moud =1":                `column 15: unknown field "moud"`,
		"tempo ~ 3":                            `column 7: got "~" after tempo; want =, !=, <, <=, >, >= or in`,
		"key < C":                              `column 5: got "<" after key; want =, != or in`,
		"key = F# minor":                       `column 10: "minor" is one word too many; want and, or, or the end; text with blanks wants quotes, such as 'F# minor'`,
		"key = 'H minor'":                      `column 7: key is "H minor"; want a key, such as 'F# minor'`,
		"meter = 3/5":                          `column 9: meter is "3/5"; want beats in a bar, such as 3, or a time signature, such as 3/4`,
		"tempo < fast":                         `column 9: tempo is "fast"; want a number, such as 0.5`,
		"tempo < nan":                          `want a number`,
		"tempo <":                              `column 8: got the end where a value should be`,
		"(tempo < 3":                           `column 11: got the end; want and, or, or a closing parenthesis`,
		"artist = 'ü":                          `column 10: the quote ' is not closed`,
		"artist = 'ü' x = 1":                   `column 14: "x" is one word too many`,
		"meter in 3":                           `got "3" after in; want a list`,
		"meter in (3 4)":                       `got "4"; want a comma or a closing parenthesis`,
		"labelled = no":                        `want tempo, key, meter or nothing`,
		"failed = broken":                      `want a failure's code, such as corrupt`,
		"":                                     `the condition ends where a field should be`,
		"tempo not = 3":                        `got "=" after tempo`,
		strings.Repeat("(", 200) + "tempo = 1": `nested more than 100 deep`,
		strings.Repeat(" ", 5000):              `want at most 4096 bytes`,
		"artist = '\xff'":                      `not UTF-8`,
	} {
		_, err := selector.ParseCondition(text)
		if _, ok := errors.AsType[*selector.Error](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: error %v; want %q in it", text, err, want)
		}
	}
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`:                                      true,
		`{"stale":true}`:                          false, // new has tried it, though old serves
		`{"model_version":"old"}`:                 true,
		`{"model_version":"new"}`:                 false,
		`{"failed":"corrupt"}`:                    false,
		`{"ids":["other","waltz"]}`:               true,
		`{"ids":["other"]}`:                       false,
		`{"where":"tempo > 100","ids":["waltz"]}`: true,
		`{"where":"tempo < 100","ids":["waltz"]}`: false,
	} {
		s, err := selector.Parse(text)
		if err != nil || s.Match(waltz(), "new") != want {
			t.Errorf("%s matches %v, %v; want %v", text, !want, err, want)
		}
	}
	if stale, _ := selector.Parse(`{"stale":true}`); !stale.Match(waltz(), "newer") {
		t.Error("a track that another version heard last is not stale")
	}
	canonical, err := selector.Parse(`{"ids":["b","a","b"],"where":"tempo<3"}`)
	if want := `{"where":"tempo < 3","ids":["a","b"]}`; err != nil || canonical.String() != want {
		t.Errorf("the canonical form is %s, %v; want %s", canonical, err, want)
	}
	for text, want := range map[string]string{
		`{"stail":true}`:      `"stail"`,
		`{"failed":"broken"}`: `failed is "broken"; want a code: not_found, access_denied,`,
		`{"where":"x = 1"}`:   `unknown field "x"`,
		`{"ids":[""]}`:        `empty identifier`,
		`{} {}`:               `goes on`,
		`stale`:               `want an object`,
		`{"ids":["` + strings.Repeat(`x","`, 3) + `y"],"stale":1}`: `stale`,
	} {
		if _, err := selector.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want %q in it", text, err, want)
		}
	}
}

// What is read is written so that it reads the same, and matches the same.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"tempo.confidence < 0.5 and meter = 3", "not (key = 'F# minor' or key in (8A, \"C\"))", "artist = 'it''s'",
		"tempo >= 1e3 or not not duration != -0.5", "labelled = key and status not in (failed)", "((tempo=1))", "meter = 'unknown'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := selector.ParseCondition(text)
		if err != nil {
			if bad, ok := errors.AsType[*selector.Error](err); !ok || bad.At < 1 || bad.At > len(text)+1 {
				t.Errorf("%q: error %#v", text, err)
			}
			return
		}
		again, err := selector.ParseCondition(c.String())
		if err != nil || again.String() != c.String() || again.Match(waltz()) != c.Match(waltz()) {
			t.Errorf("%q is written %q, which is read as %q, %v", text, c, again, err)
		}
	})
}
