package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"earworm/schema"
)

//go:embed templates static
var files embed.FS

// frame is what every page has around it.
type frame struct {
	Title   string
	Section string // of the navigation that is current
	Author  string // who is signed in
}

func (s *Site) frame(r *http.Request, title string) frame {
	section, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return frame{Title: title, Section: section, Author: author(r)}
}

// pages are the templates, each with the layout around it.
var pages = parsePages()

func parsePages() map[string]*template.Template {
	shared := template.New("").Funcs(template.FuncMap{
		"asset": asset, "bpm": bpm, "percent": percent, "clock": clock, "moment": moment, "json": inJSON,
		"mul":    func(a, b float64) float64 { return a * b },
		"pretty": pretty, "meter": prettyMeter, "keys": schema.Keys, "sure": sure, "count": count, "tracks": countTracks,
		"short": func(key string) string { return strings.Replace(strings.TrimSuffix(key, " major"), " minor", "m", 1) },
		"pair": func(a string, b surety) struct {
			A string
			B surety
		} {
			return struct {
				A string
				B surety
			}{a, b}
		},
	})
	template.Must(shared.ParseFS(files, "templates/layout.html"))
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is ours
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		if base := path.Base(name); base != "layout.html" {
			pages[base] = template.Must(template.Must(shared.Clone()).ParseFS(files, name))
		}
	}
	return pages
}

// show writes a whole page, or nothing where it cannot be made.
func show(w http.ResponseWriter, status int, name string, view any) error {
	return render(w, status, name, "layout", view)
}

// showPart writes one part of a page.
func showPart(w http.ResponseWriter, status int, name, part string, view any) error {
	return render(w, status, name, part, view)
}

// part makes one part of a page.
func part(name, block string, view any) ([]byte, error) {
	var body bytes.Buffer
	if err := pages[name].ExecuteTemplate(&body, block, view); err != nil {
		return nil, fmt.Errorf("make page %s: %w", name, err)
	}
	return body.Bytes(), nil
}

func render(w http.ResponseWriter, status int, name, block string, view any) error {
	body, err := part(name, block, view)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
	return nil
}

// edition names the static files' content. It is a part of their addresses, so
// that a browser may keep them for good, and modules import their like.
var edition = func() string {
	sum := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		sum.Write(content)
		return err
	})
	if err != nil {
		panic(err) // they are embedded
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}()

func asset(name string) string { return "/static/" + edition + "/" + name }

// assets serves the static files, under this edition or, for who still has a
// page of another, any.
var assets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	content, err := files.ReadFile("static/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if r.URL.Path == asset(name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Etag", `"`+edition+`"`)
	if kind := kinds[path.Ext(name)]; kind != "" {
		h.Set("Content-Type", kind)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
})

// kinds do not hang on what the machine's own tables say.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// bpm writes a tempo with one decimal, where that says something.
func bpm(v float64) string {
	if v == 0 {
		return "–"
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

func percent(v float64) string { return strconv.Itoa(int(math.Round(100*v))) + " %" }

// clock writes seconds as minutes and seconds.
func clock(seconds float64) string {
	s := int(math.Round(seconds))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// moment writes a time as a person reads it, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 Jan 2006, 15:04")
}

// inJSON is for a data block of a page: html/template escapes it.
func inJSON(v any) any { return v }

// surety is how sure a value is, in a word and a class.
type surety struct{ Kind, Text string }

// doubtful is the confidence under which a value is worth a look.
const doubtful = 0.7

func sure(f *schema.Features, what string, confidence float64) surety {
	switch {
	case slices.Contains(f.Labelled, what):
		return surety{"person", "corrected"}
	case confidence < doubtful:
		return surety{"doubt", percent(confidence)}
	}
	return surety{"", percent(confidence)}
}

// count writes a number in groups of three.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

func countTracks(n int) string {
	if n == 1 {
		return "1 track"
	}
	return count(n) + " tracks"
}

// named is what a track is called: its title, else the last part of its source.
func named(t schema.Track) string {
	if t.Title != "" {
		return t.Title
	}
	return path.Base(sourceName(t.Source))
}
