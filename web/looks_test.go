//go:build browser

package web_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"earworm/dsp/decode"
	"earworm/schema"
)

// Every page, on every screen: nothing that axe-core objects to, nothing wider
// than the screen, nothing that moves once it is there.
func TestEveryPageOnEveryScreen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "13-old-gate.mp3", "Old Gate")
	s.hear(t, "14-pixel-fox.flac", "Pixel Fox")
	for i, title := range []string{"<b>Bold</b> & \"quoted\"", "Ein sehr langer Titel, der auf keinem Telefon der Welt in eine Zeile passt", "夜の散歩"} {
		s.invent(t, fmt.Sprint("t", i), title, 60+20*float64(i))
	}
	if err := s.store.AddLabel(t.Context(), schema.Label{TrackID: id, At: time.Now(), Author: "Ada", Note: "the timpani keep the half notes", TempoBPM: 42}); err != nil {
		t.Fatal(err)
	}
	if err := s.store.SaveFailure(t.Context(), "t2", "m", schema.Failure{Code: schema.Corrupt, Message: "it ends after 3 of 12 s"}); err != nil {
		t.Fatal(err)
	}
	s.reheard(t, "t0", "other-2", 120, schema.Meter{Beats: 3, Unit: 4})
	for id, heard := range map[schema.TrackID]schema.Key{"t1": schema.KeyOf(0, false), "t2": schema.KeyOf(4, true)} {
		s.heardAnew(t, id, "other-2", func(a *schema.Analysis) { a.Key.Name = heard })
	}
	sum, err := schema.Summarise(t.Context(), s.store, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.SaveSummary(t.Context(), sum); err != nil {
		t.Fatal(err)
	}
	axe := readAxe(t)
	for _, on := range []screen{light, dark, phone} {
		for name, path := range map[string]string{
			"overview": "/", "worklist": "/worklist", "track": "/tracks/" + string(id), "failed": "/tracks/t2", "upload": "/upload", "compare": "/compare", "nothing": "/nothing",
		} {
			t.Run(name+" "+on.name, func(t *testing.T) {
				t.Parallel()
				p := open(t, s, path, on, "404")
				if name == "track" {
					p.await(drawn)
					p.await(`document.querySelector("#similar .alike")`)
				}
				if name == "compare" {
					p.await(`document.querySelector(".ribbon") && document.querySelector(".confusion")`)
				}
				p.await(`document.fonts.status === "loaded"`)
				if wide := eval[int](p, `document.documentElement.scrollWidth`); wide > int(on.width) {
					t.Errorf("the page is %d wide on a screen of %d", wide, on.width)
				}
				moved := eval[shift](p, layoutShift)
				if moved.By > 0.01 { // perhaps by a font that came late on a busy machine: now it is there
					t.Logf("moved by %.3f at first: %v", moved.By, moved.Parts)
					do(p, chromedp.Reload())
					p.await(`document.fonts.status === "loaded"`)
					moved = eval[shift](p, layoutShift)
				}
				if moved.By > 0.01 {
					t.Errorf("its parts move by %.3f while it loads: %v", moved.By, moved.Parts)
				}
				p.shot(name + "-" + on.name)
				p.whole(on)
				do(p, chromedp.Evaluate[any](axe, chromedp.EvalAsValue))
				found := eval[[]string](p, `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
					r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ") + ": " + (n.failureSummary ?? "").split("\n").slice(1).join(" "))))`)
				for _, f := range found {
					t.Error(f)
				}
			})
		}
	}
}

// whole makes the screen as tall as the page: a bar that stays at the bottom
// then covers nothing, which on a screen it does until one scrolls.
func (p *tab) whole(on screen) {
	p.t.Helper()
	on.height = max(on.height, eval[int64](p, `document.documentElement.scrollHeight`))
	p.show(on)
}

// What the keyboard comes to on a track's page lies under no bar that stays.
func TestFocusIsSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "13-old-gate.mp3", "Old Gate")
	for _, on := range []screen{light, phone} {
		p := open(t, s, "/tracks/"+string(id), on)
		p.await(drawn)
		for range eval[int](p, `document.querySelectorAll("button, a, input, select").length`) {
			p.press(kb.Tab)
			hidden := eval[string](p, `(() => {
				const e = document.activeElement, r = e.getBoundingClientRect();
				const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
				return e === document.body || e.contains(top) || top?.contains(e) ? "" : e.outerHTML.slice(0, 120) + " is under " + top?.outerHTML.slice(0, 120);
			})()`)
			if hidden != "" {
				t.Errorf("%s: %s", on.name, hidden)
			}
		}
	}
}

// shift is how far a page's parts moved, as the browser reckons it, and which.
type shift struct {
	By    float64  `json:"by"`
	Parts []string `json:"parts"`
}

const layoutShift = `new Promise((done) => {
	const found = { by: 0, parts: [] };
	new PerformanceObserver((list) => {
		for (const e of list.getEntries()) if (!e.hadRecentInput) {
			found.by += e.value;
			for (const s of e.sources) found.parts.push(s.node?.nodeName + "#" + s.node?.id + "." + s.node?.className);
		}
	}).observe({ type: "layout-shift", buffered: true });
	setTimeout(() => done(found), 150);
})`

func readAxe(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("../.cache/axe-core-*/axe.min.js")
	if err != nil || len(found) == 0 {
		t.Fatal("axe-core is not there; scripts/browser.sh fetches it")
	}
	script, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	return string(script) + ";undefined"
}

// A track's page can be used within a second, and ten minutes of it scroll
// smoothly. A machine that shows thirteen seconds late may show ten minutes late.
func TestTrackPageIsQuick(t *testing.T) { //nolint:paralleltest // it is timed
	s := newSite(t)
	brief := s.hear(t, "01-morning-post.wav", "Thirteen seconds")
	id := s.hearLong(t, "01-morning-post.wav", 47)
	p := open(t, s, "/upload", light) // Chromium is up
	visit := func(id schema.TrackID) time.Duration {
		began := time.Now()
		do(p, chromedp.Navigate(s.URL+"/tracks/"+string(id)))
		p.await(drawn)
		return time.Since(began)
	}
	first, short, long := visit(brief), visit(brief), visit(id)
	if long > max(time.Second, 3*short) {
		t.Errorf("after %v ten minutes can be used, thirteen seconds after %v (at first %v); want a second, or three times as long", long, short, first)
	} else {
		t.Logf("ten minutes can be used after %v, thirteen seconds after %v (at first %v)", long, short, first)
	}
	frames := func(move string) float64 { // in ms: 95 of 100 take at most so long
		return eval[float64](p, `(async () => {
			const { line } = earworm, frames = [];
			for (let last = performance.now(), i = 0; i < 120; i++) {
				%s
				await new Promise(requestAnimationFrame);
				const now = performance.now();
				frames.push(now - last);
				last = now;
			}
			return frames.sort((a, b) => a - b)[Math.floor(frames.length * 0.95)];
		})()`, move)
	}
	still, scrolled := frames(""), frames("line.scroll(3);")
	t.Logf("of the frames of a scroll 95 %% take up to %.1f ms, of those of a still page %.1f ms", scrolled, still)
	if scrolled > max(100, 3*still) { // without a graphics card, beside other tests
		t.Errorf("of the frames of a scroll 95 %% take up to %.1f ms; want 100, or three times a still page's %.1f", scrolled, still)
	}
}

// hearLong has a sample heard that is played so many times over.
func (s *site) hearLong(t *testing.T, sample string, times int) schema.TrackID {
	t.Helper()
	once := filepath.Join(t.TempDir(), "once.wav")
	if err := decode.WriteWAV(t.Context(), filepath.Join("..", "samples", sample), once, decode.Options{Decoder: "native"}); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(once)
	if err != nil {
		t.Fatal(err)
	}
	const header = 44
	size := (len(sound) - header) * times
	long := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(header-8+size))
	long = append(long, sound[8:header-4]...)
	long = binary.LittleEndian.AppendUint32(long, uint32(size))
	long = append(long, bytes.Repeat(sound[header:], times)...)
	path := filepath.Join(s.folder, "long.wav")
	if err := os.WriteFile(path, long, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.hearFile(t, path, "Ten minutes")
}
