package schema_test

import (
	"errors"
	"testing"
	"time"

	"earworm/schema"
)

// FuzzCursor: a cursor that is read is the one that it is written as, and of
// its own order alone; any other is refused as such.
func FuzzCursor(f *testing.F) {
	last := schema.Item{Track: schema.Track{ID: "a", AddedAt: time.UnixMilli(1_700_000_000_123)}, Worth: schema.Worth{Score: 0.75}}
	f.Add(schema.CursorAt(schema.ByAdded, last).String())
	f.Add(schema.CursorAt(schema.ByWorth, last).String())
	f.Add("bm90IEpTT04")
	f.Fuzz(func(t *testing.T, text string) {
		read := 0
		for _, order := range []schema.Order{schema.ByAdded, schema.ByWorth} {
			c, err := schema.ParseCursor(text, order)
			if err != nil {
				if !errors.Is(err, schema.ErrCursor) {
					t.Errorf("refused with %v", err)
				}
				continue
			}
			read++
			if again, err := schema.ParseCursor(c.String(), order); err != nil || again != c {
				t.Errorf("%+v is written and read as %+v (%v)", c, again, err)
			}
		}
		if read > 1 {
			t.Errorf("%q is a cursor of two orders", text)
		}
	})
}
