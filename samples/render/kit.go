package render

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"earworm/dsp"
	"earworm/samples/score"
)

// KitFolders is where Debian's packages hydrogen-drumkits and sonic-pi-samples
// put theirs: folders of kits, and one of loose sounds.
func KitFolders() []string {
	return []string{"/usr/share/hydrogen/data/drumkits", "/usr/share/sonic-pi/samples"}
}

// validKit is the drum kit that only validation hears.
const validKit = "The Black Pearl 1.0"

// drumkit is a kit of recorded drums. It is safe for several goroutines.
type drumkit struct {
	name  string
	drums map[drum][]instrument // some have several snares: a take draws one

	mu     sync.Mutex
	sounds map[string][]float32 // by path, at dsp.SampleRate
}

// instrument is a drum, recorded once or at several strengths.
type instrument struct {
	layers []layer
}

// layer is the sound of strokes between two velocities, from 0 to 1.
type layer struct {
	path      string
	from, to  float64
	gain      float64
	semitones float64
}

// openKits reads what kits the folders have: in each folder below them that has
// a drumkit.xml, and in themselves where sounds lie there. A folder that is not
// there has none; a kit without a bass drum, a snare and a hi-hat is left out.
func openKits(folders []string) ([]*drumkit, error) {
	var kits []*drumkit
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read drum kits: %w", err)
		}
		loose := newKit("loose sounds of " + filepath.Base(filepath.Dir(folder)))
		for _, e := range entries {
			if !e.IsDir() {
				loose.addLoose(filepath.Join(folder, e.Name()))
				continue
			}
			kit, err := readKit(filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("read drum kit %s: %w", e.Name(), err)
			}
			kits = append(kits, kit)
		}
		kits = append(kits, loose)
	}
	return slices.DeleteFunc(kits, func(k *drumkit) bool { return !k.has(36) || !k.has(38) || !k.has(42) }), nil
}

func newKit(name string) *drumkit {
	return &drumkit{name: name, drums: map[drum][]instrument{}, sounds: map[string][]float32{}}
}

// addLoose adds a file that is named after a drum, such as sn_dub.flac.
func (k *drumkit) addLoose(path string) {
	name, audio := strings.CutSuffix(filepath.Base(path), ".flac")
	if d := drumOf(name); audio && d != "" && looseDrum.MatchString(name) {
		k.drums[d] = append(k.drums[d], instrument{[]layer{{path: path, to: 1, gain: 1}}})
	}
}

// kitFile is Hydrogen's description of a kit. Older ones give an instrument's
// file in place of layers, and leave gains out.
type kitFile struct {
	Instruments []struct {
		Name   string   `xml:"name"`
		Volume float64  `xml:"volume"`
		Gain   *float64 `xml:"gain"`
		File   string   `xml:"filename"`
		Layers []struct {
			File  string  `xml:"filename"`
			Min   float64 `xml:"min"`
			Max   float64 `xml:"max"`
			Gain  float64 `xml:"gain"`
			Pitch float64 `xml:"pitch"` // semitones
		} `xml:"layer"`
	} `xml:"instrumentList>instrument"`
}

// readKit reads the kit in a folder; one without drumkit.xml is empty.
func readKit(dir string) (*drumkit, error) {
	kit := newKit(filepath.Base(dir))
	data, err := os.ReadFile(filepath.Join(dir, "drumkit.xml"))
	if errors.Is(err, fs.ErrNotExist) {
		return kit, nil
	}
	if err != nil {
		return nil, err
	}
	var file kitFile
	if err := xml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("drumkit.xml: %w", err)
	}
	for _, i := range file.Instruments {
		gain := i.Volume
		if i.Gain != nil {
			gain *= *i.Gain
		}
		var in instrument
		for _, l := range i.Layers {
			in.add(layer{filepath.Join(dir, l.File), l.Min, l.Max, gain * l.Gain, l.Pitch})
		}
		if len(i.Layers) == 0 {
			in.add(layer{path: filepath.Join(dir, i.File), to: 1, gain: gain})
		}
		if d := drumOf(i.Name); d != "" && len(in.layers) > 0 {
			kit.drums[d] = append(kit.drums[d], in)
		}
	}
	return kit, nil
}

// add adds a layer whose sound is there: kits name some that they do not have.
func (i *instrument) add(l layer) {
	if info, err := os.Stat(l.path); err == nil && info.Mode().IsRegular() {
		i.layers = append(i.layers, l)
	}
}

// chooseKit draws the kit of a split: validation has one to itself. It is nil
// where there is none.
func (s *studio) chooseKit(rng *rand.Rand, split string) *drumkit {
	mine := slices.DeleteFunc(slices.Clone(s.kits), func(k *drumkit) bool {
		return (k.name == validKit) != (split == "valid")
	})
	if len(mine) == 0 {
		return nil
	}
	return pick(rng, mine)
}

// drumFor is what plays General MIDI's note on the kit: its drum, or the one
// most like it that is there; "" where none is.
func (k *drumkit) drumFor(note uint8) drum {
	for _, d := range standIns[note] {
		if len(k.drums[d]) > 0 {
			return d
		}
	}
	return ""
}

func (k *drumkit) has(note uint8) bool { return k.drumFor(note) != "" }

// play returns n samples of strokes at a rate, all of which the kit has. The
// whole kit is tuned a little higher or lower for each take; a stroke on the
// hi-hat ends the one before.
func (k *drumkit) play(ctx context.Context, rng *rand.Rand, strokes []score.Note, rate, n int) ([]float32, error) {
	out := make([]float32, n)
	tuned := between(rng, -2, 2) // semitones
	set := map[drum]instrument{}
	for _, d := range drums() {
		if there := k.drums[d]; len(there) > 0 {
			set[d] = pick(rng, there)
		}
	}
	for _, s := range strokes {
		struck := k.drumFor(s.Pitch)
		l := set[struck].at(float64(s.Velocity) / 127)
		sound, err := k.load(ctx, l.path)
		if err != nil {
			return nil, err
		}
		end := n
		if isHat(struck) {
			for _, other := range strokes {
				if other.On > s.On && isHat(k.drumFor(other.Pitch)) {
					end = min(end, int(other.On*float64(rate)))
				}
			}
		}
		speed := math.Exp2((tuned+l.semitones)/12) * dsp.SampleRate / float64(rate)
		ring(out, sound, int(s.On*float64(rate)), end, speed, l.gain*float64(s.Velocity)/127)
	}
	return out, nil
}

// at is the layer for a velocity of 0 to 1: the one that is nearest.
func (i instrument) at(velocity float64) layer {
	away := func(l layer) float64 { return max(l.from-velocity, velocity-l.to, 0) }
	best := i.layers[0]
	for _, l := range i.layers[1:] {
		if away(l) < away(best) {
			best = l
		}
	}
	return best
}

// ring adds a sound to out from a sample on, at a speed. It is damped from end
// on, within 10 ms.
func ring(out, sound []float32, from, end int, speed, gain float64) {
	damp := math.Exp(-1 / (0.002 * dsp.SampleRate))
	for i := from; i < min(len(out), end+dsp.SampleRate/100); i++ {
		place := float64(i-from) * speed
		at := int(place)
		if at+1 >= len(sound) {
			return
		}
		if i > end {
			gain *= damp
		}
		mix := float32(place - float64(at))
		out[i] += float32(gain) * ((1-mix)*sound[at] + mix*sound[at+1])
	}
}

// soundS bounds how long a stroke sounds.
const soundS = 3

// load decodes a sound once. It begins where the stroke is heard: a recording's
// pause before it would put it off the beat.
func (k *drumkit) load(ctx context.Context, path string) ([]float32, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if sound, ok := k.sounds[path]; ok {
		return sound, nil
	}
	pcm, err := readAll(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("drum kit %s: %w", k.name, err)
	}
	pcm = fromOnset(pcm, 0.1)
	pcm = slices.Clone(pcm[:min(len(pcm), soundS*dsp.SampleRate)])
	k.sounds[path] = pcm
	return pcm, nil
}
