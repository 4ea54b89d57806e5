package train

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"earworm/cnn"
	"earworm/dsp"
	"earworm/dsp/decode"
)

// Features are an item's input to both networks, compressed and quantised to
// bytes: a step is 1/28, about 0.3 dB, far below what augmentation changes.
type Features struct {
	Mel    []byte  // (frames, 81)
	Pitch  []byte  // (frames, 232)
	Tuning float64 // cents
}

const quantum = 28 // steps to a unit of log1p

// Example is an item with its features.
type Example struct {
	Item
	Features
	// Taught are probabilities of keys, (12, 2), by teachers; nil without any.
	Taught []float64
}

// keyFrames is how many frames of the key front end there are.
func (f Features) keyFrames() int { return len(f.Pitch) / cnn.KeyFrontEnd.Bands }

// Prepare listens to every item, or finds in cacheDir what was heard before, and
// calls heard after each. Items that cannot be read are left out and reported
// through failed, but for those without a label, that may lie after the end of
// their recording. It is resumable: each item is cached as soon as it is heard.
func Prepare(ctx context.Context, items []Item, cacheDir string, workers int, heard func(), failed func(Item, error)) ([]Example, error) {
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return nil, fmt.Errorf("feature cache: %w", err)
	}
	examples := make([]*Example, len(items))
	var report sync.Mutex
	inParallel(workers, len(items), func(i int) {
		if ctx.Err() != nil {
			return
		}
		f, err := features(ctx, items[i], cacheDir)
		report.Lock()
		defer report.Unlock()
		if err == nil {
			examples[i] = &Example{Item: items[i], Features: f}
		} else if ctx.Err() == nil && !items[i].unlabelled() {
			failed(items[i], err)
		}
		heard()
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var found []Example
	for _, e := range examples {
		if e != nil {
			found = append(found, *e)
		}
	}
	return found, nil
}

func features(ctx context.Context, it Item, cacheDir string) (Features, error) {
	key, err := json.Marshal([]any{filepath.Base(filepath.Dir(it.Audio)), filepath.Base(it.Audio), it.StartS, it.LengthS, cnn.RhythmFrontEnd, cnn.KeyFrontEnd})
	if err != nil {
		return Features{}, err
	}
	sum := sha256.Sum256(key)
	name := filepath.Join(cacheDir, hex.EncodeToString(sum[:12])+".features")
	if file, err := os.ReadFile(name); err == nil {
		return parseFeatures(file)
	}
	f, err := listen(ctx, it)
	if err != nil && !errors.Is(err, errNoSound) { // that there is none is remembered, too
		return Features{}, err
	}
	// Written whole or not at all: a killed run leaves no half file.
	temporary := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.WriteFile(temporary, f.bytes(), 0o644); err != nil {
		return Features{}, err
	}
	return f, errors.Join(err, os.Rename(temporary, name))
}

var errNoSound = errors.New("no sound")

func (f Features) bytes() []byte {
	out := binary.LittleEndian.AppendUint64(nil, math.Float64bits(f.Tuning))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(f.Mel)))
	out = append(out, f.Mel...)
	return append(out, f.Pitch...)
}

func parseFeatures(file []byte) (Features, error) {
	const head = 12
	if len(file) < head || len(file)-head < int(binary.LittleEndian.Uint32(file[8:])) {
		return Features{}, errors.New("feature cache: file cut short")
	}
	n := int(binary.LittleEndian.Uint32(file[8:]))
	if len(file) == head {
		return Features{}, errNoSound
	}
	return Features{
		Tuning: math.Float64frombits(binary.LittleEndian.Uint64(file)),
		Mel:    file[head : head+n], Pitch: file[head+n:],
	}, nil
}

func listen(ctx context.Context, it Item) (Features, error) {
	audio, err := decode.Open(ctx, it.Audio, decode.Options{})
	if err != nil {
		return Features{}, err
	}
	defer audio.Close()
	heard, err := cnn.Listen(ctx, &excerpt{
		audio: audio,
		skip:  int(it.StartS * dsp.SampleRate), left: int(it.LengthS * dsp.SampleRate), whole: it.LengthS == 0,
	})
	if err != nil {
		return Features{}, err
	}
	if heard.Peak == 0 {
		return Features{}, errNoSound
	}
	return Features{
		Tuning: heard.Tuning,
		Mel:    quantise(cnn.RhythmFrontEnd, heard.Rhythm, heard.RMS),
		Pitch:  quantise(cnn.KeyFrontEnd, heard.Key, heard.RMS),
	}, nil
}

func quantise(f cnn.FrontEnd, magnitudes []float32, rms float64) []byte {
	x := make([]float32, len(magnitudes))
	f.Compress(x, magnitudes, rms)
	q := make([]byte, len(x))
	for i, v := range x {
		q[i] = byte(min(255, math.Round(float64(v)*quantum)))
	}
	return q
}

// excerpt reads a part of a recording.
type excerpt struct {
	audio      dsp.SampleReader
	skip, left int
	whole      bool
}

func (e *excerpt) Read(dst []float32) (int, error) {
	for e.skip > 0 {
		n, err := e.audio.Read(dst[:min(len(dst), e.skip)])
		if err != nil {
			return 0, err
		}
		e.skip -= n
	}
	if e.whole {
		return e.audio.Read(dst)
	}
	if e.left <= 0 {
		return 0, io.EOF
	}
	n, err := e.audio.Read(dst[:min(len(dst), e.left)])
	e.left -= n
	return n, err
}
