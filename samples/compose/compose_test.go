package compose_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"earworm/samples/compose"
	"earworm/schema"
)

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

func brief(style, meter string, bpm float64) compose.Brief {
	m, err := schema.ParseMeter(meter)
	if err != nil {
		panic(err)
	}
	return compose.Brief{Style: style, Key: schema.KeyOf(2, true), Meter: m, TempoBPM: bpm, LengthS: 20}
}

// A band plays at the tempo it was asked for, and its bars have the beats of
// its meter.
func TestBeatsKeepTheBrief(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		style, meter string
		bpm          float64
		beats        int
	}{
		{"pop", "4/4", 120, 4},
		{"waltz", "3/4", 170, 3},
		{"folk", "6/8", 70, 2},
		{"blues", "12/8", 60, 4},
		{"progressive", "5/4", 130, 5},
		{"balkan", "7/8", 220, 7},
		{"balkan", "9/8", 100, 3},
		{"polka", "2/4", 120, 2},
		{"odd jazz", "7/4", 150, 7},
	} {
		t.Run(c.style+" "+c.meter, func(t *testing.T) {
			t.Parallel()
			s := compose.Compose(seeded(1), brief(c.style, c.meter, c.bpm))
			if got := s.Tempo(); math.Abs(got-c.bpm)/c.bpm > 0.03 {
				t.Errorf("tempo is %.1f; want %.1f", got, c.bpm)
			}
			for i, b := range s.Beats {
				if want := i%c.beats + 1; b.Position != want {
					t.Fatalf("beat %d has position %d; want %d", i, b.Position, want)
				}
				if i > 0 && b.At <= s.Beats[i-1].At {
					t.Fatalf("beat %d does not rise", i)
				}
			}
			if s.Meter.String() != c.meter || len(s.Notes) < 20 {
				t.Errorf("meter is %v with %d notes", s.Meter, len(s.Notes))
			}
		})
	}
}

// A machine's drums fall on the grid of the beats that the label gives.
func TestDrumsAreOnTheGrid(t *testing.T) {
	t.Parallel()
	b := brief("techno", "4/4", 133)
	b.Steady = true
	s := compose.Compose(seeded(3), b)
	sixteenth := 60 / 133.0 / 4
	for _, n := range s.Notes {
		if n.Channel != 9 {
			continue
		}
		steps := (n.On - s.Beats[0].At) / sixteenth
		if off := math.Abs(steps-math.Round(steps)) * sixteenth; off > 1e-6 {
			t.Fatalf("a stroke at %.4f s is %.4f s off the grid", n.On, off)
		}
	}
}

func TestEqualSeedsEqualMusic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		one := compose.Compose(seeded(seed), compose.Draw(seeded(seed), 32))
		two := compose.Compose(seeded(seed), compose.Draw(seeded(seed), 32))
		if !reflect.DeepEqual(one, two) {
			t.Fatalf("seed %d gives two pieces", seed)
		}
	}
}

// Whatever is drawn can be played, and sounds the notes of its key more than
// others.
func TestDrawnBriefsPlayInTheirKey(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		b := compose.Draw(seeded(seed), 30)
		if err := b.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		s := compose.Compose(seeded(seed), b)
		inside, all := 0.0, 0.0
		for _, n := range s.Notes {
			if n.On < 0 || n.Off <= n.On || n.Off > s.Length {
				t.Fatalf("seed %d (%s): note %+v", seed, b.Style, n)
			}
			if n.Channel == 9 {
				continue
			}
			all += n.Off - n.On
			if inScale(int(n.Pitch), b.Key) {
				inside += n.Off - n.On
			}
		}
		if all == 0 || inside/all < 0.7 {
			t.Errorf("seed %d (%s %v): %.2f of the sound is in key", seed, b.Style, b.Key, inside/all)
		}
	}
}

func inScale(pitch int, k schema.Key) bool {
	above := (pitch - k.Tonic() + 120) % 12
	if k.Minor() {
		return above == 0 || above == 2 || above == 3 || above == 5 || above == 7 || above == 8 || above == 10 || above == 11
	}
	return above == 0 || above == 2 || above == 4 || above == 5 || above == 7 || above == 9 || above == 11
}

func TestRoman(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		numeral string
		minor   bool
		root    int
		tones   []int
	}{
		{"I", false, 0, []int{0, 4, 7}},
		{"vi", false, 9, []int{0, 3, 7}},
		{"VI", true, 8, []int{0, 4, 7}},
		{"bVII", false, 10, []int{0, 4, 7}},
		{"V7", false, 7, []int{0, 4, 7, 10}},
		{"I7", false, 0, []int{0, 4, 7, 11}},
		{"ii7", false, 2, []int{0, 3, 7, 10}},
		{"iidim", true, 2, []int{0, 3, 6}},
		{"Vsus4", false, 7, []int{0, 5, 7}},
	} {
		got, err := compose.Roman(c.numeral, c.minor)
		if err != nil || got.Root != c.root || !reflect.DeepEqual(got.Tones, c.tones) {
			t.Errorf("%s is %+v, %v; want %d %v", c.numeral, got, err, c.root, c.tones)
		}
	}
	if _, err := compose.Roman("X", false); err == nil {
		t.Error("X was read as a chord")
	}
}

func TestParseGroove(t *testing.T) {
	t.Parallel()
	g, err := compose.ParseGroove("36 x---x---\n38 --x---f-\nAC x-------", 6)
	if err != nil {
		t.Fatal(err)
	}
	if g.Ticks != 48 || len(g.Strokes) != 4 || g.Strokes[0].Velocity != 1 || g.Strokes[1].Tick != 24 {
		t.Errorf("groove is %+v", g)
	}
	for _, bad := range []string{"", "36 ----", "99 x---", "nonsense"} {
		if _, err := compose.ParseGroove(bad, 6); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParseGroove(f *testing.F) {
	f.Add("36 x---\n38 --x-", 6)
	f.Fuzz(func(t *testing.T, text string, step int) {
		if step < 1 || step > 96 {
			return // steps are of a known size
		}
		g, err := compose.ParseGroove(text, step)
		if err != nil {
			return
		}
		for _, st := range g.Strokes {
			if st.Tick < 0 || st.Tick >= g.Ticks || st.Drum < 27 || st.Drum > 87 {
				t.Fatalf("stroke %+v outside %d ticks", st, g.Ticks)
			}
		}
	})
}
