package train

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Plot draws a run's loss and selection figure by epoch, from its checkpoint,
// as a PNG file.
func Plot(name, checkpoint string) error {
	s, _, err := start(Config{Checkpoint: checkpoint, Network: "rhythm"})
	if err != nil {
		return err
	}
	p := plot.New()
	p.X.Label.Text = "epoch"
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	for i, series := range []struct {
		name   string
		values []float64
	}{{"training loss", s.Losses}, {"validation figure (0 to 1)", s.Chosen}} {
		points := make(plotter.XYs, len(series.values))
		for j, v := range series.values {
			points[j] = plotter.XY{X: float64(j + 1), Y: v}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return fmt.Errorf("plot %q: %w", name, err)
		}
		line.Dashes = [][]vg.Length{nil, {vg.Points(4), vg.Points(3)}}[i]
		p.Add(line)
		p.Legend.Add(series.name, line)
	}
	if err := p.Save(18*vg.Centimeter, 10*vg.Centimeter, name); err != nil {
		return fmt.Errorf("plot %q: %w", name, err)
	}
	return nil
}
