//go:build render

package render

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"earworm/dsp"
	"earworm/schema"
)

func tiny(t *testing.T, corpus string) Config {
	t.Helper()
	return Config{
		Corpus: corpus, Out: t.TempDir(), Hours: 5.9 * ExcerptS / 3600, Seed: 3, Jobs: 2,
		Sources: map[string]float64{"band": 1, "mma": 1, "folk": 1, "nothing": 1},
	}
}

// files reads a folder, by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A run that was stopped and gone on with leaves the same bytes as one that
// was not, whatever the number of jobs.
func TestRunsAreResumedAndEqual(t *testing.T) {
	t.Parallel()
	corpus := writeCorpus(t)
	once := tiny(t, corpus)
	if err := Run(t.Context(), once, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	again := tiny(t, corpus)
	again.Jobs = 1
	ctx, stop := context.WithCancel(t.Context())
	err := Run(ctx, again, func(p Progress) {
		if p.Done == 2 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a run that was stopped returned %v", err)
	}
	// As a crash leaves it: half a line.
	f, err := os.OpenFile(filepath.Join(again.Out, manifestName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"audio":"0000`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	was := -1
	if err := Run(t.Context(), again, func(p Progress) { was = p.Was }); err != nil {
		t.Fatal(err)
	}
	if was < 2 || was >= again.Items() {
		t.Errorf("the second run found %d items; want at least 2", was)
	}
	want, got := files(t, once.Out), files(t, again.Out)
	if len(want) != once.Items()+1 {
		t.Errorf("%d files; want %d and a manifest", len(want), once.Items())
	}
	for name := range want {
		if !bytes.Equal(want[name], got[name]) {
			t.Errorf("%s differs between the two runs", name)
		}
	}
}

// Without a group, items that had met nothing of it are the same bytes, and the
// others the same music.
func TestLeavingOutAGroupKeepsTheRest(t *testing.T) {
	t.Parallel()
	corpus := writeCorpus(t)
	full, dry := tiny(t, corpus), tiny(t, corpus)
	full.Hours *= 2
	dry.Hours, dry.Without = full.Hours, []string{"room", "voice"}
	for _, c := range []Config{full, dry} {
		if err := Run(t.Context(), c, func(Progress) {}); err != nil {
			t.Fatal(err)
		}
	}
	want, got := files(t, full.Out), files(t, dry.Out)
	items, _, err := ReadManifest(filepath.Join(full.Out, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	less, _, err := ReadManifest(filepath.Join(dry.Out, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for i, item := range items {
		if item.Piece != less[i].Piece || item.Key != less[i].Key || !slices.Equal(item.Beats, less[i].Beats) {
			t.Errorf("%s is %s; want %s", item.Audio, less[i].Piece, item.Piece)
		}
		meets := slices.ContainsFunc(item.Augment, func(a string) bool { return a == "hall" || a == "reverb" || a == "voice" })
		if meets {
			met++
		}
		if meets == bytes.Equal(want[item.Audio], got[item.Audio]) {
			t.Errorf("%s went through %v, and is the same without room and voice: %t", item.Audio, item.Augment, !meets)
		}
	}
	if met == 0 || met == len(items) {
		t.Errorf("%d of %d items met room or voice; the test wants some of each", met, len(items))
	}
}

// A band's drums are a kit's where one is there; where none is, it is said once,
// and the rest is played as before.
func TestRunsGoOnWithoutKits(t *testing.T) {
	t.Parallel()
	corpus := writeCorpus(t)
	for _, c := range []struct {
		name   string
		kits   string
		played bool
	}{{"a kit", writeKits(t), true}, {"no kit", t.TempDir(), false}} {
		r := tiny(t, corpus)
		r.Sources = map[string]float64{"band": 1, "mma": 1}
		r.Hours, r.Kits = 2*r.Hours, []string{c.kits}
		var missing []string
		r.Missing = func(what string) { missing = append(missing, what) }
		if err := Run(t.Context(), r, func(Progress) {}); err != nil {
			t.Fatal(err)
		}
		items, _, err := ReadManifest(filepath.Join(r.Out, manifestName))
		if err != nil {
			t.Fatal(err)
		}
		played := slices.ContainsFunc(items, func(i Item) bool { return i.Drums == "tiny" })
		if said := len(missing) == 1; played != c.played || said == c.played || len(missing) > 1 {
			t.Errorf("%s: a kit played: %t; missing was said to be %q", c.name, played, missing)
		}
	}
}

// Every item's labels hold together, and its audio is as long as they say.
func TestItemsHoldTogether(t *testing.T) {
	t.Parallel()
	c := tiny(t, writeCorpus(t))
	if err := Run(t.Context(), c, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	items, _, err := ReadManifest(filepath.Join(c.Out, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		info, err := os.Stat(filepath.Join(c.Out, i.Audio))
		if err != nil {
			t.Fatal(err)
		}
		seconds := float64(info.Size()-44) / 2 / dsp.SampleRate
		if i.Nothing {
			if i.Key != schema.UnknownKey || len(i.Beats) > 0 || i.TempoBPM != 0 || i.Meter != (schema.Meter{}) {
				t.Errorf("%s is nothing, and yet has labels", i.Audio)
			}
			continue
		}
		switch {
		case seconds < 8 || seconds > ExcerptS+2:
			t.Errorf("%s lasts %.1f s", i.Audio, seconds)
		case len(i.Beats) == 0 || len(i.Beats) != len(i.Positions) || !slices.IsSorted(i.Beats):
			t.Errorf("%s has %d beats and %d positions", i.Audio, len(i.Beats), len(i.Positions))
		case i.Beats[len(i.Beats)-1] > seconds:
			t.Errorf("%s has a beat after its end", i.Audio)
		case (i.Font == validFont) != (i.Split == "valid") || i.Split != splitOf(i.Source, i.Piece):
			t.Errorf("%s of %s is in %s with %s", i.Audio, i.Piece, i.Split, i.Font)
		}
	}
}

// The codec's delay is taken off.
func TestMP3DoesNotMoveTime(t *testing.T) {
	t.Parallel()
	s := &studio{temp: t.TempDir()}
	for seed := range uint64(4) {
		dry, wet := clicks(seed), clicks(seed)
		wet.rng = rand.New(rand.NewPCG(seed, 9))
		if err := s.throughMP3(t.Context(), wet); err != nil {
			t.Fatal(err)
		}
		if lag := bestLag(dry.pcm, wet.pcm); lag > 0.005 || lag < -0.005 {
			t.Errorf("seed %d: sound moved by %.1f ms", seed, lag*1000)
		}
	}
}
