//go:build browser

package web_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"earworm/schema"
)

// chromium is one browser for all tests; each has a tab of its own.
var chromium = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	return ctx, chromedp.Do(ctx)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if ctx, err := chromium(); err == nil {
		_ = chromedp.Cancel(ctx)
	}
	os.Exit(code)
}

// tab is a page that is looked at and typed into.
type tab struct {
	ctx context.Context //nolint:containedctx // a tab is its context
	t   *testing.T
	url string
}

// screen is what a page is looked at on.
type screen struct {
	name          string
	width, height int64
	dark, phone   bool
}

var (
	light = screen{name: "light", width: 1280, height: 900}
	dark  = screen{name: "dark", width: 1280, height: 900, dark: true}
	phone = screen{name: "phone", width: 390, height: 844, phone: true}
)

// open opens a page of a site. What it writes to the console as an error fails
// the test, but for what is expected to be lost.
func open(t *testing.T, s *site, path string, on screen, expected ...string) *tab {
	t.Helper()
	browser, err := chromium()
	if err != nil {
		t.Fatalf("start Chromium: %v; scripts/browser.sh installs it", err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	ctx, end := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(func() { end(); cancel() })
	p := &tab{ctx, t, s.URL}
	p.show(on)
	scheme := "light"
	if on.dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for m, err := range messages {
			if err != nil {
				return
			}
			bad := m.IsException() || m.Type == "error"
			for _, text := range expected {
				bad = bad && !strings.Contains(m.Text, text)
			}
			if bad && ctx.Err() == nil {
				t.Errorf("%s: the console says %s", path, m)
			}
		}
	}()
	t.Cleanup(func() { end(); <-watched })
	do(p, chromedp.Navigate(s.URL+path))
	return p
}

// show puts the page on a screen.
func (p *tab) show(on screen) {
	p.t.Helper()
	do(p, chromedp.EmulateViewport(on.width, on.height, func(m *emulation.SetDeviceMetricsOverrideParams, touch *emulation.SetTouchEmulationEnabledParams) {
		m.Mobile, touch.Enabled = on.phone, on.phone
	}))
}

func do[T any](p *tab, a chromedp.Action[T]) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// eval is what an expression of the page comes to; a promise is awaited.
func eval[T any](p *tab, expression string, args ...any) T {
	p.t.Helper()
	return do(p, chromedp.Evaluate[T](fmt.Sprintf(expression, args...), chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
}

// await waits until an expression of the page is true.
func (p *tab) await(expression string, args ...any) {
	p.t.Helper()
	expression = fmt.Sprintf("!!(%s)", fmt.Sprintf(expression, args...))
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(15 * time.Second); ; {
		// While the page changes there is nothing to ask.
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](expression)); err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
			p.t.Fatalf("after 15 s this is not so: %s", expression)
		}
	}
}

// press presses keys as shortcuts. A page that takes one for itself keeps its
// letter from being typed; the protocol would send that all the same.
func (p *tab) press(keys string) {
	p.t.Helper()
	for _, r := range keys {
		for _, event := range kb.Encode(r) {
			if event.Type == input.DispatchKeyEventTypeChar && strings.ContainsAny(string(r), "abcdefghijklmnopqrstuvwxyzN/? ") {
				continue
			}
			if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, *event); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

func (p *tab) write(text string) {
	p.t.Helper()
	do(p, chromedp.KeyEvent(text))
}

// shot keeps what the page looks like.
func (p *tab) shot(name string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	folder := filepath.Join("..", ".cache", "screenshots")
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
	if err != nil {
		p.t.Error(err)
	}
}

const drawn = `document.querySelector("#track")?.dataset.ready`

// halfTempo is half of what was heard of a track, as the page writes it.
func (s *site) halfTempo(t *testing.T, id schema.TrackID) float64 {
	t.Helper()
	f, err := s.store.Features(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return math.Round(f.TempoBPM*5) / 10
}

// The whole correction, from the list to the next track, without a mouse.
func TestCorrectionByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.hear(t, "09-late-shift.wav", "Late Shift"), s.hear(t, "04-ferry-waltz.ogg", "Ferry Waltz")
	half := s.halfTempo(t, first)
	p := open(t, s, "/worklist", light)
	p.await(`document.querySelectorAll("#rows tr").length === 2`)
	p.press("j")
	p.press(kb.Enter)
	p.await(`location.pathname === "/tracks/%s"`, first)
	p.await(drawn)
	p.press("h") // half the tempo
	p.press("w") // the second key of the list
	p.press("f")
	p.press("n") // bars begin a beat later
	p.await(`document.querySelector("#draft").textContent.includes("To be saved: %g BPM")`, half)
	p.press("i")
	p.write("it swings")
	p.press(kb.Tab)
	p.write("Ada")
	p.press(kb.Escape)
	key := eval[string](p, `document.querySelector('.choice[data-code="KeyW"]').dataset.value`)
	meter := eval[string](p, `document.querySelector('.choice[data-code="KeyF"]').dataset.value`)
	p.press(kb.Enter)
	p.await(`document.querySelector("[data-saved]")`)
	labels := s.labels(t, first)
	if len(labels) != 1 {
		t.Fatalf("%d labels are kept", len(labels))
	}
	l := labels[0]
	if math.Abs(l.TempoBPM-half) > 0.5 || l.Key.String() != key || l.Meter.String() != meter ||
		l.Author != "Ada" || l.Note != "it swings" || l.DownbeatS == 0 {
		t.Errorf("kept is %+v; want %g BPM, %s, %s", l, half, key, meter)
	}
	p.shot("track-corrected")
	p.press("j")
	p.await(`location.pathname === "/tracks/%s"`, second)
	p.await(drawn)
	p.press("o") // all right as it is
	p.await(`document.querySelector("[data-saved]")`)
	if l := s.labels(t, second); len(l) != 1 || l[0].Meter.String() != "3/4" || l[0].Author != "Ada" {
		t.Errorf("accepting keeps %+v", l)
	}
	p.press("?")
	p.await(`document.querySelector("#sheet").open`)
	p.shot("keyboard")
	p.press(kb.Escape)
	p.press("k")
	p.await(`location.pathname === "/tracks/%s"`, first)
}

// What is heard: the very samples, at any speed, with clicks where the beats are.
func TestSoundAndClicks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "01-morning-post.wav", "Morning Post")
	p := open(t, s, "/tracks/"+string(id), light)
	p.await(drawn)
	p.press("c")
	p.press(" ")
	p.await(`earworm.player.playing && earworm.player.position() > 0.4`)
	moved := eval[float64](p, `(async () => {
		const { player } = earworm, a = player.position(), t = player.ctx.currentTime;
		await new Promise((done) => setTimeout(done, 800));
		return (player.position() - a) / (player.ctx.currentTime - t);
	})()`)
	if moved < 0.97 || moved > 1.03 {
		t.Errorf("a second of time plays %.3f s", moved)
	}
	loud := eval[float64](p, `(async () => {
		const { player } = earworm, ear = player.ctx.createAnalyser(), x = new Float32Array(ear.fftSize);
		player.desk.out.connect(ear);
		let most = 0;
		for (let i = 0; i < 20; i++) {
			await new Promise((done) => setTimeout(done, 30));
			ear.getFloatTimeDomainData(x);
			most = Math.max(most, ...x.map(Math.abs));
		}
		return most;
	})()`)
	if loud < 0.02 {
		t.Errorf("the loudest sample that is played is %g", loud)
	}
	p.shot("track-playing")
	p.press(" ")
	p.await(`!earworm.player.playing`)

	same := eval[float64](p, `(async () => {
		const { player, recording } = earworm;
		const mix = (await player.mix(1.5, 5, { music: 1, click: 0, drone: 0 })).getChannelData(0), own = new Float32Array(mix.length);
		recording.copy(own, 0, Math.round(1.5 * recording.rate));
		return mix.reduce((most, v, i) => Math.max(most, Math.abs(v - own[i])), 0);
	})()`)
	if same > 1e-6 {
		t.Errorf("at speed 1 a sample is off by %g", same)
	}
	for _, speed := range []float64{1, 0.5, 0.75, 1.25} {
		worst := eval[float64](p, `(async () => {
			const { player, line, recording } = earworm, from = 1.8, seconds = 7;
			player.setSpeed(%g);
			const mix = (await player.mix(from, seconds, { music: 0, click: 1, drone: 0 })).getChannelData(0);
			const heard = [];
			for (let i = 0, quiet = 1e9; i < mix.length; i++) {
				if (Math.abs(mix[i]) < 0.02) { quiet++; continue; }
				if (quiet > 0.1 * recording.rate) heard.push(i / recording.rate);
				quiet = 0;
			}
			const wanted = line.grid.beats.map((b) => (b - from) / player.speed).filter((t) => t >= 0 && t < seconds - 0.01);
			if (heard.length !== wanted.length || heard.length < 5) return 1000 + heard.length;
			return Math.max(...heard.map((t, i) => Math.abs(t - wanted[i])));
		})()`, speed)
		if worst > 0.001 {
			t.Errorf("at speed %g a click is %.4f s from its beat; want 1 ms at most", speed, worst)
		}
	}
	// Stretched, the sound keeps its pitch: as many zero crossings a second.
	crossings := `(async () => {
		const { player } = earworm;
		player.setSpeed(%g);
		const mix = (await player.mix(2, %g, { music: 1, click: 0, drone: 0 })).getChannelData(0);
		let n = 0;
		for (let i = 1; i < mix.length; i++) if (mix[i - 1] < 0 && mix[i] >= 0) n++;
		return n / (mix.length / mix.length) / %g;
	})()`
	own, slow := eval[float64](p, crossings, 1.0, 4.0, 4.0), eval[float64](p, crossings, 0.5, 8.0, 8.0)
	if slow < 0.9*own || slow > 1.1*own {
		t.Errorf("%.0f crossings a second at half speed, %.0f at full", slow, own)
	}
	p.press("l")
	bars := eval[float64](p, `earworm.player.loop[1] - earworm.player.loop[0]`)
	if bars < 7.9 || bars > 8.1 {
		t.Errorf("four bars at 120 take %.2f s", bars)
	}
}

// The later of two people sees what the earlier said before anything is kept.
func TestTwoPeopleOnOneTrack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "02-slow-lamp.mp3", "Slow Lamp")
	p := open(t, s, "/tracks/"+string(id), light, "409")
	p.await(drawn)
	p.press("h")
	eval[any](p, `document.querySelector("#author").value = "Bob"`)
	other := p.post("/tracks/"+string(id)+"/labels", "author=Ada&tempo=61&note=the+snare&seen=0")
	if other != 200 {
		t.Fatalf("the other's label: %d", other)
	}
	p.press(kb.Enter)
	p.await(`document.querySelector("#others")?.textContent.includes("Ada said 61 BPM")`)
	if n := len(s.labels(t, id)); n != 1 {
		t.Fatalf("%d labels are kept before the person has answered", n)
	}
	p.shot("track-conflict")
	do(p, chromedp.Click("#others button"))
	p.await(`document.querySelector("[data-saved]")`)
	labels := s.labels(t, id)
	if len(labels) != 2 || labels[1].Author != "Bob" || labels[1].TempoBPM > 60.5 {
		t.Errorf("kept are %+v", labels)
	}
}

// post sends a form as the page would.
func (p *tab) post(path, form string) int {
	p.t.Helper()
	return eval[int](p, `fetch(%q, { method: "POST", body: new URLSearchParams(%q) }).then((a) => a.status)`, path, form)
}

// A line lost in mid-edit is said, and what was chosen is still there afterwards.
func TestLineLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "12-letter-home.mp3", "Letter Home")
	p := open(t, s, "/tracks/"+string(id), light, "ERR_", "htmx", "afterRequest", "sendError", "SendError")
	p.await(drawn)
	p.press("u")
	eval[any](p, `(document.querySelector("#author").value = "Ada", document.querySelector("#note").value = "half-time")`)
	s.down.Store(true)
	p.press(kb.Enter)
	p.await(`document.querySelector("#offline").textContent.includes("Not saved") && !document.querySelector("#offline").hidden`)
	p.shot("track-offline")
	s.down.Store(false)
	p.await(`document.querySelector("#offline").hidden`)
	do(p, chromedp.Reload())
	p.await(drawn)
	if left := eval[float64](p, `earworm.draft().tempo`); left < 199 || left > 201 {
		t.Errorf("after the page was loaded again the tempo chosen is %g", left)
	}
	eval[any](p, `document.querySelector("#author").value = "Ada"`)
	p.press(kb.Enter)
	p.await(`document.querySelector("[data-saved]")`)
	if l := s.labels(t, id); len(l) != 1 || l[0].TempoBPM < 199 {
		t.Errorf("kept is %+v", l)
	}
}

// A store that is away is said, and the page comes back by itself.
func TestPageComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invent(t, "t", "Waltz", 121)
	s.store.away.Store(true)
	p := open(t, s, "/worklist", light, "503")
	p.await(`document.body.textContent.includes("The store does not answer")`)
	p.shot("store-away")
	s.store.away.Store(false)
	p.await(`document.querySelectorAll("#rows tr").length === 1`)
}

// A track whose source is gone says so, and keeps its pictures.
func TestSourceGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.hear(t, "07-seven-goats.ogg", "Seven Goats")
	if err := os.Remove(filepath.Join(s.folder, "07-seven-goats.ogg")); err != nil {
		t.Fatal(err)
	}
	p := open(t, s, "/tracks/"+string(id), light, "404")
	p.await(drawn)
	p.press(" ")
	p.await(`document.querySelector("#veil").textContent.includes("The source is gone")`)
	if !eval[bool](p, `!!earworm.line.wave && !!earworm.line.spectrum`) {
		t.Error("its pictures are gone too")
	}
}

func TestManyAtOnceAndUndo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ids := []string{"a", "b", "c"}
	for _, id := range ids {
		s.invent(t, id, "Track "+id, 70)
	}
	p := open(t, s, "/worklist", light)
	p.await(`document.querySelectorAll("#rows tr").length === 3`)
	p.press("jxjx")
	p.await(`document.querySelector("#chosen").textContent === "2 tracks"`)
	eval[any](p, `document.querySelector("#author").value = "Ada"`)
	p.shot("worklist-chosen")
	p.press("u")
	p.await(`document.querySelectorAll(".mark.person").length === 2`)
	p.press("z")
	p.await(`document.querySelectorAll(".mark.person").length === 0`)
	// The filters are in the address, and can be shared.
	p.press("/")
	p.write("Track c")
	p.await(`document.querySelectorAll("#rows tr").length === 1 && location.search.includes("q=Track")`)
}

func TestUploadFromThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(t)
	p := open(t, s, "/upload", light)
	var files []string
	for _, name := range []string{"samples/08-warehouse.mp3", "samples/testdata/bad/silent.wav"} {
		abs, err := filepath.Abs(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, abs)
	}
	do(p, chromedp.SetUploadFiles("#files", files, chromedp.NodeReady))
	p.await(`document.querySelectorAll("#uploads li").length === 2`)
	p.await(`document.querySelector("#uploads .heard")?.textContent.includes("124 BPM")`)
	p.await(`document.querySelector("#uploads .failed")?.textContent.includes("silent: the recording holds no sound")`)
	p.shot("upload")
}

// The overview follows what happens without being loaded again.
func TestOverviewLives(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invent(t, "a", "A", 70)
	p := open(t, s, "/", light)
	p.await(`document.querySelector("#moving")`)
	eval[any](p, `(window.before = true)`)
	if status := p.postAct("id=a&act=reprocess"); status != 200 {
		t.Fatalf("reprocess: %d", status)
	}
	p.await(`window.before && document.querySelector(".batch")?.textContent.includes("1 chosen track")`)
	do(p, chromedp.Click(".batch button"))
	p.await(`document.querySelector(".batch .state").textContent === "paused"`)
}

func (p *tab) postAct(form string) int {
	p.t.Helper()
	return eval[int](p, `fetch("/worklist/act", { method: "POST", headers: { "Earworm-Author": "Ada" }, body: new URLSearchParams(%q) }).then((a) => a.status)`, form)
}

// Two versions side by side, and the decision: readers are served by the new
// one, and what a person said still counts.
func TestCompareAndPromote(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	labelled, other := s.invent(t, "a", "Labelled", 70), s.invent(t, "b", "Other", 70)
	if err := s.store.AddLabel(t.Context(), schema.Label{TrackID: labelled, At: time.Now(), Author: "Ada", TempoBPM: 70}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []schema.TrackID{labelled, other} {
		s.reheard(t, id, "new-1", 140, schema.Meter{Beats: 3, Unit: 4})
	}
	p := open(t, s, "/compare", light)
	p.await(`document.querySelector(".history table")`)
	if first := eval[string](p, `document.querySelector(".history tbody tr").textContent`); !strings.Contains(first, "Labelled") || !strings.Contains(first, "1 broken") || !strings.Contains(first, "140") {
		t.Errorf("the first change is %q; want the one that a label speaks against", first)
	}
	p.shot("compare")
	do(p, chromedp.Click(".decide .button"))
	p.await(`document.querySelector(".note")?.textContent.includes("the features of 2 tracks were made anew")`)
	f, err := s.store.Features(t.Context(), other)
	if err != nil || f.TempoBPM != 140 || f.ModelVersion != "new-1" {
		t.Errorf("readers get %+v, %v", f, err)
	}
	if f, err = s.store.Features(t.Context(), labelled); err != nil || f.TempoBPM != 70 || f.TempoConfidence != 1 {
		t.Errorf("of the labelled track readers get %+v, %v", f, err)
	}
}
