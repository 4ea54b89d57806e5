package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"earworm/schema"
)

// heard registers a track that a model version has analysed.
func (s *service) heard(t *testing.T, id schema.TrackID, version string, bpm float64) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	if _, err := s.store.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///music/" + string(id), Title: "Song " + string(id), Status: schema.Pending, AddedAt: now, UpdatedAt: now}); err != nil {
		t.Fatal(err)
	}
	embedding := make([]float32, schema.EmbeddingSize)
	embedding[int(bpm)%schema.EmbeddingSize] = 1
	if err := s.store.SaveAnalysis(t.Context(), schema.Analysis{
		TrackID: id, ModelVersion: version, DurationS: 60, Decoder: "native", Embedding: embedding, AnalysedAt: now, LoudnessDB: -20,
		Tempo: schema.Tempo{BPM: bpm, Confidence: 0.9, Sections: []schema.TempoSection{{StartS: 0, BPM: bpm}, {StartS: 30, BPM: 2 * bpm}}},
		Key:   schema.KeyHeard{Name: schema.KeyOf(9, true), Confidence: 0.8},
		Meter: schema.MeterHeard{Name: schema.Meter{Beats: 3, Unit: 4}, Confidence: 0.7},
		Beats: []float32{0.5, 1, 1.5, 2}, Downbeats: []float32{0.5, 2},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestPagesOfTracksMeetEachOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 7 {
		s.heard(t, schema.TrackID(fmt.Sprint("t", i)), "m1", 100+float64(i))
	}
	seen := map[string]int{}
	path, pages := "/v1/tracks?limit=3&min_tempo=101", 0
	for next := ""; ; pages++ {
		status, answer, _ := s.ask(t, "GET", path+next, "")
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		for _, track := range answer["tracks"].([]any) {
			seen[track.(map[string]any)["track_id"].(string)]++
		}
		cursor, more := answer["next"].(string)
		if !more {
			break
		}
		next = "&cursor=" + cursor
	}
	if len(seen) != 6 || pages != 1 {
		t.Errorf("two pages of three meet %v on %d pages", seen, pages+1)
	}
}

func TestLabelsWin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m1", 120)
	status, answer, _ := s.ask(t, "POST", "/v1/tracks/a/labels", `{"tempo_bpm": 92, "key": "F# minor", "meter": "7/8", "note": "counted", "author": "ann"}`)
	if status != http.StatusCreated || answer["key"] != "F# minor" || answer["author"] != "ann" {
		t.Fatalf("label: %d %v", status, answer)
	}
	_, answer, _ = s.ask(t, "GET", "/v1/tracks/a/features", "")
	if answer["tempo_bpm"] != 92.0 || answer["key"] != "F# minor" || answer["meter"] != "7/8" || answer["tempo_confidence"] != 1.0 {
		t.Errorf("features: %v", answer)
	}
	_, answer, _ = s.ask(t, "GET", "/v1/tracks/a/labels", "")
	if labels := answer["labels"].([]any); len(labels) != 1 {
		t.Errorf("labels: %v", labels)
	}
	_, answer, _ = s.ask(t, "GET", "/v1/audio-analysis/a", "")
	if track := answer["track"].(map[string]any); track["tempo"] != 92.0 || track["key"] != 6.0 || track["mode"] != 0.0 || track["time_signature"] != 7.0 || len(answer["sections"].([]any)) != 1 {
		t.Errorf("audio analysis: %v", answer)
	}
}

func TestSpotifyShapes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m1", 120)
	_, answer, _ := s.ask(t, "GET", "/v1/audio-features?ids=a,none", "")
	list := answer["audio_features"].([]any)
	if len(list) != 2 || list[1] != nil {
		t.Fatalf("features of a known and an unknown track: %v", answer)
	}
	one := list[0].(map[string]any)
	for key, want := range map[string]any{"id": "a", "type": "audio_features", "tempo": 120.0, "key": 9.0, "mode": 0.0, "time_signature": 3.0, "duration_ms": 60000.0, "loudness": -20.0} {
		if one[key] != want {
			t.Errorf("%s is %v; want %v", key, one[key], want)
		}
	}
	for _, key := range []string{"danceability", "energy", "valence", "acousticness", "instrumentalness", "liveness", "speechiness"} {
		if v, there := one[key]; !there || v != nil {
			t.Errorf("%s is %v; want null", key, v)
		}
	}
	_, answer, _ = s.ask(t, "GET", "/v1/audio-analysis/a", "")
	beats, bars, sections := answer["beats"].([]any), answer["bars"].([]any), answer["sections"].([]any)
	if len(beats) != 4 || len(bars) != 2 || len(sections) != 2 || answer["segments"] != nil || answer["tatums"] != nil {
		t.Fatalf("analysis: %v", answer)
	}
	if beat := beats[0].(map[string]any); beat["start"] != 0.5 || beat["duration"] != 0.5 || beat["confidence"] != nil {
		t.Errorf("first beat: %v", beat)
	}
	if last := beats[3].(map[string]any); last["duration"] != nil {
		t.Errorf("last beat: %v; where it ends is not known", last)
	}
	if section := sections[1].(map[string]any); section["start"] != 30.0 || section["duration"] != 30.0 || section["tempo"] != 240.0 || section["key"] != nil {
		t.Errorf("second section: %v", section)
	}
	if status, answer, _ := s.ask(t, "GET", "/v1/audio-features/none", ""); status != 404 || answer["error"].(map[string]any)["status"] != 404.0 || answer["code"] != "not_found" {
		t.Errorf("unknown track: %d %v", status, answer)
	}
}

func TestVectorsOfOthers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m1", 120)
	if status, text := s.answer(t, "PUT", "/v1/tracks/a/vectors/cf"); status != http.StatusBadRequest {
		t.Errorf("no body: %d %s", status, text)
	}
	if status, _ := s.put(t, "/v1/tracks/a/vectors/cf", `{"vector": [3, 4]}`); status != http.StatusNoContent {
		t.Fatalf("put: %d", status)
	}
	_, answer, _ := s.ask(t, "GET", "/v1/tracks/a/vectors/cf", "")
	if v := answer["vector"].([]any); len(v) != 2 {
		t.Errorf("vector: %v", answer)
	}
	for _, c := range []struct {
		name, path, body string
		status           int
		code, says       string
	}{
		{"another length", "/v1/tracks/a/vectors/cf", `{"vector": [1, 2, 3]}`, 400, "bad_vector", `vector has 3 values; space "cf" wants 2`},
		{"all zero", "/v1/tracks/a/vectors/cf", `{"vector": [0, 0]}`, 400, "bad_vector", "points nowhere"},
		{"empty", "/v1/tracks/a/vectors/cf", `{"vector": []}`, 400, "bad_request", "body.vector: want array length >= 1"},
		{"too long", "/v1/tracks/a/vectors/new", `{"vector": [` + strings.Repeat("1,", 1024) + `1]}`, 400, "bad_request", "<= 1024"},
		{"no numbers", "/v1/tracks/a/vectors/cf", `{"vector": ["a"]}`, 400, "bad_request", "body.vector[0]: want number"},
		{"a model's space", "/v1/tracks/a/vectors/m1", `{"vector": [1, 2]}`, 409, "conflict", "a name of yours"},
		{"unknown track", "/v1/tracks/none/vectors/cf", `{"vector": [1, 2]}`, 404, "not_found", ""},
		{"strange space", "/v1/tracks/a/vectors/c%20f", `{"vector": [1, 2]}`, 400, "bad_request", "path.space"},
	} {
		status, answer, _ := s.ask(t, "PUT", c.path, c.body)
		if status != c.status || answer["code"] != c.code || !strings.Contains(answer["detail"].(string), c.says) {
			t.Errorf("%s: %d %v; want %d %s %q", c.name, status, answer, c.status, c.code, c.says)
		}
	}
	_, answer, _ = s.ask(t, "GET", "/v1/spaces", "")
	if spaces := answer["spaces"].([]any); len(spaces) != 2 {
		t.Errorf("spaces are %v; want the model's and cf", spaces)
	}
	if v, err := s.store.TrackVector(t.Context(), "a", "cf"); err != nil || v[0] != 3 || v[1] != 4 {
		t.Errorf("after all of these the vector is %v (%v); want 3, 4", v, err)
	}
}

// put writes a body to an address that answers without one.
func (s *service) put(t *testing.T, path, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Status
}

func TestPromotions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m1", 120)
	s.heard(t, "b", "m2", 90)
	_, answer, _ := s.ask(t, "GET", "/v1/versions", "")
	serving := answer["serving"].(map[string]any)
	if serving["model_version"] != "m1" || len(answer["versions"].([]any)) != 2 {
		t.Fatalf("versions: %v", answer)
	}
	order := fmt.Sprintf(`{"model_version": "m2", "revision": %v}`, serving["revision"])
	// Two at once: one of them comes first.
	statuses := make(chan int, 2)
	for range 2 {
		go func() {
			status, _, _ := s.ask(t, "POST", "/v1/versions/promote", order)
			statuses <- status
		}()
	}
	if a, b := <-statuses, <-statuses; a+b != http.StatusAccepted+http.StatusConflict {
		t.Errorf("two promotions at once: %d and %d; want 202 and 409", a, b)
	}
	status, answer, _ := s.ask(t, "POST", "/v1/versions/promote", order)
	if status != http.StatusConflict || !strings.Contains(answer["detail"].(string), "m2 serves") {
		t.Errorf("one more, on the old state: %d %v", status, answer)
	}
	_, answer, _ = s.ask(t, "GET", "/v1/versions", "")
	order = fmt.Sprintf(`{"model_version": "m9", "revision": %v}`, answer["serving"].(map[string]any)["revision"])
	if status, answer, _ := s.ask(t, "POST", "/v1/versions/promote", order); status != http.StatusNotFound || !strings.Contains(answer["detail"].(string), `"m9"`) {
		t.Errorf("an unknown version: %d %v", status, answer)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m0", 120)
	s.heard(t, "b", "m0", 90)
	status, answer, _ := s.ask(t, "POST", "/v1/batches", `{"dry_run": true, "selector": {"where": "tempo > 100"}}`)
	if estimate, _ := answer["estimate"].(map[string]any); status != http.StatusOK || estimate["tracks"] != 1.0 {
		t.Errorf("dry run: %d %v", status, answer)
	}
	status, answer, _ = s.ask(t, "POST", "/v1/batches", `{"rate": 5}`)
	made, _ := answer["batch"].(map[string]any)
	if status != http.StatusCreated || made["state"] != "running" || made["selector"].(map[string]any)["stale"] != true {
		t.Fatalf("batch: %d %v", status, answer)
	}
	path := "/v1/batches/" + made["batch_id"].(string)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		field, want              string
	}{
		{"get", "GET", path, "", 200, "state", "running"},
		{"pause", "POST", path + "/pause", "", 200, "state", "paused"},
		{"resume", "POST", path + "/resume", "", 200, "state", "running"},
		{"cancel", "POST", path + "/cancel", "", 200, "state", "cancelled"},
		{"resume what is cancelled", "POST", path + "/resume", "", 409, "code", "conflict"},
		{"unknown", "GET", "/v1/batches/none", "", 404, "code", "not_found"},
		{"unknown field", "POST", "/v1/batches", `{"selector": {"genre": "folk"}}`, 400, "detail", "body.selector.genre: unexpected property"},
		{"unknown field of a condition", "POST", "/v1/batches", `{"selector": {"where": "genre = 3"}}`, 400, "detail", "genre"},
		{"unknown code", "POST", "/v1/batches", `{"selector": {"failed": "sad"}}`, 400, "detail", "want a code"},
		{"all and more", "POST", "/v1/batches", `{"selector": {"all": true, "stale": true}}`, 400, "detail", "all alone"},
		{"unknown track", "POST", "/v1/batches", `{"selector": {"ids": ["none"]}}`, 400, "detail", `"none" is not in the catalogue`},
		{"negative rate", "POST", "/v1/batches", `{"rate": -1}`, 400, "detail", "body.rate: want number >= 0"},
	} {
		status, answer, _ := s.ask(t, c.method, c.path, c.body)
		if got, _ := answer[c.field].(string); status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %v; want %d and %q", c.name, status, answer, c.status, c.want)
		}
	}
	_, answer, _ = s.ask(t, "GET", "/v1/batches", "")
	if all := answer["batches"].([]any); len(all) != 1 {
		t.Errorf("%d batches; the refused ones must not be there", len(all))
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.heard(t, "a", "m1", 120)
	for _, c := range []struct{ name, path, code, says string }{
		{"malformed cursor", "/v1/tracks?cursor=zzz", "bad_cursor", "want the next of a page"},
		{"cursor that decodes to nonsense", "/v1/tracks?cursor=eyJvIjoxfQ", "bad_cursor", "want the next of a page"},
		{"limit of zero", "/v1/tracks?limit=0", "bad_request", "query.limit: want number >= 1"},
		{"limit too high", "/v1/tracks?limit=501", "bad_request", "<= 500"},
		{"limit that is no number", "/v1/tracks?limit=many", "bad_request", "query.limit: invalid integer"},
		{"unknown order", "/v1/tracks?order=random", "bad_request", "added, worth"},
		{"unknown status", "/v1/tracks?status=lost", "bad_request", "pending, analysed, failed"},
		{"strange key", "/v1/tracks?key=H", "bad_request", `want a tonic and a mode, such as "F# minor"`},
		{"strange meter", "/v1/features?meter=waltz", "bad_request", `want a time signature, such as "7/8"`},
		{"tempi the wrong way round", "/v1/features?min_tempo=120&max_tempo=90", "bad_request", "min_tempo to be the lower"},
		{"misspelt parameter", "/v1/features?mintempo=120", "bad_request", "query.mintempo: unknown query parameter"},
		{"too many ids", "/v1/audio-features?ids=" + strings.Repeat("a,", 100) + "a", "bad_request", "want array length <= 100"},
		{"no ids", "/v1/audio-features", "bad_request", "query.ids"},
	} {
		status, answer, _ := s.ask(t, "GET", c.path, "")
		if detail, _ := answer["detail"].(string); status != 400 || answer["code"] != c.code || !strings.Contains(detail, c.says) {
			t.Errorf("%s: %d %v; want 400 %s %q", c.name, status, answer, c.code, c.says)
		}
	}
	for _, c := range []struct{ name, body, says string }{
		{"says nothing", `{"note": "nice"}`, "want tempo_bpm, key, meter, downbeat_s or takes_back"},
		{"strange key", `{"key": "H minor"}`, `want a tonic and a mode, such as "F# minor"`},
		{"strange meter", `{"meter": "0/0"}`, `want a time signature, such as "7/8"`},
		{"tempo too low", `{"tempo_bpm": 2}`, "body.tempo_bpm: want number >= 20"},
	} {
		status, answer, _ := s.ask(t, "POST", "/v1/tracks/a/labels", c.body)
		if detail, _ := answer["detail"].(string); status != 400 || !strings.Contains(detail, c.says) {
			t.Errorf("label that %s: %d %v; want 400 %q", c.name, status, answer, c.says)
		}
	}
	for _, c := range []struct {
		track, code string
		status      int
	}{{"a", "unknown_label", 409}, {"nobody", "not_found", 404}} {
		status, answer, _ := s.ask(t, "POST", "/v1/tracks/"+c.track+"/labels", `{"tempo_bpm": 90, "takes_back": "2026-05-01T10:00:00.123Z"}`)
		if status != c.status || answer["code"] != c.code {
			t.Errorf("of track %s a label is taken back that is not there: %d %v; want %d %s", c.track, status, answer, c.status, c.code)
		}
	}
	if labels, err := s.store.TrackLabels(t.Context(), "a"); err != nil || len(labels) > 0 {
		t.Errorf("refused labels were kept: %v (%v)", labels, err)
	}
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for id, bpm := range map[schema.TrackID]float64{"a": 100, "b": 100, "c": 150} {
		s.heard(t, id, "m1", bpm)
	}
	for id, v := range map[string]string{"a": "[1, 0]", "b": "[0, 1]", "c": "[1, 0.1]"} {
		if status, text := s.put(t, "/v1/tracks/"+id+"/vectors/cf", `{"vector": `+v+`}`); status != http.StatusNoContent {
			t.Fatal(text)
		}
	}
	vector := func(at int) string {
		v := make([]string, schema.EmbeddingSize)
		for i := range v {
			v[i] = "0"
		}
		v[at] = "1"
		return "[" + strings.Join(v, ",") + "]"
	}
	for _, c := range []struct{ name, method, path, body, want string }{
		{"by what is heard", "GET", "/v1/similar/a", "", "b c"},
		{"by another space", "GET", "/v1/similar/a?space=cf", "", "c b"},
		{"by a blend", "GET", "/v1/similar/a?space=audio=1,cf=9", "", "c b"},
		{"as fast", "GET", "/v1/similar/a?tempo_within=0.05", "", "b"},
		{"in a meter that none has", "GET", "/v1/similar/a?meter=7/8", "", ""},
		{"in the same key", "GET", "/v1/similar/a?key=same&limit=1", "", "b"},
		{"near a vector of the caller's", "POST", "/v1/similar", `{"vectors": {"audio": ` + vector(150%schema.EmbeddingSize) + `}, "limit": 1}`, "c"},
		{"near a vector in another space", "POST", "/v1/similar", `{"vectors": {"cf": [0, 1]}, "limit": 1}`, "b"},
	} {
		status, answer, _ := s.ask(t, c.method, c.path, c.body)
		var got []string
		list, _ := answer["matches"].([]any)
		for _, m := range list {
			got = append(got, m.(map[string]any)["track_id"].(string))
		}
		if status != http.StatusOK || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %d %v; want %s", c.name, status, got, c.want)
		}
	}
	_, answer, _ := s.ask(t, "POST", "/v1/shelf", `{"heard": [{"track_id": "a", "weight": 1}], "near": 1, "different": 1}`)
	shelf, _ := answer["shelf"].([]any)
	if len(shelf) != 2 || shelf[0].(map[string]any)["track_id"] != "b" || shelf[0].(map[string]any)["reason"] == "" || shelf[1].(map[string]any)["kind"] != "different" {
		t.Errorf("shelf: %v", answer)
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"unknown space", "GET", "/v1/similar/a?space=text", "", 400, `unknown space "text"; want audio, cf`},
		{"unknown track", "GET", "/v1/similar/none", "", 404, "no such track"},
		{"no weight", "GET", "/v1/similar/a?space=cf=much", "", 400, `such as "cf=0.5"`},
		{"strange key", "GET", "/v1/similar/a?key=H", "", 400, "want same, compatible"},
		{"vector of another length", "POST", "/v1/similar", `{"vectors": {"audio": [1, 2]}}`, 400, `vector has 2 values; space "m1" wants 64`},
		{"vector of zeros", "POST", "/v1/similar", `{"vectors": {"cf": [0, 0]}}`, 400, "points nowhere"},
		{"vector in an unknown space", "POST", "/v1/similar", `{"vectors": {"text": [1, 0]}}`, 400, "unknown space"},
		{"no vector", "POST", "/v1/similar", `{"vectors": {}}`, 400, "body.vectors"},
		{"shelf of nothing", "POST", "/v1/shelf", `{"heard": []}`, 400, "body.heard"},
		{"shelf with no weight", "POST", "/v1/shelf", `{"heard": [{"track_id": "a", "weight": 0}]}`, 400, "want a number above 0"},
	} {
		status, answer, _ := s.ask(t, c.method, c.path, c.body)
		if detail, _ := answer["detail"].(string); status != c.status || !strings.Contains(detail, c.says) {
			t.Errorf("%s: %d %v; want %d %q", c.name, status, answer, c.status, c.says)
		}
	}
}
