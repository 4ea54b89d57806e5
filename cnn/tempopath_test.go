package cnn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A pulse that changes its tempo half way is followed, at both tempi, although
// the answer for the whole knows only one of them.
func TestTempoPathFollowsAChange(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	const slow, fast = 90.0, 128.0
	half := 40 * RhythmFPS
	activation := append(pulses(half, 60*RhythmFPS/slow, 3, rng), pulses(half, 60*RhythmFPS/fast, 5, rng)...)
	whole := make([]float64, TempoClasses)
	whole[int(math.Round(ClassOfTempo(fast)))] = 1
	path := tempoPath(activation, whole)
	sections := tempoSections(path, trackBeats(activation, path))
	if len(sections) != 2 || sections[0].StartS != 0 || math.Abs(sections[1].StartS-40) > 4 ||
		math.Abs(sections[0].BPM-slow) > 0.5 || math.Abs(sections[1].BPM-fast) > 0.5 {
		t.Errorf("sections are %v; want %g and from 40 s on %g BPM", sections, slow, fast)
	}
	for p, period := range path {
		want := 60.0 * RhythmFPS / slow
		at := p * pathHop
		if at > half {
			want = 60.0 * RhythmFPS / fast
		}
		if near := at > half-pathWindow/2 && at < half+pathWindow/2; !near && math.Abs(math.Log2(period/want)) > sameTempo {
			t.Errorf("after %.1f s the period is %.1f frames, want %.1f", float64(at)/RhythmFPS, period, want)
		}
	}
}

// One tempo is no section.
func TestSteadyTempoHasNoSections(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	activation := pulses(60*RhythmFPS, 60*RhythmFPS/104.5, 3, rng)
	whole := make([]float64, TempoClasses)
	whole[int(math.Round(ClassOfTempo(104.5)))] = 1
	path := tempoPath(activation, whole)
	if sections := tempoSections(path, trackBeats(activation, path)); sections != nil {
		t.Errorf("sections are %v", sections)
	}
}
