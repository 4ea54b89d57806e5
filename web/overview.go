package web

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"

	"earworm/schema"
)

// overviewView is the catalogue at a glance. Every figure leads to its tracks.
type overviewView struct {
	frame
	Summary   *schema.Summary // nil: not reckoned yet
	Now       moving
	Tempi     []bar
	Keys      []wedge
	Meters    []bar
	Doubts    []histogram
	Failures  []failures
	Agreement []agreement
}

// bar is one of a histogram, in the units of its drawing.
type bar struct {
	Label, Address string
	Count          int
	X, Y, W, H     float64
	Mark           string // under its left edge
}

// histogram is how sure answers of one kind are.
type histogram struct {
	Name string
	Bars []bar
}

// wedge is a key on the circle of fifths.
type wedge struct {
	Label, Address, Path string
	Count                int
	Share                float64 // of the most frequent
	X, Y                 float64 // of its name
	Minor                bool
}

type failures struct {
	Code    schema.Code
	Count   int
	Help    string
	Address string
}

// agreement is how often a model version says what people say.
type agreement struct {
	Version           string
	Tempo, Key, Meter rate
}

// Rates are those of tempo, key and meter.
func (a agreement) Rates() []rate { return []rate{a.Tempo, a.Key, a.Meter} }

type rate struct{ Right, Of int }

// Text is the share in words; nothing was compared where it is empty.
func (r rate) Text() string {
	if r.Of == 0 {
		return "–"
	}
	return percent(float64(r.Right) / float64(r.Of))
}

func (s *Site) overview(w http.ResponseWriter, r *http.Request) error {
	v := overviewView{frame: s.frame(r, "Overview")}
	sum, err := s.Store.Summary(r.Context())
	switch {
	case errors.Is(err, schema.ErrNotFound):
	case err != nil:
		return err
	default:
		v.Summary = &sum
		v.Tempi, v.Keys, v.Meters = tempoBars(sum.Tempo), keyWedges(sum.Key), meterBars(sum.Meter)
		v.Doubts = []histogram{
			{"Tempo", sureBars("tempo", sum.TempoConfidence)}, {"Key", sureBars("key", sum.KeyConfidence)}, {"Meter", sureBars("meter", sum.MeterConfidence)},
		}
		v.Failures, v.Agreement = failureRows(sum.Counts.Failures), agreementRows(sum.Agreement)
	}
	if v.Now, err = s.moving(r.Context()); err != nil {
		return err
	}
	return show(w, http.StatusOK, "overview.html", v)
}

// The tempi that are drawn, in BPM; what lies outside counts at the edge.
const (
	slowest, fastest, tempoStep = 40, 220, 5
	chartWidth, chartHeight     = 720, 210
)

func tempoBars(tempi map[int]int) []bar {
	counts := make([]int, (fastest-slowest)/tempoStep)
	for bpm, n := range tempi {
		if bpm > 0 { // else no pulse was heard
			counts[min(max((bpm-slowest)/tempoStep, 0), len(counts)-1)] += n
		}
	}
	most := float64(max(1, slices.Max(counts)))
	bars := make([]bar, len(counts))
	for i, n := range counts {
		from := slowest + i*tempoStep
		q := url.Values{"min": {fmt.Sprint(from)}, "max": {fmt.Sprintf("%.2f", float64(from+tempoStep)-0.01)}}
		wide, high := float64(chartWidth)/float64(len(counts)), math.Ceil(float64(n)/most*chartHeight)
		bars[i] = bar{
			Label: fmt.Sprintf("%d to %d BPM: %s tracks", from, from+tempoStep, count(n)), Address: "/worklist?" + q.Encode(),
			Count: n, X: float64(i)*wide + 1, W: wide - 2, Y: chartHeight - high, H: high,
		}
		if from%20 == 0 {
			bars[i].Mark = fmt.Sprint(from)
		}
	}
	return bars
}

func sureBars(what string, tenths [10]int) []bar {
	most := 1
	for _, n := range tenths {
		most = max(most, n)
	}
	bars := make([]bar, len(tenths))
	for i, n := range tenths {
		high := math.Ceil(float64(n) / float64(most) * 60)
		bars[i] = bar{
			Label:   fmt.Sprintf("%d to %d %%: %s tracks", 10*i, 10*i+10, count(n)),
			Address: fmt.Sprintf("/worklist?%s_sure=%.1f", what, float64(i+1)/10), Count: n,
			X: float64(i)*20 + 1, W: 18, Y: 60 - high, H: high,
		}
	}
	return bars
}

func meterBars(meters map[schema.Meter]int) []bar {
	most := 1
	var bars []bar
	for m, n := range meters {
		most = max(most, n)
		b := bar{Label: prettyMeter(m), Count: n, Address: "/worklist?" + url.Values{"meter": {m.String()}}.Encode()}
		if m == (schema.Meter{}) {
			b.Label, b.Address = "none heard", "/worklist"
		}
		bars = append(bars, b)
	}
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Label, b.Label)) })
	for i := range bars {
		bars[i].W = 100 * float64(bars[i].Count) / float64(most)
	}
	return bars[:min(len(bars), 8)]
}

// keyWedges lays the keys on the circle of fifths, majors outside, each minor
// within its relative major.
func keyWedges(keys map[schema.Key]int) []wedge {
	most := 1
	for k, n := range keys {
		if k != schema.UnknownKey {
			most = max(most, n)
		}
	}
	var wedges []wedge
	for place := range 12 {
		for _, minor := range []bool{false, true} {
			tonic, inner, outer := 7*place%12, 70.0, 104.0
			if minor {
				tonic, inner, outer = (tonic+9)%12, 38, 68
			}
			k := schema.KeyOf(tonic, minor)
			from, to := (float64(place)-0.47)*math.Pi/6-math.Pi/2, (float64(place)+0.47)*math.Pi/6-math.Pi/2
			middle, radius := (from+to)/2, (inner+outer)/2
			wedges = append(wedges, wedge{
				Label: pretty(k), Count: keys[k], Address: "/worklist?" + url.Values{"key": {k.String()}}.Encode(),
				Path:  ringPath(from, to, inner, outer),
				Share: float64(keys[k]) / float64(most), X: radius * math.Cos(middle), Y: radius * math.Sin(middle), Minor: minor,
			})
		}
	}
	return wedges
}

func failureRows(counts map[schema.Code]int) []failures {
	var rows []failures
	for code, n := range counts {
		rows = append(rows, failures{code, n, code.Help(), "/worklist?" + url.Values{"code": {string(code)}}.Encode()})
	}
	slices.SortFunc(rows, func(a, b failures) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Code, b.Code)) })
	return rows
}

func agreementRows(versions map[string]schema.Agreement) []agreement {
	var rows []agreement
	for version, a := range versions {
		rows = append(rows, agreement{version, rate{a.TempoRight, a.Tempo}, rate{a.KeyRight, a.Key}, rate{a.MeterRight, a.Meter}})
	}
	slices.SortFunc(rows, func(a, b agreement) int { return cmp.Compare(b.Version, a.Version) })
	return rows
}
