package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"earworm/schema"
)

// album adds six analysed tracks that lie in a folder of their own, alike but
// for the tempo of the first, half that of the others. Word finds them.
func album(t *testing.T, s schema.Store) (tracks []schema.Analysis, word string) {
	t.Helper()
	word = fmt.Sprintf("a%d%d", time.Now().UnixNano(), made.Add(1))
	for i := range 6 {
		track := newTrack()
		track.Source = fmt.Sprintf("file:///music/%s/%d.flac", word, i)
		track.ID, track.Title = schema.TrackIDOf(track.Source), word
		if _, err := s.AddTrack(t.Context(), track); err != nil {
			t.Fatal(err)
		}
		a := heard(track.ID, "v1", day, 3)
		if a.Tempo.BPM = 120; i == 0 {
			a.Tempo.BPM = 60
		}
		save(t, s, a)
		tracks = append(tracks, a)
	}
	return tracks, word
}

const unlikeAlbum = "tempo unlike its album's"

func markApart(t *testing.T, s schema.Store) {
	t.Helper()
	if _, err := schema.MarkApart(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func apartFromAlbum(t *testing.T, s schema.Store) {
	tracks, word := album(t, s)
	mine, first := map[schema.TrackID]bool{}, tracks[0]
	for _, a := range tracks {
		mine[a.TrackID] = true
	}
	want := func(when string, marked bool) {
		t.Helper()
		items := listed(t, s, schema.Listing{Text: word, Order: schema.ByWorth, Limit: 50}, mine)
		if len(items) != len(tracks) {
			t.Errorf("%s, %d of %d tracks are listed", when, len(items), len(tracks))
		}
		for _, i := range items {
			if slices.Contains(i.Worth.Reasons, unlikeAlbum) != (marked && i.ID == first.TrackID) {
				t.Errorf("%s, track %s of the album is worth a look for %q", when, i.Source, i.Worth.Reasons)
			}
		}
	}
	want("before anybody has looked", false)
	markApart(t, s)
	want("after a look", true)
	if changed, err := schema.MarkApart(t.Context(), s); err != nil || changed != 0 {
		t.Errorf("a second look changes %d tracks, error %v; want none", changed, err)
	}

	again := first
	again.ModelVersion, again.AnalysedAt = "v2", day.Add(time.Hour)
	save(t, s, again)
	want("heard again", true)
	said := schema.Label{TrackID: first.TrackID, At: day.Add(time.Hour), Author: "ada", TempoBPM: 60}
	say(t, s, said)
	want("confirmed by a person", false)
	markApart(t, s)
	say(t, s, schema.Label{TrackID: first.TrackID, At: day.Add(2 * time.Hour), Author: "ada", TakesBack: said.At})
	want("confirmed, and taken back", true)

	again.ModelVersion, again.AnalysedAt, again.Tempo.BPM = "v3", day.Add(3*time.Hour), 120
	save(t, s, again)
	markApart(t, s)
	want("heard rightly", false)

	id := addTrack(t, s)
	wantNotFound(t, "set apart a track never analysed", s.SetApart(t.Context(), id, schema.Apart{Tempo: true}), id)
}

// apartAmongWriters lets a track be marked while it is heard anew: in the end
// both count.
func apartAmongWriters(t *testing.T, s schema.Store) {
	tracks, word := album(t, s)
	together(t, 2*len(tracks), func(i int) error {
		a := tracks[i/2]
		if i%2 == 0 {
			return s.SetApart(t.Context(), a.TrackID, schema.Apart{Tempo: true})
		}
		a.ModelVersion, a.AnalysedAt, a.Tempo.BPM = "v2", day.Add(time.Hour), 90
		return s.SaveAnalysis(t.Context(), a)
	})
	page, err := s.List(t.Context(), schema.Listing{Text: word, Order: schema.ByWorth, Limit: 50})
	if err != nil || len(page.Items) != len(tracks) {
		t.Fatalf("%d of %d tracks are listed, error %v", len(page.Items), len(tracks), err)
	}
	for _, i := range page.Items {
		if i.Features.TempoBPM != 90 || !slices.Contains(i.Worth.Reasons, unlikeAlbum) {
			t.Errorf("a track is at %g BPM and worth a look for %q; want 90 BPM, and the mark", i.Features.TempoBPM, i.Worth.Reasons)
		}
	}
}

// nothingWorth is a track whose only analysis was deleted.
func nothingWorth(t *testing.T, s schema.Store) {
	tracks, word := album(t, s)
	markApart(t, s)
	if err := s.DeleteAnalysis(t.Context(), tracks[0].TrackID, "v1"); err != nil {
		t.Fatal(err)
	}
	page, err := s.List(t.Context(), schema.Listing{Text: word, Order: schema.ByWorth, Limit: 50})
	if err != nil || len(page.Items) != len(tracks) {
		t.Fatalf("%d of %d tracks are listed, error %v", len(page.Items), len(tracks), err)
	}
	if last := page.Items[len(page.Items)-1]; last.ID != tracks[0].TrackID || last.Worth.Score != 0 || len(last.Worth.Reasons) != 0 {
		t.Errorf("the last is %s, worth %+v; want the one that nothing is known of, worth nothing", last.Source, last.Worth)
	}
}
