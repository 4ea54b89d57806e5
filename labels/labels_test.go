package labels_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"earworm/labels"
	"earworm/schema"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	earlier := time.UnixMilli(1000)
	known := []schema.Label{{At: earlier, TempoBPM: 90}}
	for name, c := range map[string]struct {
		label schema.Label
		wrong string // part of the error; empty: none
	}{
		"slowest":          {schema.Label{TempoBPM: 20}, ""},
		"fastest":          {schema.Label{TempoBPM: 400}, ""},
		"too slow":         {schema.Label{TempoBPM: 19.9}, "want 20 to 400 BPM"},
		"too fast":         {schema.Label{TempoBPM: 400.1}, "want 20 to 400 BPM"},
		"below zero":       {schema.Label{TempoBPM: -1}, "want 20 to 400 BPM"},
		"key alone":        {schema.Label{Key: schema.KeyOf(6, true)}, ""},
		"note alone":       {schema.Label{Note: "lovely"}, "says nothing"},
		"longest note":     {schema.Label{TempoBPM: 90, Note: strings.Repeat("é", 2000)}, ""},
		"note too long":    {schema.Label{TempoBPM: 90, Note: strings.Repeat("é", 2001)}, "want at most 2000"},
		"author too long":  {schema.Label{TempoBPM: 90, Author: strings.Repeat("a", 65)}, "want at most 64"},
		"before the start": {schema.Label{DownbeatS: -0.1}, "want seconds from 0"},
		"takes back":       {schema.Label{TakesBack: earlier}, ""},
		"takes back none":  {schema.Label{TakesBack: earlier.Add(time.Millisecond)}, "no label of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := labels.Check(c.label, known)
			if errors.Is(err, labels.ErrUnknown) != (name == "takes back none") {
				t.Errorf("error is %v", err)
			}
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error is %v; want %q", err, c.wrong)
			}
		})
	}
}
