package train

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"earworm/cnn"
)

// state is what a checkpoint holds.
type state struct {
	Epoch  int // to come
	Losses []float64
	Valid  []float64 // Figures.Overall by epoch
	Adam   *adam
	File   []byte // weights
}

// start takes up the checkpoint, or begins anew where there is none.
func start(c Config) (*state, *cnn.Weights, error) {
	file, err := os.ReadFile(c.Checkpoint)
	if c.Checkpoint == "" || errors.Is(err, fs.ErrNotExist) {
		if c.From != nil {
			w := c.From.Clone()
			w.Calibration = cnn.Calibration{} // was fitted to what it will no longer say
			return &state{Adam: newAdam()}, w, nil
		}
		w, err := cnn.NewWeights(c.Network, rand.New(rand.NewPCG(c.Seed, 0)))
		return &state{Adam: newAdam()}, w, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	s, w, err := parseCheckpoint(file)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint %q: %w", c.Checkpoint, err)
	}
	return s, w, nil
}

func parseCheckpoint(file []byte) (*state, *cnn.Weights, error) {
	s := &state{}
	if err := gob.NewDecoder(bytes.NewReader(file)).Decode(s); err != nil {
		return nil, nil, err
	}
	w, err := cnn.ParseWeights(s.File)
	return s, w, err
}

// ReadWeights reads a weight file; errors name it.
func ReadWeights(name string) (*cnn.Weights, error) { return readWeights(name, cnn.ParseWeights) }

// ReadFrom reads weights to begin with: of a weight file, or the last epoch's of
// a checkpoint.
func ReadFrom(name string) (*cnn.Weights, error) {
	return readWeights(name, func(file []byte) (*cnn.Weights, error) {
		if _, w, err := parseCheckpoint(file); err == nil {
			return w, nil
		}
		return cnn.ParseWeights(file)
	})
}

func readWeights(name string, parse func(file []byte) (*cnn.Weights, error)) (*cnn.Weights, error) {
	file, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	w, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

func checkpoint(c Config, s *state, w *cnn.Weights) error {
	if c.Checkpoint == "" {
		return nil
	}
	next := *s
	next.Epoch++
	var err error
	if next.File, err = w.MarshalBinary(); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(next); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return writeWhole(c.Checkpoint, out.Bytes())
}

func save(name string, w *cnn.Weights) error {
	file, err := w.MarshalBinary()
	if err != nil {
		return err
	}
	return writeWhole(name, file)
}

// writeWhole replaces a file in one step, so that a killed run leaves the old one.
func writeWhole(name string, data []byte) error {
	temporary := name + ".part"
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
