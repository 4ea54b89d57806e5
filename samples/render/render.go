// Package render makes training audio: excerpts of music whose beats, key and
// meter are known exactly from the score, in many sounds and through much of
// what recordings go through. What it makes follows from the seed and the
// item's number alone, so that a run that was stopped goes on where it was.
package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"earworm/samples/synth"
	"earworm/schema"
)

// Config says what to render.
type Config struct {
	Corpus  string  // folder of symbolic music, with its index.csv
	Out     string  // folder for the audio and manifest.ndjson
	Hours   float64 // of audio
	Seed    uint64
	Jobs    int                // items at once; 0 is 1
	Sources map[string]float64 // share of items by source; nil is Mix
	Meters  []schema.Meter     // the corpus's scores in these only; nil is all
	Kits    []string           // folders of drum kits; nil is KitFolders

	// Without names Augmentations that are left out. With the same seed all else
	// of an item stays as it is.
	Without []string
	// Missing is told of what would be used and is not installed; nil hears nothing.
	Missing func(what string)
}

// WithDefaults fills in what is not said.
func (c Config) WithDefaults() Config {
	if c.Jobs == 0 {
		c.Jobs = 1
	}
	if c.Sources == nil {
		c.Sources = Mix()
	}
	if c.Kits == nil {
		c.Kits = KitFolders()
	}
	if c.Missing == nil {
		c.Missing = func(string) {}
	}
	return c
}

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	switch {
	case c.Corpus == "":
		return errors.New("corpus is empty; want the folder of symbolic music")
	case c.Out == "":
		return errors.New("out is empty; want a folder for the audio")
	case !(c.Hours > 0 && c.Hours <= 10000):
		return fmt.Errorf("hours is %g; want more than 0, and 10000 at most", c.Hours)
	case c.Jobs < 1:
		return fmt.Errorf("jobs is %d; want 1 or more", c.Jobs)
	}
	for name, share := range c.Sources {
		if _, ok := Mix()[name]; !ok {
			return fmt.Errorf("source is %q; want some of %v", name, SourceNames())
		}
		if share < 0 {
			return fmt.Errorf("share of %s is %g; want 0 or more", name, share)
		}
	}
	for _, group := range c.Without {
		if !slices.Contains(Augmentations(), group) {
			return fmt.Errorf("augmentation to leave out is %q; want some of %q", group, Augmentations())
		}
	}
	return nil
}

// Items is how many items the hours make.
func (c Config) Items() int { return int(math.Ceil(c.Hours * 3600 / ExcerptS)) }

// Progress is where a run stands.
type Progress struct {
	Done  int // items that are there, those of earlier runs included
	Was   int // items that were there when the run began
	Total int
}

// Run renders what is still missing and calls report after each item, one call
// at a time. It stops soon after ctx ends, with ctx's error; what is in the
// manifest by then stays.
func Run(ctx context.Context, c Config, report func(Progress)) error {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return err
	}
	studio, err := openStudio(ctx, c)
	if err != nil {
		return err
	}
	defer studio.close()
	manifest, err := openManifest(c.Out)
	if err != nil {
		return err
	}
	progress := Progress{Was: manifest.count(c.Items()), Total: c.Items()}
	progress.Done = progress.Was
	report(progress)
	if err := renderAll(ctx, c, studio, manifest, func() {
		progress.Done++
		report(progress)
	}); err != nil {
		return errors.Join(err, manifest.close())
	}
	return manifest.finish()
}

// renderAll renders the missing items on c.Jobs goroutines.
func renderAll(ctx context.Context, c Config, studio *studio, manifest *manifest, done func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// What is missing is listed before the workers add to the manifest.
	var missing []int
	for i := range c.Items() {
		if !manifest.has(i) {
			missing = append(missing, i)
		}
	}
	items := make(chan int)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range c.Jobs {
		workers.Go(func() {
			for i := range items {
				item, err := studio.render(ctx, i)
				mu.Lock()
				if err == nil {
					err = manifest.add(item)
				}
				if err != nil {
					cancel(err)
				} else {
					done()
				}
				mu.Unlock()
			}
		})
	}
feed:
	for _, i := range missing {
		select {
		case items <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(items)
	workers.Wait()
	return context.Cause(ctx)
}

// studio is what rendering an item needs, opened once. It is safe for several
// goroutines.
type studio struct {
	config  Config
	sources []share
	rooms   []room
	fonts   []synth.Font
	kits    []*drumkit
	temp    string
	quick   string // file that has the synthesiser interpolate quickly
}

func openStudio(ctx context.Context, c Config) (*studio, error) {
	s := &studio{config: c, fonts: synth.Fonts()}
	if len(s.fonts) < 2 {
		return nil, fmt.Errorf("%d sound fonts are installed; want 2 or more, one of them %s: "+
			"apt-get install fluid-soundfont-gm timgm6mb-soundfont", len(s.fonts), validFont)
	}
	if _, ok := synth.FindFont(validFont); !ok {
		return nil, fmt.Errorf("sound font %s, for validation, is not installed: apt-get install timgm6mb-soundfont", validFont)
	}
	index, err := readIndex(c.Corpus)
	if err != nil {
		return nil, err
	}
	if s.sources, err = openSources(c, index); err != nil {
		return nil, err
	}
	if s.rooms, err = loadRooms(ctx, filepath.Join(c.Corpus, "ir")); err != nil {
		return nil, err
	}
	if s.kits, err = openKits(c.Kits); err != nil {
		return nil, err
	}
	if len(s.kits) == 0 {
		c.Missing("no drum kits are installed; sound fonts play their part: " +
			"apt-get install hydrogen-drumkits sonic-pi-samples")
	}
	if s.temp, err = os.MkdirTemp("", "earworm-render-"); err != nil {
		return nil, err
	}
	s.quick = filepath.Join(s.temp, "quick.cfg")
	return s, os.WriteFile(s.quick, []byte("interp 1\n"), 0o600)
}

func (s *studio) close() { os.RemoveAll(s.temp) }

// attempts is how many pieces may turn out unusable before an item fails.
const attempts = 50

// render makes the i-th item and leaves its audio in the folder.
func (s *studio) render(ctx context.Context, i int) (Item, error) {
	rng := rand.New(rand.NewPCG(s.config.Seed, uint64(i)))
	src := drawSource(rng, s.sources)
	var last error
	for range attempts {
		excerpt, err := src.take(ctx, rng, i)
		if ctx.Err() != nil {
			return Item{}, ctx.Err()
		}
		if err != nil {
			last = err
			continue
		}
		item := Item{Audio: fmt.Sprintf("%06d.wav", i), Weight: 1, Source: src.name()}
		if err = s.record(ctx, rng, excerpt, &item); errors.Is(err, errSparse) {
			last = err
			continue
		}
		return item, err
	}
	return Item{}, fmt.Errorf("item %d: no usable piece of %s in %d: %w", i, src.name(), attempts, last)
}
