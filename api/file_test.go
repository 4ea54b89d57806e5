package api_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earworm/api"
	"earworm/schema"
	"earworm/upload"
)

// form is a form with a file for each pair of a field and what it holds, all
// of one name, and its media type.
func form(t *testing.T, name string, fields ...string) (body, kind string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i < len(fields); i += 2 {
		part, err := w.CreateFormFile(fields[i], name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(fields[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

// taking has the service take files of up to a number of bytes into a folder.
func taking(folder string, most int64) func(*api.Config) {
	return func(c *api.Config) { c.Uploads = &upload.Folder{Path: folder, MostBytes: most} }
}

// TestAFileBecomesATrack: whatever it is called, the same bytes are one track.
func TestAFileBecomesATrack(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "uploads")
	s := newService(t, taking(folder, 1<<20))
	var id schema.TrackID
	for i, name := range []string{"waltz.flac", "../../etc/passwd"} {
		body, kind := form(t, name, "file", "no sound at all")
		status, answer, _ := s.write(t, "POST", "/v1/tracks", body, "Content-Type", kind)
		var got api.Receipts
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusAccepted || len(got.Tracks) != 1 {
			t.Fatalf("%s: %d %s", name, status, answer)
		}
		r := got.Tracks[0]
		if first := i == 0; r.Added != first || r.Enqueued != first || !first && r.TrackID != id {
			t.Errorf("%s: %+v after %s", name, r, id)
		}
		id = r.TrackID
	}
	if track, err := s.store.Track(t.Context(), id); err != nil || track.Title != "waltz" {
		t.Errorf("the track is %+v, %v", track, err)
	}
	kept, err := os.ReadDir(folder)
	if err != nil || len(kept) != 1 || len(kept[0].Name()) != 64 {
		t.Errorf("kept are %v, %v; want one file under its hash", kept, err)
	}
}

func TestBadForms(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "uploads")
	s := newService(t, taking(folder, 10))
	refused := func(name, body, kind string, want int, says string) {
		t.Helper()
		status, answer, _ := s.write(t, "POST", "/v1/tracks", body, "Content-Type", kind)
		if status != want || !strings.Contains(answer, says) {
			t.Errorf("%s: %d %s; want %d and %q", name, status, answer, want, says)
		}
	}
	for name, c := range map[string]struct {
		fields []string
		status int
		says   string
	}{
		"empty file":    {[]string{"file", ""}, 400, "the file is empty"},
		"too large":     {[]string{"file", "12345678901"}, 413, "10 bytes"},
		"two files":     {[]string{"file", "1", "file", "2"}, 400, "one file to a request"},
		"another field": {[]string{"sound", "1"}, 400, "--form file=@"},
		"no field":      {nil, 400, "--form file=@"},
	} {
		body, kind := form(t, "a.wav", c.fields...)
		refused(name, body, kind, c.status, c.says)
	}
	body, kind := form(t, "a.wav", "file", "1234567890")
	refused("broken off", body[:len(body)-10], kind, 400, "read the form")
	refused("without its boundary", body, "multipart/form-data", 400, "read the form")
	if kept, err := os.ReadDir(folder); err != nil || len(kept) != 0 {
		t.Errorf("kept are %v, %v; want none", kept, err)
	}
	if counts, err := s.store.Counts(t.Context()); err != nil || counts.Tracks != 0 {
		t.Errorf("%d tracks, %v; want none", counts.Tracks, err)
	}
	if status, answer, _ := newService(t).write(t, "POST", "/v1/tracks", body, "Content-Type", kind); status != http.StatusUnsupportedMediaType || !strings.Contains(answer, "--uploads") {
		t.Errorf("where none are taken: %d %s", status, answer)
	}
}
