package render

import (
	"context"
	"slices"
	"testing"
)

// With a group left out, a take goes through all the other steps as before; one
// that had met none of the group sounds the same to the sample.
func TestLeavingOutAGroupChangesNothingElse(t *testing.T) {
	t.Parallel()
	const seeds = 24
	play := func(seed uint64, without ...string) *take {
		k := clicks(1)
		k.seed, k.without = seed, append([]string{"codec"}, without...) // MP3 needs a program
		if err := (&studio{}).augment(context.Background(), k); err != nil {
			t.Fatal(err)
		}
		return k
	}
	met := map[string]int{}
	for seed := range uint64(seeds) {
		full := play(seed)
		for _, g := range groups {
			var rest []string
			for _, step := range full.item.Augment {
				if !slices.Contains(g.steps, step) {
					rest = append(rest, step)
				}
			}
			less := play(seed, g.name)
			if !slices.Equal(rest, less.item.Augment) && g.name != "level" && !slices.Contains(append(rest, less.item.Augment...), "overload") {
				t.Errorf("seed %d without %s: %v; want %v", seed, g.name, less.item.Augment, rest)
			}
			if len(rest) < len(full.item.Augment) {
				met[g.name]++
			} else if g.name != "level" && !slices.Equal(full.pcm, less.pcm) {
				t.Errorf("seed %d met nothing of %s, and sounds other without it", seed, g.name)
			}
		}
	}
	for _, name := range []string{"room", "colour", "level", "noise"} {
		if met[name] == 0 || met[name] == seeds {
			t.Errorf("%d of %d takes met %s; the test wants some of each", met[name], seeds, name)
		}
	}
}

// Every augmentation is a group of steps, and no step is in two.
func TestGroupsPartTheSteps(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, g := range groups {
		for _, step := range g.steps {
			if seen[step] {
				t.Errorf("step %s is in two groups", step)
			}
			seen[step] = true
		}
	}
	if c := (Config{Corpus: "c", Out: "o", Hours: 1, Without: []string{"treble"}}.WithDefaults()); c.Validate() == nil {
		t.Error("an augmentation that is none was accepted")
	}
}
