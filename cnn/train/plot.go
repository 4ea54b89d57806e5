package train

import "earworm/cnn/chart"

// Plot draws a run's loss and validation figure by epoch, from its checkpoint,
// as a PNG file.
func Plot(name, checkpoint string) error {
	s, _, err := start(Config{Checkpoint: checkpoint, Network: "rhythm"})
	if err != nil {
		return err
	}
	return chart.Lines(name, "epoch",
		chart.Series{Name: "training loss", Values: s.Losses},
		chart.Series{Name: "validation figure (0 to 1)", Values: s.Valid})
}
