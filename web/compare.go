package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"earworm/diff"
	"earworm/release"
	"earworm/schema"
)

// comparisons are walks over the catalogue, in the background: the newest of
// each pair of versions, and the promotion that goes on.
type comparisons struct {
	mu    sync.Mutex
	known map[[2]string]*comparison
	order [][2]string // of known, the oldest first
	walk  *refreshing // nil: none
}

type comparison struct {
	seen   int
	report *diff.Report // nil: it goes on
	err    error
}

// refreshing is a promotion whose features follow, track by track.
type refreshing struct {
	Version string
	Seen    int // tracks walked
	Ended   bool
	Failed  bool // it broke off
}

// mostKnown is how many pairs are kept.
const mostKnown = 4

// compareView is the page of two versions side by side.
type compareView struct {
	frame
	Versions []string
	Old, New string
	Serving  schema.Serving
	Walk     *refreshing
	Seen     int // tracks looked at so far
	Report   *diff.Report
	Trouble  string
	Meters   confusion
	Ratios   []bar
	Keys     keyMoves
	Agree    []agreement
	Move     *keyMove // the one whose tracks are listed; nil: all changed tracks
	Changed  []changed
}

// confusion is a table of meters: a row for each that the old version heard.
type confusion struct {
	Heads []string
	Rows  []confusionRow
}

type confusionRow struct {
	Head  string
	Cells []cell
}

// cell is how many tracks went from one meter to another.
type cell struct {
	Count int
	Same  bool
}

// changed is a track on which the versions differ, as a row shows it.
type changed struct {
	ID                      schema.TrackID
	Name                    string
	Tempo, Key, Meter       string
	TempoTo, KeyTo, MeterTo string // empty: the same
	Fixed, Broken           int
}

func (s *Site) compare(w http.ResponseWriter, r *http.Request) error {
	v := compareView{frame: s.frame(r, "Compare"), Old: r.URL.Query().Get("old"), New: r.URL.Query().Get("new")}
	move, err := readMove(r.URL.Query())
	if err != nil {
		return err
	}
	if v.Versions, err = s.Store.ModelVersions(r.Context()); err != nil {
		return err
	}
	if v.Serving, err = s.Store.Serving(r.Context()); err != nil {
		return err
	}
	if v.Old == "" {
		v.Old = v.Serving.ModelVersion
	}
	if v.New == "" { // the newest that does not serve
		for _, version := range slices.Backward(v.Versions) {
			if version != v.Old {
				v.New = version
				break
			}
		}
	}
	s.compared.mu.Lock()
	if walk := s.compared.walk; walk != nil {
		now := *walk
		v.Walk = &now
	}
	s.compared.mu.Unlock()
	if len(v.Versions) < 2 {
		return show(w, http.StatusOK, "compare.html", v)
	}
	for _, version := range []string{v.Old, v.New} {
		if !slices.Contains(v.Versions, version) {
			return refusal{http.StatusNotFound, fmt.Sprintf("Nothing was analysed by %q.", version)}
		}
	}
	c := s.comparison(v.Old, v.New, r.URL.Query().Has("again")) //nolint:contextcheck // the walk outlives the request
	v.Seen, v.Report = c.seen, c.report
	if c.err != nil {
		v.Trouble = "The catalogue could not be walked: the store does not answer."
	}
	if c.report != nil {
		v.draw(*c.report, move)
	}
	return show(w, http.StatusOK, "compare.html", v)
}

// comparison is how far that of two versions is; it begins where there is none.
func (s *Site) comparison(old, heard string, again bool) comparison {
	pair := [2]string{old, heard}
	s.compared.mu.Lock()
	defer s.compared.mu.Unlock()
	c := s.compared.known[pair]
	if c != nil && (c.report == nil && c.err == nil || !again && c.err == nil) {
		return *c
	}
	c = &comparison{}
	if s.compared.known == nil {
		s.compared.known = map[[2]string]*comparison{}
	}
	s.compared.known[pair] = c
	s.compared.order = append(slices.DeleteFunc(s.compared.order, func(p [2]string) bool { return p == pair }), pair)
	if len(s.compared.order) > mostKnown {
		delete(s.compared.known, s.compared.order[0])
		s.compared.order = s.compared.order[1:]
	}
	s.inBackground(func(ctx context.Context) {
		report, err := diff.Compare(ctx, s.Store, old, heard, func(n int) {
			s.compared.mu.Lock()
			c.seen = n
			s.compared.mu.Unlock()
		})
		s.compared.mu.Lock()
		defer s.compared.mu.Unlock()
		if c.err = err; err == nil {
			c.report = &report
		} else {
			s.Log.WarnContext(ctx, "versions not compared", "old", old, "new", heard, "error", err)
		}
	})
	return *c
}

// readMove reads which move of keys is asked for: the zero pair is none.
func readMove(q url.Values) (move [2]schema.Key, err error) {
	if !q.Has("from") && !q.Has("to") {
		return move, nil
	}
	for i, name := range []string{"from", "to"} {
		if move[i], err = schema.ParseKey(q.Get(name)); err != nil {
			return move, refusal{http.StatusBadRequest, fmt.Sprintf("%s is %q; want a tonic and a mode, such as F# minor.", name, q.Get(name))}
		}
	}
	return move, nil
}

// draw lays a report out, and the tracks of one move of keys or, where move is
// zero, those that weigh most.
func (v *compareView) draw(r diff.Report, move [2]schema.Key) {
	v.Meters = confusionOf(r.Meters)
	v.Ratios = columns(r.Ratios[:], 360, 90, func(i int) string {
		switch off := i - diff.Ratios/2; off {
		case -16, -8, 0, 8, 16:
			return map[int]string{-16: "¼", -8: "½", 0: "1", 8: "2", 16: "4"}[off]
		}
		return ""
	})
	v.Keys = keyMovesOf(r)
	v.Agree = agreementRows(map[string]schema.Agreement{r.Old: r.OldRight, r.New: r.NewRight})
	slices.SortFunc(v.Agree, func(a, b agreement) int { return cmp.Compare(b2i(a.Version != r.Old), b2i(b.Version != r.Old)) })
	listed := r.Changed
	if move != [2]schema.Key{} {
		m := r.Keys[move]
		listed, v.Move = m.Changed, &keyMove{From: pretty(move[0]), To: pretty(move[1]), Count: m.Tracks}
	}
	for _, c := range listed {
		row := changed{
			ID: c.Track.ID, Name: named(c.Track), Fixed: c.Fixed, Broken: c.Broken,
			Tempo: bpm(c.Old.Tempo.BPM), Key: pretty(c.Old.Key.Name), Meter: prettyMeter(c.Old.Meter.Name),
		}
		if !schema.SameTempo(c.Old.Tempo.BPM, c.New.Tempo.BPM) {
			row.TempoTo = bpm(c.New.Tempo.BPM)
		}
		if c.Old.Key.Name != c.New.Key.Name {
			row.KeyTo = pretty(c.New.Key.Name)
		}
		if c.Old.Meter.Name != c.New.Meter.Name {
			row.MeterTo = prettyMeter(c.New.Meter.Name)
		}
		v.Changed = append(v.Changed, row)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// columns are the bars of a histogram whose heights go by the square root, so
// that the few beside the many are seen.
func columns(counts []int, width, height float64, mark func(i int) string) []bar {
	most := float64(max(1, slices.Max(counts)))
	wide := width / float64(len(counts))
	bars := make([]bar, len(counts))
	for i, n := range counts {
		high := height * math.Sqrt(float64(n)/most)
		bars[i] = bar{Label: count(n) + " tracks", Count: n, X: float64(i)*wide + 1, W: wide - 2, Y: height - high, H: high, Mark: mark(i)}
	}
	return bars
}

func confusionOf(counts map[[2]schema.Meter]int) (c confusion) {
	total := map[schema.Meter]int{}
	for pair, n := range counts {
		total[pair[0]] += n
		total[pair[1]] += n
	}
	meters := make([]schema.Meter, 0, len(total))
	for m := range total {
		meters = append(meters, m)
	}
	slices.SortFunc(meters, func(a, b schema.Meter) int {
		return cmp.Or(total[b]-total[a], cmp.Compare(a.String(), b.String()))
	})
	meters = meters[:min(len(meters), 8)]
	for _, m := range meters {
		c.Heads = append(c.Heads, prettyMeter(m))
		row := confusionRow{Head: prettyMeter(m)}
		for _, to := range meters {
			row.Cells = append(row.Cells, cell{counts[[2]schema.Meter{m, to}], m == to})
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// promote makes a version the one that readers are served by, where the page
// that asks for it still knows how things stand.
func (s *Site) promote(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return refusal{http.StatusBadRequest, "The form cannot be read."}
	}
	version := r.PostForm.Get("version")
	from, err := s.Store.Serving(r.Context())
	if err != nil {
		return err
	}
	if strconv.Itoa(from.Revision) != r.PostForm.Get("revision") {
		return refusal{http.StatusConflict, "Somebody promoted a version meanwhile. Load the page again to see which."}
	}
	now, err := s.Store.Promote(r.Context(), version, author(r), from)
	switch {
	case errors.Is(err, schema.ErrConflict):
		return refusal{http.StatusConflict, "Somebody promoted a version meanwhile. Load the page again to see which."}
	case errors.Is(err, schema.ErrNotFound):
		return refusal{http.StatusNotFound, fmt.Sprintf("Nothing was analysed by %q.", version)}
	case err != nil:
		return err
	}
	s.follow(now) //nolint:contextcheck // it outlives the request
	http.Redirect(w, r, "/compare?"+url.Values{"old": {from.ModelVersion}, "new": {version}}.Encode(), http.StatusSeeOther)
	return nil
}

// follow has the features of all tracks follow a promotion, in the background.
func (s *Site) follow(promoted schema.Serving) {
	walk := &refreshing{Version: promoted.ModelVersion}
	s.compared.mu.Lock()
	s.compared.walk = walk
	s.compared.mu.Unlock()
	s.inBackground(func(ctx context.Context) {
		_, err := release.Follow(ctx, s.Store, promoted, func(n int) {
			s.compared.mu.Lock()
			walk.Seen = n
			s.compared.mu.Unlock()
		})
		s.compared.mu.Lock()
		walk.Ended, walk.Failed = true, err != nil && !errors.Is(err, release.ErrOvertaken)
		s.compared.mu.Unlock()
		if walk.Failed {
			s.Log.WarnContext(ctx, "features do not all follow the promotion; promote again to finish", "version", promoted.ModelVersion, "error", err)
		}
	})
}

// inBackground runs what outlives a request, until Run's context ends.
func (s *Site) inBackground(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	s.working.Go(func() {
		defer cancel()
		work(ctx)
	})
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
}
