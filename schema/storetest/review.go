package storetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"earworm/schema"
)

// listed walks all pages of a listing and gives the law's own tracks.
func listed(t *testing.T, s schema.Store, l schema.Listing, mine map[schema.TrackID]bool) (got []schema.Item) {
	t.Helper()
	for {
		page, err := s.List(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > l.Limit || page.Next != "" && len(page.Items) < l.Limit {
			t.Fatalf("a page of %d holds %d, next %q", l.Limit, len(page.Items), page.Next)
		}
		for _, i := range page.Items {
			if mine[i.ID] {
				got = append(got, i)
			}
		}
		if l.After = page.Next; l.After == "" {
			return got
		}
	}
}

func pagesInOrder(t *testing.T, s schema.Store) {
	mine := map[schema.TrackID]bool{}
	word := fmt.Sprintf("p%d", made.Add(1)) // keeps the pages to this law's tracks
	for i := range 40 {
		track := newTrack()
		track.Title = word
		track.AddedAt = day.Add(time.Duration(i%9) * time.Minute)
		if _, err := s.AddTrack(t.Context(), track); err != nil {
			t.Fatal(err)
		}
		mine[track.ID] = true
		if i%4 != 0 {
			save(t, s, heard(track.ID, "v1", day, uint64(i%7)))
		}
		if i%5 == 0 {
			say(t, s, schema.Label{TrackID: track.ID, At: day, TempoBPM: 100, Key: schema.KeyOf(1, false)})
		}
	}
	orders := map[schema.Order]func(a, b schema.Item) int{
		schema.ByWorth: func(a, b schema.Item) int {
			return cmp.Or(cmp.Compare(b.Worth.Score, a.Worth.Score), cmp.Compare(a.ID, b.ID))
		},
		schema.ByAdded: func(a, b schema.Item) int {
			return cmp.Or(b.AddedAt.Compare(a.AddedAt), cmp.Compare(a.ID, b.ID))
		},
	}
	for order, compare := range orders {
		got := listed(t, s, schema.Listing{Text: word, Order: order, Limit: 7}, mine)
		if len(got) != len(mine) {
			t.Errorf("by %s: %d of %d tracks are listed", order, len(got), len(mine))
		}
		if !slices.IsSortedFunc(got, compare) {
			t.Errorf("by %s: the listing is not in order", order)
		}
		for _, i := range got {
			same(t, "listed tracks", i.Track, track(t, s, i.ID))
			if i.Features != nil {
				same(t, "listed features", *i.Features, features(t, s, i.ID))
			}
		}
	}
	// A label takes from what a minute is worth.
	id := listed(t, s, schema.Listing{Text: word, Order: schema.ByWorth, Limit: 50}, mine)[0].ID
	say(t, s, schema.Label{TrackID: id, At: day.Add(time.Hour), TempoBPM: 1, Key: schema.KeyOf(1, false), Meter: schema.Meter{Beats: 3, Unit: 4}})
	for _, i := range listed(t, s, schema.Listing{Text: word, Order: schema.ByWorth, Limit: 50}, mine) {
		if i.ID == id && (i.Worth.Score != 0 || len(i.Worth.Reasons) != 0) {
			t.Errorf("labelled throughout, the track is still worth %+v", i.Worth)
		}
	}
}

func listingFinds(t *testing.T, s schema.Store) {
	mine := map[schema.TrackID]bool{}
	word := fmt.Sprintf("w%d", made.Add(1))
	for i := range 24 {
		track := newTrack()
		track.Title, track.Artist = fmt.Sprintf("Señor %s %d", word, i%2), "Ada’s Band"
		if _, err := s.AddTrack(t.Context(), track); err != nil {
			t.Fatal(err)
		}
		mine[track.ID] = true
		switch i % 3 {
		case 1:
			a := heard(track.ID, "v1", day, uint64(i))
			if i%2 == 0 {
				a.ModelVersion, a.Key.Name, a.Meter.Name = "v2", schema.KeyOf(9, true), schema.Meter{Beats: 6 + i%4/2, Unit: 4}
			}
			save(t, s, a)
		case 2:
			if i%2 == 0 {
				save(t, s, heard(track.ID, "v1", day, uint64(i)))
			}
			if err := s.SaveFailure(t.Context(), track.ID, "v1", *schema.Fail([]schema.Code{schema.Corrupt, schema.Silent}[i/12], "x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	every := listed(t, s, schema.Listing{Text: word, Order: schema.ByAdded, Limit: 100}, mine)
	for name, c := range map[string]struct {
		l    schema.Listing
		fits func(schema.Item) bool
	}{
		"pending":       {schema.Listing{Status: schema.Pending}, func(i schema.Item) bool { return i.Status == schema.Pending }},
		"failed":        {schema.Listing{Status: schema.Failed}, func(i schema.Item) bool { return i.Status == schema.Failed }},
		"by code":       {schema.Listing{Code: schema.Silent}, func(i schema.Item) bool { return i.Failure != nil && i.Failure.Code == schema.Silent }},
		"by word":       {schema.Listing{Text: word[:len(word)-1]}, func(schema.Item) bool { return true }},
		"in any case":   {schema.Listing{Text: "SEÑOR " + word}, func(schema.Item) bool { return true }},
		"no such word":  {schema.Listing{Text: "x" + word}, func(schema.Item) bool { return false }},
		"tempo":         {schema.Listing{Filter: schema.Filter{MinTempo: 100}}, func(i schema.Item) bool { return i.Features != nil && i.Features.TempoBPM >= 100 }},
		"tempo by word": {schema.Listing{Text: word, Filter: schema.Filter{MaxTempo: 120}}, func(i schema.Item) bool { return i.Features != nil && i.Features.TempoBPM <= 120 }},
		"key": {schema.Listing{Filter: schema.Filter{Key: schema.KeyOf(9, true)}}, func(i schema.Item) bool {
			return i.Features != nil && i.Features.Key == schema.KeyOf(9, true)
		}},
		"key and meter": {schema.Listing{Filter: schema.Filter{Key: schema.KeyOf(9, true), Meter: schema.Meter{Beats: 7, Unit: 4}}}, func(i schema.Item) bool {
			return i.Features != nil && i.Features.Key == schema.KeyOf(9, true) && i.Features.Meter == schema.Meter{Beats: 7, Unit: 4}
		}},
		"unsure of the tempo": {schema.Listing{Filter: schema.Filter{MaxTempoConfidence: 0.5}}, func(i schema.Item) bool {
			return i.Features != nil && i.Features.TempoConfidence <= 0.5
		}},
		"unsure of key and meter": {schema.Listing{Filter: schema.Filter{MaxKeyConfidence: 0.6, MaxMeterConfidence: 0.6}}, func(i schema.Item) bool {
			return i.Features != nil && i.Features.KeyConfidence <= 0.6 && i.Features.MeterConfidence <= 0.6
		}},
		"by a version": {schema.Listing{Filter: schema.Filter{ModelVersion: "v2"}}, func(i schema.Item) bool {
			return i.Features != nil && i.Features.ModelVersion == "v2"
		}},
		"failed, once heard": {schema.Listing{Status: schema.Failed, Filter: schema.Filter{MinTempo: 1}}, func(i schema.Item) bool {
			return i.Status == schema.Failed && i.Features != nil
		}},
		"hostile text": {schema.Listing{Text: `" OR 1=1 * NEAR( -`}, func(schema.Item) bool { return false }},
	} {
		var want []schema.TrackID
		for _, i := range every {
			if c.fits(i) {
				want = append(want, i.ID)
			}
		}
		find := func(l schema.Listing) {
			t.Helper()
			var got []schema.TrackID
			for _, i := range listed(t, s, l, mine) {
				got = append(got, i.ID)
			}
			same(t, name+": tracks listed", got, want)
		}
		if c.l.Order, c.l.Limit = schema.ByAdded, 5; c.l.Text == "" {
			among := c.l // all that there is
			among.Limit = 500
			find(among)
			c.l.Text = word
		}
		find(c.l)
	}
}

func cursorRefused(t *testing.T, s schema.Store) {
	addTrack(t, s)
	for _, after := range []string{"x", "e30", "!", schema.Cursor{Order: schema.ByAdded, ID: "a"}.String()} {
		if _, err := s.List(t.Context(), schema.Listing{Order: schema.ByWorth, Limit: 1, After: after}); !errors.Is(err, schema.ErrCursor) {
			t.Errorf("cursor %q: got error %v; want %v", after, err, schema.ErrCursor)
		}
	}
	for _, l := range []schema.Listing{{Order: schema.ByWorth}, {Order: schema.ByWorth, Limit: 501}, {Order: "colour", Limit: 1}} {
		if _, err := s.List(t.Context(), l); err == nil {
			t.Errorf("listing %+v is not refused", l)
		}
	}
}

func allLabels(t *testing.T, s schema.Store) {
	var want []schema.Label
	for i := range 12 {
		l := schema.Label{TrackID: addTrack(t, s), At: day.Add(time.Duration(i) * time.Second), Author: "ada", TempoBPM: float64(60 + i)}
		say(t, s, l)
		want = append(want, l)
	}
	var got []schema.Label
	for l, err := range s.AllLabels(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(want, l) {
			got = append(got, l)
		}
	}
	slices.SortFunc(got, func(a, b schema.Label) int { return a.At.Compare(b.At) })
	same(t, "labels", got, want)
}

func picturesKept(t *testing.T, s schema.Store) {
	ctx, id := t.Context(), addTrack(t, s)
	_, err := s.Picture(ctx, id, "peaks")
	wantNotFound(t, "a picture", err, id)
	for _, want := range [][]byte{{0, 1, 2, 255}, bytes.Repeat([]byte{7}, 1<<20)} {
		if err := s.SavePicture(ctx, id, "peaks", want); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Picture(ctx, id, "peaks"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("a picture of %d bytes is read as %d; error %v", len(want), len(got), err)
		}
	}
	if err := s.SavePicture(ctx, id, "peaks", make([]byte, 1<<20+1)); err == nil {
		t.Error("a picture above 1 MiB is not refused")
	}
	wantNotFound(t, "a picture of no track", s.SavePicture(ctx, "nowhere", "peaks", []byte{1}), "nowhere")

	want := schema.Summary{
		At: day, Counts: schema.Counts{Tracks: 3, Failures: map[schema.Code]int{schema.Silent: 1}, Versions: map[string]int{"v1": 2}},
		Tempo: map[int]int{120: 2}, Key: map[schema.Key]int{schema.KeyOf(9, true): 1, schema.UnknownKey: 1},
		Meter:     map[schema.Meter]int{{Beats: 7, Unit: 8}: 2},
		Agreement: map[string]schema.Agreement{"v1": {Tempo: 2, TempoRight: 1}},
	}
	want.KeyConfidence[9] = 2
	if err := s.SaveSummary(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Summary(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the summary's figures", got, want)
}

func summaryCounts(t *testing.T, s schema.Store) {
	version := versionOf(1)
	before, err := schema.Summarise(t.Context(), s, day)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		a := heard(addTrack(t, s), version, day, 7)
		a.Tempo.BPM, a.Tempo.Confidence = 122, 0.55
		save(t, s, a)
		switch i {
		case 0: // right about the tempo, wrong about the key
			say(t, s, schema.Label{TrackID: a.TrackID, At: day, TempoBPM: 121, Key: a.Key.Name%24 + 1})
		case 1: // the newest label counts
			say(t, s, schema.Label{TrackID: a.TrackID, At: day, TempoBPM: 122})
			say(t, s, schema.Label{TrackID: a.TrackID, At: day.Add(time.Second), TempoBPM: 61})
		}
	}
	if err := s.SaveFailure(t.Context(), addTrack(t, s), version, *schema.Fail(schema.Silent, "x")); err != nil {
		t.Fatal(err)
	}
	after, err := schema.Summarise(t.Context(), s, day)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "agreements", after.Agreement[version], schema.Agreement{Tempo: 2, TempoRight: 1, Key: 1})
	for what, c := range map[string]struct{ got, want int }{
		"tracks":                         {after.Counts.Tracks - before.Counts.Tracks, 7},
		"analysed":                       {after.Counts.Analysed - before.Counts.Analysed, 6},
		"silent":                         {after.Counts.Failures[schema.Silent] - before.Counts.Failures[schema.Silent], 1},
		"from 120 to 125 BPM":            {after.Tempo[120] - before.Tempo[120], 5},
		"a person's 60 BPM":              {after.Tempo[60] - before.Tempo[60], 1},
		"a tempo of confidence 0.5":      {after.TempoConfidence[5] - before.TempoConfidence[5], 4},
		"a tempo that is a person's own": {after.TempoConfidence[9] - before.TempoConfidence[9], 2},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d more; want %d", what, c.got, c.want)
		}
	}
}
