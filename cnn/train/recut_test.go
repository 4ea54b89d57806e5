package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"earworm/cnn"
	"earworm/schema"
)

// barsExample has a beat every 25 frames; each frame's value is the number of
// the beat that sounds.
func barsExample(meter schema.Meter, inBar, beats int) Example {
	const perBeat = 25
	e := Example{Item: Item{Meter: meter, TempoBPM: 120}}
	for i := range beats {
		e.Beats = append(e.Beats, float64(i*perBeat+seam)/cnn.RhythmFPS)
		e.Positions = append(e.Positions, i%inBar+1)
		for range perBeat * cnn.RhythmFrontEnd.Bands {
			e.Mel = append(e.Mel, byte(i))
		}
	}
	e.setWeights()
	return e
}

// Whatever is left out, each beat that remains sounds as it did, is as long as
// the others and counted within bars of the new meter.
func TestRecutKeepsBeatsAndCountsBars(t *testing.T) {
	t.Parallel()
	common, three := schema.Meter{Beats: 4, Unit: 4}, schema.Meter{Beats: 3, Unit: 4}
	rng := rand.New(rand.NewPCG(3, 4))
	for i, r := range recuttings {
		meter := common
		if r.bar == 3 {
			meter = three
		}
		e := barsExample(meter, r.bar, 48)
		cut := r.cut(e, rng)
		want, inBar := e.Meter, r.bar
		if r.meter.Beats > 0 {
			want, inBar = r.meter, r.bar-r.leave
		}
		if cut.Meter != want {
			t.Errorf("recutting %d: meter is %v; want %v", i, cut.Meter, want)
		}
		if got := cut.TempoBPM * r.share; math.Abs(got-e.TempoBPM) > 1e-9 {
			t.Errorf("recutting %d: tempo is %g", i, cut.TempoBPM)
		}
		if kept := 47 * (r.every - r.leave) / r.every; len(cut.Beats) < kept-r.bar || len(cut.Beats) > kept+r.bar {
			t.Errorf("recutting %d: %d beats remain of 48; want about %d", i, len(cut.Beats), kept)
		}
		frames := len(cut.Mel) / cnn.RhythmFrontEnd.Bands
		for b, s := range cut.Beats {
			at := int(math.Round(s * cnn.RhythmFPS))
			if at >= frames {
				t.Fatalf("recutting %d: beat %d is at %d of %d frames", i, b, at, frames)
			}
			was := int(cut.Mel[at*cnn.RhythmFrontEnd.Bands])
			if p := cut.Positions[b]; p == 1 && e.Positions[was] != 1 {
				t.Errorf("recutting %d: beat %d of the music, no downbeat, became one", i, was)
			}
			if b == 0 {
				continue
			}
			if p := cut.Positions[b]; p != cut.Positions[b-1]%inBar+1 {
				t.Errorf("recutting %d: beat %d of the bar follows %d, in bars of %d", i, p, cut.Positions[b-1], inBar)
			}
			if gap := s - cut.Beats[b-1]; math.Abs(gap-0.5*r.share) > 0.011 {
				t.Errorf("recutting %d: %.3f s between beats; want %.3f", i, gap, 0.5*r.share)
			}
		}
	}
}

// Only bars of three or four that hold are cut; two of two are one of four.
func TestBarsThatCanBeCut(t *testing.T) {
	t.Parallel()
	broken := barsExample(schema.Meter{Beats: 4, Unit: 4}, 4, 48)
	broken.Positions[21] = 1
	for _, c := range []struct {
		name string
		item Example
		want int
	}{
		{"common time", barsExample(schema.Meter{Beats: 4, Unit: 4}, 4, 48), 4},
		{"two", barsExample(schema.Meter{Beats: 2, Unit: 4}, 2, 48), 4},
		{"three", barsExample(schema.Meter{Beats: 3, Unit: 4}, 3, 48), 3},
		{"12/8", barsExample(schema.Meter{Beats: 12, Unit: 8}, 4, 48), 4},
		{"6/8, felt in two", barsExample(schema.Meter{Beats: 6, Unit: 8}, 2, 48), 0},
		{"five", barsExample(schema.Meter{Beats: 5, Unit: 4}, 5, 48), 0},
		{"a bar cut short", broken, 0},
		{"hardly a bar", barsExample(schema.Meter{Beats: 4, Unit: 4}, 4, 7), 0},
	} {
		if got := c.item.barBeats(); got != c.want {
			t.Errorf("%s: bars of %d; want %d", c.name, got, c.want)
		}
	}
}

// Recordings are the ones that are cut for validation, and only their meter
// counts there.
func TestInThreeJudgesMetersAlone(t *testing.T) {
	t.Parallel()
	recorded := barsExample(schema.Meter{Beats: 4, Unit: 4}, 4, 48)
	recorded.Source = GameMusic
	rendered := recorded
	rendered.Source = "band"
	all := inThree([]Example{recorded, rendered})
	if len(all) != 1 {
		t.Fatalf("%d of one recording and one render are cut", len(all))
	}
	truth := all[0].truth("rhythm")
	if truth.Meter != waltz.meter || truth.TempoBPM != 0 || truth.Beats != nil {
		t.Errorf("judged by %+v", truth)
	}
}
