package eval

import (
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"earworm/cnn"
	"earworm/cnn/chart"
	"earworm/schema"
)

// Judged is a labelled recording, what was heard in it and how right that is.
type Judged struct {
	Labelled
	Heard schema.Analysis
	Score Score
	Err   error // why nothing was heard
}

// Group is a part of the recordings and what they reached together.
type Group struct {
	Name       string
	Recordings int
	Score
}

// GroupBy parts recordings by what a column of the labels says of them.
func GroupBy(column string, all []Judged) []Group {
	groups := map[string]*Group{}
	for _, j := range all {
		name := j.Column(column)
		if groups[name] == nil {
			groups[name] = &Group{Name: name}
		}
		groups[name].Recordings++
		groups[name].Add(j.Score)
	}
	sorted := make([]Group, 0, len(groups))
	for _, g := range groups {
		sorted = append(sorted, *g)
	}
	sort.Slice(sorted, func(a, b int) bool { return sorted[a].Name < sorted[b].Name })
	return sorted
}

// worst is how many recordings a report shows of those that went worst.
const worst = 10

// Worst are the recordings with the most wrong answers, the surest first.
func Worst(all []Judged) []Judged {
	cost := func(j Judged) float64 {
		s, h := j.Score, j.Heard
		c := (s.Tempi-s.TempoExact)*(1+h.Tempo.Confidence) + (s.Keys-s.KeyExact)*(1+h.Key.Confidence)
		for i := range s.Meters {
			c += (s.Meters[i] - s.MeterRight[i]) * (1 + h.Meter.Confidence)
		}
		return c
	}
	sorted := slices.Clone(all)
	sort.SliceStable(sorted, func(a, b int) bool { return cost(sorted[a]) > cost(sorted[b]) })
	n := 0
	for n < min(worst, len(sorted)) && cost(sorted[n]) > 0 {
		n++
	}
	return sorted[:n]
}

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Parse(page))

// WriteReport leaves index.html in a folder, with its plots as PNG files: the
// ratio of heard to true tempi, how far keys are off around the circle of
// fifths, the matrix of meters.
func WriteReport(dir string, model []cnn.Size, groups []Group, all []Judged) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := plotTempi(filepath.Join(dir, "tempo.png"), all); err != nil {
		return err
	}
	if err := plotKeys(filepath.Join(dir, "key.png"), all); err != nil {
		return err
	}
	if err := plotMeters(filepath.Join(dir, "meter.png"), all); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "index.html"))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	whole := Group{Name: "all", Recordings: len(all)}
	for _, j := range all {
		whole.Add(j.Score)
	}
	if err := pageTemplate.Execute(f, map[string]any{
		"Model": model, "Groups": append([]Group{whole}, groups...), "Worst": Worst(all),
	}); err != nil {
		_ = f.Close()
		return fmt.Errorf("report: %w", err)
	}
	return f.Close()
}

// tempoRatios are the bins of the tempo plot: heard over true.
var tempoRatios = []struct {
	name  string
	ratio float64
}{{"1/3", 1. / 3}, {"1/2", 0.5}, {"2/3", 2. / 3}, {"3/4", 0.75}, {"1", 1}, {"4/3", 4. / 3}, {"3/2", 1.5}, {"2", 2}, {"3", 3}}

func plotTempi(file string, all []Judged) error {
	names, counts := make([]string, len(tempoRatios)+1), make([]float64, len(tempoRatios)+1)
	for i, r := range tempoRatios {
		names[i] = r.name
	}
	names[len(tempoRatios)] = "other"
	for _, j := range all {
		if j.TempoBPM > 0 {
			counts[tempoBin(j.Heard.Tempo.BPM/j.TempoBPM)]++
		}
	}
	return chart.Bars(file, "tempo heard, as a multiple of the true one", names, counts)
}

func tempoBin(ratio float64) int {
	for i, r := range tempoRatios {
		if TempoExact(r.ratio, ratio) {
			return i
		}
	}
	return len(tempoRatios)
}

// plotKeys counts how many fifths the heard key's signature is from the true
// one's: 0 is the key itself or its relative.
func plotKeys(file string, all []Judged) error {
	const around = 12
	names, counts := make([]string, around+1), make([]float64, around+1)
	for i := range around {
		names[i] = fmt.Sprintf("%+d", i-5)
	}
	names[5], names[around] = "right", "relative"
	for _, j := range all {
		if j.Key == schema.UnknownKey || j.Heard.Key.Name == schema.UnknownKey {
			continue
		}
		steps := ((fifths(j.Heard.Key.Name)-fifths(j.Key)+5)%around + around) % around
		if steps == 5 && j.Heard.Key.Name != j.Key {
			steps = around
		}
		counts[steps]++
	}
	return chart.Bars(file, "fifths from the true key's signature to the heard one's", names, counts)
}

// fifths is a key signature's place on the circle of fifths, C major and A
// minor at 0.
func fifths(k schema.Key) int {
	tonic := k.Tonic()
	if k.Minor() {
		tonic += 3
	}
	return 7 * tonic % 12
}

func plotMeters(file string, all []Judged) error {
	names := make([]string, len(cnn.Meters))
	counts := make([][]float64, len(cnn.Meters))
	for i, m := range cnn.Meters {
		names[i], counts[i] = m.String(), make([]float64, len(cnn.Meters)+1)
	}
	for _, j := range all {
		truth, heard := cnn.MeterClass(j.Meter), cnn.MeterClass(j.Heard.Meter.Name)
		if truth < 0 {
			continue
		}
		if heard < 0 {
			heard = len(cnn.Meters)
		}
		counts[truth][heard]++
	}
	return chart.Matrix(file, "meters", names, append(slices.Clone(names), "unknown"), counts)
}

// Percent is a share of a count in percent, "-" of none; for the page.
func (g Group) Percent(part, whole float64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*part/whole)
}

// Balanced is the balanced accuracy over 3 and 4 in percent, for the page.
func (g Group) Balanced() string {
	if g.Meters[0]+g.Meters[1] == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*g.Balance())
}

// Ratio is heard over true tempo, for the page.
func (j Judged) Ratio() string {
	if j.TempoBPM == 0 {
		return ""
	}
	return fmt.Sprintf("× %.2f", math.Round(100*j.Heard.Tempo.BPM/j.TempoBPM)/100)
}
