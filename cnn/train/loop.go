// Package train makes the networks' weights: it prepares features, runs
// gorgonia's machines over shared weights, one a core, and keeps checkpoints.
package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"earworm/cnn"
)

// Config is what a training run needs to know.
type Config struct {
	Network    string // "rhythm" or a key network's
	Version    string // of the weights, such as "rhythm-2026.1"
	Commit     string // of the program, for the header
	Seed       uint64
	Epochs     int
	EpochSize  int // examples
	Batch      int // examples a step
	Rate       float64
	Workers    int
	Checkpoint string // file; a run that finds one goes on from it
	Out        string // weight file
	// Shares is how often a source is drawn, relative to its number of items.
	Shares map[string]float64
	// Without names Augmentations that are left out.
	Without []string
	// From are weights to begin with; nil begins with chance.
	From *cnn.Weights
	// CalibrateOnly trains nothing: the calibration of From is fitted anew.
	CalibrateOnly bool
	// Teachers are key networks that a key network learns from, beside the labels.
	Teachers []*cnn.Weights
}

// WithDefaults returns a copy with every empty field filled in.
func (c Config) WithDefaults() Config {
	if c.Epochs == 0 {
		c.Epochs = 40
	}
	if c.EpochSize == 0 {
		c.EpochSize = 2000
	}
	if c.Batch == 0 {
		c.Batch = 16
	}
	if c.Rate == 0 {
		c.Rate = 2e-3
	}
	if c.Workers == 0 {
		c.Workers = 2
	}
	if c.Version == "" {
		c.Version = c.Network + "-dev"
	}
	return c
}

// Validate names the first field that cannot be.
func (c Config) Validate() error {
	switch {
	case c.Network != "rhythm" && !cnn.IsKey(c.Network):
		return fmt.Errorf("network is %q; want %s", c.Network, cnn.Networks)
	case c.From != nil && c.From.Network != c.Network:
		return fmt.Errorf("the weights to begin with are of the network %q; want %s", c.From.Network, c.Network)
	case c.CalibrateOnly && c.From == nil:
		return errors.New("there are no weights to calibrate; want those to begin with")
	case len(c.Teachers) > 0 && !cnn.IsKey(c.Network):
		return fmt.Errorf("network is %q, and only key networks have teachers", c.Network)
	case slices.ContainsFunc(c.Teachers, func(w *cnn.Weights) bool { return !cnn.IsKey(w.Network) }):
		return errors.New("the teacher of a key network is no key network")
	case c.Epochs < 1:
		return fmt.Errorf("epochs is %d; want 1 or more", c.Epochs)
	case c.Batch < 1 || c.Batch > c.EpochSize:
		return fmt.Errorf("batch is %d; want 1 to the epoch's size of %d", c.Batch, c.EpochSize)
	case c.Workers < 1:
		return fmt.Errorf("workers is %d; want 1 or more", c.Workers)
	case c.Rate <= 0:
		return fmt.Errorf("rate is %g; want more than 0", c.Rate)
	case slices.ContainsFunc(c.Without, func(a string) bool { return !slices.Contains(Augmentations, a) }):
		return fmt.Errorf("augmentations to leave out are %q; want some of %q", c.Without, Augmentations)
	case c.Out == "":
		return errors.New("out is empty; want the file to write the weights to")
	}
	return nil
}

// Epoch is what is reported after each.
type Epoch struct {
	Number  int
	Loss    float64
	Figures Figures
	Took    time.Duration
}

// Run trains until the epochs are done or ctx ends; each epoch ends with a
// checkpoint, and a run with the same configuration goes on from there. The
// weights of the last epoch are calibrated and written: the rate has fallen to
// nothing by then, and to choose an epoch by validation is to choose its luck.
func Run(ctx context.Context, c Config, examples []Example, report func(Epoch)) error {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return err
	}
	training, validation := split(c, examples)
	if len(training) == 0 {
		return fmt.Errorf("no training items carry a label for the %s network", c.Network)
	}
	if c.Network == "rhythm" {
		validation = append(validation, inThree(validation)...)
	}
	if c.CalibrateOnly {
		w := c.From.Clone()
		w.Version = c.Version
		return calibrated(c, w, training, validation)
	}
	teach(c, training)
	s, w, err := start(c)
	if err != nil {
		return err
	}
	w.Version = c.Version
	w.Recipe = cnn.Recipe{Seed: c.Seed, Commit: c.Commit, Epochs: c.Epochs, Data: map[string]int{}}
	for _, t := range c.Teachers {
		w.Recipe.Teachers = append(w.Recipe.Teachers, t.Version)
	}
	if c.From != nil {
		w.Recipe.From = c.From.Version
	}
	for _, e := range training {
		w.Recipe.Data[e.Source]++
	}
	learners := make([]*learner, c.Workers)
	for i := range learners {
		if learners[i], err = newLearner(w); err != nil {
			return fmt.Errorf("build the graph: %w", err)
		}
	}
	draw := newSampler(c, training)
	for ; s.Epoch < c.Epochs; s.Epoch++ {
		began := time.Now()
		loss, err := runEpoch(ctx, c, s, w, learners, draw)
		if err != nil {
			return err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("epoch %d: the loss is no longer a number; a lower rate may help", s.Epoch+1)
		}
		figures := Validate(w, validation)
		s.Losses, s.Valid = append(s.Losses, loss), append(s.Valid, figures.Overall(c.Network))
		report(Epoch{Number: s.Epoch + 1, Loss: loss, Figures: figures, Took: time.Since(began)})
		if err := checkpoint(c, s, w); err != nil {
			return err
		}
	}
	return calibrated(c, w, training, validation)
}

// calibrated fits the calibration of weights and writes them.
func calibrated(c Config, w *cnn.Weights, training, validation []Example) error {
	if w.Recipe.Commit == "" {
		w.Recipe.Commit = c.Commit
	}
	w.Calibration = cnn.Calibration{}
	w.Recipe.Validation = strings.ReplaceAll(Validate(w, validation).String(), "\n", "; ")
	Calibrate(w, training, validation)
	return save(c.Out, w)
}

// runEpoch takes EpochSize/Batch steps, each on one gradient summed over the
// learners, and returns the mean loss. Its chance comes from seed and epoch
// alone, so that a resumed run draws what an uninterrupted one would have.
func runEpoch(ctx context.Context, c Config, s *state, w *cnn.Weights, learners []*learner, draw *sampler) (float64, error) {
	steps := c.EpochSize / c.Batch
	chance := make([]*rand.Rand, len(learners))
	for i := range chance {
		chance[i] = rand.New(rand.NewPCG(c.Seed, uint64(s.Epoch)<<16|uint64(i)))
	}
	var total float64
	for range steps {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		sums := make([]map[string][]float32, len(learners))
		losses, errs := make([]float64, len(learners)), make([]error, len(learners))
		var group sync.WaitGroup
		for i, l := range learners {
			group.Go(func() {
				sums[i] = zeros(w)
				for n := i; n < c.Batch; n += len(learners) {
					loss, err := l.learn(augment{chance[i], c.Without}, draw.example(chance[i]), sums[i])
					losses[i] += loss
					errs[i] = errors.Join(errs[i], err)
				}
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			return 0, err
		}
		gradient := sums[0]
		for _, more := range sums[1:] {
			for name, g := range more {
				for j, v := range g {
					gradient[name][j] += v
				}
			}
		}
		for _, g := range gradient {
			for j := range g {
				g[j] /= float32(c.Batch)
			}
		}
		clip(gradient)
		s.Adam.Steps++
		rate := learningRate(c.Rate, float64(s.Adam.Steps)/float64(c.Epochs*steps))
		for _, t := range w.Tensors {
			s.Adam.step(t.Name, w.Tensor(t.Name), gradient[t.Name], rate, len(t.Shape) > 1)
		}
		for _, l := range losses {
			total += l
		}
	}
	return total / float64(steps*c.Batch), nil
}

// learningRate rises over the first 3 % of training and falls to nothing by a
// cosine (Loshchilov & Hutter 2017, eq. 5).
func learningRate(peak, done float64) float64 {
	const warm = 0.03
	return peak * math.Min(1, done/warm) * (0.01 + 0.99*(1+math.Cos(math.Pi*math.Min(1, done)))/2)
}

func zeros(w *cnn.Weights) map[string][]float32 {
	z := make(map[string][]float32, len(w.Tensors))
	for _, t := range w.Tensors {
		z[t.Name] = make([]float32, t.Len())
	}
	return z
}

// split parts the examples that the network can learn from: those with a label
// for it and, where it has teachers, what these can hear enough of.
func split(c Config, examples []Example) (training, validation []Example) {
	for _, e := range examples {
		useful := e.TempoWeight+e.BeatWeight+e.MeterWeight > 0
		if cnn.IsKey(c.Network) {
			useful = e.KeyWeight > 0 || len(c.Teachers) > 0 && e.keyFrames() >= keyFrames/2
		}
		switch {
		case !useful && !e.Nothing:
		case e.Split == "valid":
			validation = append(validation, e)
		default:
			training = append(training, e)
		}
	}
	return training, validation
}
