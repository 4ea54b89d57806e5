package web_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
)

const formType = "application/x-www-form-urlencoded"

// Whatever a track is called, a page shows it as text, and a browser is told to
// run nothing but our own scripts.
func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hostile := `"><script>hacked()</script><img src=x onerror=hacked()>{{.}}`
	id := s.invent(t, "hostile", hostile, 120)
	label := schema.Label{TrackID: id, At: time.Now(), Author: hostile, Note: "</script><script>hacked()</script>", TempoBPM: 60}
	if err := s.store.AddLabel(t.Context(), label); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/worklist", "/tracks/hostile", "/upload", "/tracks/none"} {
		res, body := s.ask(t, "GET", path, "")
		if strings.Contains(body, "<script>hacked") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s shows a name as markup", path)
		}
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s has the policy %q; want %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the policy %q", path, csp)
		}
		for _, inline := range []string{" style=", " onclick=", "javascript:"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s has %q, which the policy forbids", path, inline)
			}
		}
	}
}

func TestNoScriptIsLarge(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("static/*.js")
	if err != nil || len(scripts) < 5 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, name := range scripts {
		if info, err := os.Stat(name); err != nil || info.Size() > 60_000 {
			t.Errorf("%s has %d bytes, %v; want 60,000 or fewer", name, info.Size(), err)
		}
	}
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, form string
		status     int
		says       string
	}{
		{"a tempo", "author=ada&tempo=60.5&seen=0", 303, ""},
		{"everything", "author=ada&tempo=60&key=F%23+minor&meter=6/8&downbeat=1.25&note=felt&seen=0", 303, ""},
		{"nobody's", "tempo=60&seen=0", 422, "Say who you are"},
		{"nothing", "author=ada&seen=0", 422, "Nothing is chosen"},
		{"a tempo out of range", "author=ada&tempo=1200&seen=0", 422, "want 20 to 400"},
		{"no tempo", "author=ada&tempo=NaN&seen=0", 422, "want 20 to 400"},
		{"no key", "author=ada&key=H+dur&seen=0", 422, "such as F# minor"},
		{"no meter", "author=ada&meter=4/5&seen=0", 422, "such as 7/8"},
		{"no time", "author=ada&downbeat=-1&seen=0", 422, "Downbeat"},
		{"a long note", "author=ada&tempo=60&seen=0&note=" + strings.Repeat("x", 2001), 422, "too long"},
		{"of one who saw nothing of the other's", "author=ada&tempo=60&seen=1", 409, "Somebody was here meanwhile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			id := s.invent(t, "t", "Waltz", 121)
			res, body := s.ask(t, "POST", "/tracks/t/labels", c.form, "Content-Type", formType)
			if res.StatusCode != c.status || !strings.Contains(body, c.says) {
				t.Fatalf("%d %s; want %d and %q", res.StatusCode, body, c.status, c.says)
			}
			if kept := len(s.labels(t, id)); kept != 0 && c.status != http.StatusSeeOther || kept != 1 && c.status == http.StatusSeeOther {
				t.Errorf("%d labels are kept", kept)
			}
		})
	}
}

func TestCorrectionIsKeptWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.invent(t, "t", "Waltz", 121)
	form := url.Values{"author": {"Ada"}, "tempo": {"60.5"}, "key": {"Gb major"}, "meter": {"6/8"}, "downbeat": {"1.25"}, "note": {"felt in two"}, "seen": {"0"}}
	_, body := s.ask(t, "POST", "/tracks/t/labels", form.Encode(), "Content-Type", formType, "Hx-Request", "true")
	labels := s.labels(t, id)
	if len(labels) != 1 {
		t.Fatalf("%d labels: %s", len(labels), body)
	}
	l := labels[0]
	l.At = time.Time{}
	want := schema.Label{TrackID: id, Author: "Ada", Note: "felt in two", TempoBPM: 60.5, Key: schema.KeyOf(6, false), Meter: schema.Meter{Beats: 6, Unit: 8}, DownbeatS: 1.25}
	if l != want {
		t.Errorf("kept is %+v; want %+v", l, want)
	}
	for _, part := range []string{"Kept: 60.5 BPM, F♯ major, 6/8", "felt in two", "corrected", `name="seen" value="1"`} {
		if !strings.Contains(body, part) {
			t.Errorf("the answer lacks %q:\n%s", part, body)
		}
	}
}

// Where one of the labels to take back is not there, none is taken back.
func TestUndoOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, at := s.invent(t, "a", "A", 121), time.Now().UTC().Truncate(time.Millisecond)
	if err := s.store.AddLabel(t.Context(), schema.Label{TrackID: id, At: at, Author: "Ada", TempoBPM: 90}); err != nil {
		t.Fatal(err)
	}
	form := at.Format(time.RFC3339Nano)
	for name, other := range map[string]string{
		"another time": fmt.Sprintf(`{"track": "a", "at": %q}`, at.Add(time.Second).Format(time.RFC3339Nano)), "no time": `{"track": "a"}`,
		"another track": fmt.Sprintf(`{"track": "b", "at": %q}`, form),
	} {
		body := fmt.Sprintf(`{"labels": [{"track": "a", "at": %q}, %s]}`, form, other)
		res, answer := s.ask(t, "POST", "/worklist/undo", body, "Earworm-Author", "Ada")
		if res.StatusCode != http.StatusConflict || !strings.Contains(answer, "no such label") || len(s.labels(t, id)) != 1 {
			t.Errorf("%s: %d %s, %d labels", name, res.StatusCode, answer, len(s.labels(t, id)))
		}
	}
}

// What is done to many tracks at once is taken back as one.
func TestActsAndTheirUndoing(t *testing.T) {
	t.Parallel()
	for act, want := range map[string]float64{"accept": 121, "half": 60.5, "double": 242} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			a, b := s.invent(t, "a", "A", 121), s.invent(t, "b", "B", 121)
			form := url.Values{"id": {"a", "b"}, "act": {act}}.Encode()
			res, body := s.ask(t, "POST", "/worklist/act", form, "Content-Type", formType, "Earworm-Author", "Ada%20L.")
			var done struct{ Done []json.RawMessage }
			if err := json.Unmarshal([]byte(body), &done); err != nil || res.StatusCode != http.StatusOK || len(done.Done) != 2 {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
			for _, id := range []schema.TrackID{a, b} {
				f, err := s.store.Features(t.Context(), id)
				if err != nil || f.TempoBPM != want || f.TempoConfidence != 1 {
					t.Errorf("after %s: %+v, %v", act, f, err)
				}
				if l := s.labels(t, id); l[0].Author != "Ada L." {
					t.Errorf("the label is %q's", l[0].Author)
				}
			}
			undo, err := json.Marshal(map[string]any{"labels": done.Done})
			if err != nil {
				t.Fatal(err)
			}
			if res, body := s.ask(t, "POST", "/worklist/undo", string(undo), "Earworm-Author", "Ada"); res.StatusCode != http.StatusOK {
				t.Fatalf("undo: %d %s", res.StatusCode, body)
			}
			f, err := s.store.Features(t.Context(), a)
			if err != nil || f.TempoBPM != 121 || f.TempoConfidence != 0.4 || len(s.labels(t, a)) != 2 {
				t.Errorf("after undo: %+v, %v, %d labels", f, err, len(s.labels(t, a)))
			}
		})
	}
}

func TestReprocessIsABatchThatCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invent(t, "a", "A", 121)
	res, body := s.ask(t, "POST", "/worklist/act", "id=a&act=reprocess", "Content-Type", formType, "Earworm-Author", "Ada")
	var done struct{ Batch string }
	if err := json.Unmarshal([]byte(body), &done); err != nil || res.StatusCode != http.StatusOK || done.Batch == "" {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if _, page := s.ask(t, "GET", "/", ""); !strings.Contains(page, "1 chosen track") || !strings.Contains(page, "/batches/"+done.Batch+"/cancel") {
		t.Error("the overview does not show the batch")
	}
	if res, body := s.ask(t, "POST", "/worklist/undo", fmt.Sprintf(`{"batch": %q}`, done.Batch), "Earworm-Author", "Ada"); res.StatusCode != http.StatusOK {
		t.Fatalf("undo: %d %s", res.StatusCode, body)
	}
	if b, err := s.store.Batch(t.Context(), done.Batch); err != nil || b.State != schema.BatchCancelled {
		t.Errorf("the batch is %s, %v", b.State, err)
	}
	if res, _ := s.ask(t, "POST", "/batches/"+done.Batch+"/resume", ""); res.StatusCode != http.StatusConflict {
		t.Errorf("a cancelled batch is resumed: %d", res.StatusCode)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invent(t, "slow", "Slow Lamp", 60)
	s.invent(t, "fast", "Fast Train", 180)
	for query, want := range map[string]string{
		"":                        "both",
		"?min=100":                "fast",
		"?max=100&key=A+minor":    "slow",
		"?q=lam":                  "slow",
		"?meter=3/4":              "none",
		"?tempo_sure=0.7":         "both",
		"?tempo_sure=0.3":         "none",
		"?status=failed":          "none",
		"?order=added&min=0":      "both",
		"?key=H":                  "Key is",
		"?min=fast":               "min is",
		"?status=lost":            "Status is",
		"?after=bm90IGEgY3Vyc29y": "not one of it",
	} {
		res, body := s.ask(t, "GET", "/worklist"+query, "")
		slow, fast := strings.Contains(body, "Slow Lamp"), strings.Contains(body, "Fast Train")
		got := map[[2]bool]string{{true, true}: "both", {true, false}: "slow", {false, true}: "fast", {false, false}: "none"}[[2]bool{slow, fast}]
		if refused := res.StatusCode == http.StatusBadRequest; refused && strings.Contains(body, want) {
			continue
		}
		if got != want || res.StatusCode != http.StatusOK {
			t.Errorf("%s shows %s (%d); want %s", query, got, res.StatusCode, want)
		}
	}
}

// Pages follow one another without a gap or a track twice.
func TestWayThroughTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 120 {
		s.invent(t, fmt.Sprintf("t%03d", i), "T", 100)
	}
	seen := map[string]bool{}
	after := ""
	for range 3 {
		_, body := s.ask(t, "GET", "/worklist/ids?after="+after, "")
		var page struct {
			IDs  []string
			Next string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		for _, id := range page.IDs {
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
		after = page.Next
	}
	if len(seen) != 120 || after != "" {
		t.Errorf("%d tracks in three pages, then %q", len(seen), after)
	}
}

// A store that is away is said to be, and what comes after works again.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invent(t, "t", "Waltz", 121)
	s.store.away.Store(true)
	for _, path := range []string{"/tracks/t", "/worklist"} {
		res, body := s.ask(t, "GET", path, "")
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "The store does not answer") || !strings.Contains(body, "data-retry") {
			t.Errorf("%s: %d %.300s", path, res.StatusCode, body)
		}
	}
	s.store.away.Store(false)
	if res, _ := s.ask(t, "GET", "/tracks/t", ""); res.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}

func TestUploadedNamesAreNoPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sample, err := os.ReadFile("../samples/04-ferry-waltz.ogg")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, name := range []string{"../../etc/passwd.ogg", "%00<b>.ogg", "waltz.ogg"} {
		res, body := s.ask(t, "POST", "/upload", string(sample), "Earworm-Name", url.QueryEscape(name))
		var answer struct{ Track string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%q: %d %s", name, res.StatusCode, body)
		}
		ids = append(ids, answer.Track)
	}
	if ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("the same file is the tracks %v", ids)
	}
	kept, err := filepath.Glob(filepath.Join(s.folder, "uploads", "*"))
	if err != nil || len(kept) != 1 || len(filepath.Base(kept[0])) != 64 {
		t.Errorf("kept are %v, %v", kept, err)
	}
	if res, body := s.ask(t, "POST", "/upload", ""); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty file: %d %s", res.StatusCode, body)
	}
}

// What was uploaded is followed from the queue into a worker's hands.
func TestUploadIsFollowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sample, err := os.ReadFile("../samples/04-ferry-waltz.ogg")
	if err != nil {
		t.Fatal(err)
	}
	_, body := s.ask(t, "POST", "/upload", string(sample), "Earworm-Name", "waltz.ogg")
	var answer struct{ Track string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	state := func() (now struct{ Status, Stage, Text string }) {
		t.Helper()
		_, body := s.ask(t, "GET", "/upload/state?id="+answer.Track, "")
		if err := json.Unmarshal([]byte(strings.Trim(body, "[]")), &now); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return now
	}
	if now := state(); now.Status != "pending" || now.Stage != "waits" {
		t.Errorf("handed in, it is %+v; want it to wait", now)
	}
	s.work(t)
	ran := false
	for now := state(); now.Status == "pending"; now = state() {
		ran = ran || now.Stage == "runs"
		time.Sleep(5 * time.Millisecond)
	}
	if now := state(); !ran || now.Status != "analysed" || now.Stage != "" || !strings.Contains(now.Text, "3/4") {
		t.Errorf("seen to run: %v; in the end it is %+v", ran, now)
	}
}

// Sound comes by range, as WAV, of tracks of the store alone.
func TestSoundComesByRange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "04-ferry-waltz.ogg", "Ferry Waltz")
	path := "/tracks/" + string(id) + "/audio"
	res, head := s.ask(t, "GET", path, "", "Range", "bytes=0-43")
	if res.StatusCode != http.StatusPartialContent || !strings.HasPrefix(head, "RIFF") || res.Header.Get("Content-Type") != "audio/wav" {
		t.Fatalf("%d %q", res.StatusCode, head)
	}
	whole, body := s.ask(t, "GET", path, "")
	part, some := s.ask(t, "GET", path, "", "Range", "bytes=100000-100999")
	if part.StatusCode != http.StatusPartialContent || some != body[100000:101000] || whole.Header.Get("Etag") != part.Header.Get("Etag") {
		t.Errorf("a range is not that part of the whole: %d, %d bytes", part.StatusCode, len(some))
	}
	for _, other := range []string{"/tracks/..%2f..%2fetc%2fpasswd/audio", "/tracks/none/audio"} {
		if res, _ := s.ask(t, "GET", other, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", other, res.StatusCode)
		}
	}
	gone := s.invent(t, "gone", "Gone", 100)
	if res, body := s.ask(t, "GET", "/tracks/"+string(gone)+"/audio", "", "Hx-Request", "true"); res.StatusCode != http.StatusNotFound || !strings.Contains(body, "The source is gone") {
		t.Errorf("a source that is gone: %d %s", res.StatusCode, body)
	}
}

// A walk over the catalogue puts a track that stands apart from its album on
// the worklist, and says why.
func TestApartFromAlbum(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "earworm.db"))
	if err != nil {
		t.Fatal(err)
	}
	for i, bpm := range []float64{120, 120, 120, 60, 120, 120} {
		track := schema.Track{ID: schema.TrackID(fmt.Sprint("t", i)), Source: fmt.Sprintf("file:///album/%d.flac", i)}
		if _, err := store.AddTrack(t.Context(), track); err != nil {
			t.Fatal(err)
		}
		err := store.SaveAnalysis(t.Context(), schema.Analysis{TrackID: track.ID, ModelVersion: "v1", Tempo: schema.Tempo{BPM: bpm, Confidence: 0.95}})
		if err != nil {
			t.Fatal(err)
		}
	}
	s := newSiteOver(t, store)
	for range 200 {
		_, page := s.ask(t, "GET", "/worklist", "")
		if _, first, _ := strings.Cut(page, `href="/tracks/`); strings.Contains(page, "tempo unlike its album&#39;s") {
			if !strings.HasPrefix(first, "t3") || strings.Count(page, "unlike its album") != 1 {
				t.Error("the track of 60 BPM is not the first and only one marked")
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("no track is marked")
}

// Each move of keys leads to its tracks.
func TestKeyMoves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for id, heard := range map[string]schema.Key{"a": schema.KeyOf(0, false), "b": schema.KeyOf(0, false), "c": schema.KeyOf(6, true), "d": schema.KeyOf(9, true)} {
		s.heardAnew(t, s.invent(t, id, "Track "+id, 100), "new-1", func(a *schema.Analysis) { a.Key.Name = heard })
	}
	compared := func(query string) string {
		t.Helper()
		for range 100 { // until the walk has ended
			res, page := s.ask(t, "GET", "/compare"+query, "")
			if res.StatusCode != http.StatusOK {
				t.Fatalf("compare%s: %d", query, res.StatusCode)
			}
			if strings.Contains(page, `id="changed-h"`) {
				return page
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("the catalogue is still walked")
		return ""
	}
	page := compared("")
	links := regexp.MustCompile(`href="/compare(\?[^"]*from=A[^"]*)#changed-h" aria-label="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 2 || links[0][2] != "A minor to C major: 2 tracks" || links[1][2] != "A minor to F♯ minor: 1 track" {
		t.Fatalf("the moves are %q; want two to C major, one to F sharp minor", links)
	}
	if n := strings.Count(page, `class="ribbon"`); n != 2 {
		t.Errorf("%d ribbons are drawn; want 2", n)
	}
	page = compared(html.UnescapeString(links[0][1]))
	for title, listed := range map[string]bool{"Track a": true, "Track b": true, "Track c": false, "Track d": false} {
		if strings.Contains(page, title) != listed {
			t.Errorf("of the tracks that moved to C major, %s is listed: %v; want %v", title, !listed, listed)
		}
	}
	if res, body := s.ask(t, "GET", "/compare?from=H&to=C", ""); res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "want a tonic and a mode") {
		t.Errorf("a move from H is answered with %d, %s", res.StatusCode, body)
	}
}
