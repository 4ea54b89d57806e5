package storetest

import (
	"testing"
	"time"

	"earworm/schema"
)

// hostileText is what ends a statement, a string or a pattern in SQL or CQL,
// where a store puts text into a statement instead of binding it.
var hostileText = []string{
	`'); DROP TABLE tracks; --`, `"; TRUNCATE labels; /*`, `$$`, `%_\`, "line\nbreak\ttab", "' OR '1'='1", "\u202e\U0001f3b7 é", "?", ":a",
}

// hostileTextIsText: whatever people and files say is kept and compared as it
// is, and does nothing else.
func hostileTextIsText(t *testing.T, s schema.Store) {
	bystander := addTrack(t, s)
	save(t, s, heard(bystander, "v1", day, 1))
	for i, text := range hostileText {
		id := schema.TrackID(text + string(newTrack().ID))
		at := day.Add(time.Duration(i) * time.Minute)
		added := schema.Track{ID: id, Source: "file:///" + text, Title: text, Artist: text, Album: text, AddedAt: at}
		if _, err := s.AddTrack(t.Context(), added); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		a := heard(id, text, at, uint64(i))
		save(t, s, a)
		l := schema.Label{TrackID: id, At: at, Author: text, Note: text, TempoBPM: 91}
		say(t, s, l)
		if err := s.SaveFailure(t.Context(), id, text+"2", schema.Failure{Code: schema.Silent, Message: text}); err != nil {
			t.Fatalf("%q: %v", text, err)
		}

		got := track(t, s, id)
		if got.Source != added.Source || got.Title != text || got.Artist != text || got.Album != text || got.Failure == nil || got.Failure.Message != text {
			t.Errorf("%q is read as %+v", text, got)
		}
		if _, err := s.Analysis(t.Context(), id, text); err != nil {
			t.Errorf("the analysis by %q: %v", text, err)
		}
		labels, err := s.TrackLabels(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "labels", labels, []schema.Label{l})
		if _, err := s.List(t.Context(), schema.Listing{Text: text, Order: schema.ByAdded, Limit: 10}); err != nil {
			t.Errorf("a listing of %q: %v", text, err)
		}
		_, err = s.Track(t.Context(), schema.TrackID(text))
		wantNotFound(t, "a track whose identifier begins so", err, schema.TrackID(text))
	}
	if features(t, s, bystander).TrackID != bystander {
		t.Error("another track's features are gone")
	}
}
