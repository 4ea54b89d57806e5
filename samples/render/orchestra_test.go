package render

import (
	"math/rand/v2"
	"testing"

	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// Another ensemble plays the same harmony at the same time: no note is lost, and
// what is added doubles one at the octave, or is a drum.
func TestOrchestrateKeepsTheMusic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := scale(seed)
		before := s.Clone()
		orchestrate(rng, s)
		type sounding struct {
			on    float64
			class uint8
		}
		want, got := map[sounding]bool{}, map[sounding]bool{}
		for _, n := range before.Notes {
			want[sounding{n.On, n.Pitch % octave}] = true
		}
		for _, n := range s.Notes {
			if n.Channel != midi.DrumChannel {
				got[sounding{n.On, n.Pitch % octave}] = true
			}
		}
		if len(s.Notes) < len(before.Notes) || len(got) != len(want) {
			t.Fatalf("seed %d: %d of %d sounds are left", seed, len(got), len(want))
		}
		for w := range want {
			if !got[w] {
				t.Fatalf("seed %d: the sound %v is gone", seed, w)
			}
		}
	}
}

// An excerpt that begins with its piece keeps the key, whatever the notes; all
// lie within the piece.
func TestMovementsBeginInTheirKey(t *testing.T) {
	t.Parallel()
	begun := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := scale(seed)
		s.Key = schema.KeyOf(6, true) // as far from what is played as can be
		cut, err := cutMovement(rng, s)
		if err != nil {
			t.Fatal(err)
		}
		if cut.Key == s.Key {
			begun++
			if cut.Notes[0].On != 0 || cut.Notes[0].Pitch != s.Notes[0].Pitch {
				t.Errorf("seed %d: the first note is %v", seed, cut.Notes[0])
			}
		}
	}
	if begun < 15 || begun > 45 {
		t.Errorf("%d of 60 excerpts begin where the piece does; want about half", begun)
	}
}

// Sound without music has a length, a level and no two alike.
func TestNothingSounds(t *testing.T) {
	t.Parallel()
	for name, sound := range map[string]func(*rand.Rand) []float32{"hiss": hiss, "clatter": clatter} {
		one, two := sound(rand.New(rand.NewPCG(1, 1))), sound(rand.New(rand.NewPCG(2, 1)))
		if len(one) != nothingSamples || rms(one) == 0 {
			t.Errorf("%s: %d samples of level %g", name, len(one), rms(one))
		}
		if one[5000] == two[5000] {
			t.Errorf("%s: two seeds sound alike", name)
		}
	}
}

// scale is two minutes of C major over four octaves, in 3/4.
func scale(seed uint64) *score.Score {
	s := &score.Score{Key: schema.KeyOf(0, false), Meter: schema.Meter{Beats: 3, Unit: 4}, Length: 120}
	steps := []uint8{0, 2, 4, 5, 7, 9, 11}
	for i := range 240 {
		at := 1 + float64(i)*0.49
		s.Notes = append(s.Notes, score.Note{
			On: at, Off: at + 0.4, Channel: uint8(i) % uint8(1+seed%4), Velocity: 80,
			Pitch: 36 + steps[i%7] + octave*uint8(i%4),
		})
		s.Beats = append(s.Beats, score.Beat{At: at, Position: i%3 + 1})
	}
	return s
}
