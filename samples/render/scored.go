package render

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"earworm/samples/compose"
	"earworm/samples/musicxml"
	"earworm/samples/score"
	"earworm/schema"
)

// written is a score in notation, with a stretch of it chosen to be played.
type written struct {
	*musicxml.Score
	meter schema.Meter
	bpm   float64 // of the felt beat
	rate  float64 // seconds a quarter note
}

func readScore(path string) (*musicxml.Score, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := musicxml.Read(data)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", filepath.Base(path), err)
	}
	return s, nil
}

// songTempo is how fast songs of a meter are sung, in felt beats a minute.
var songTempo = map[string][2]float64{
	"2/4": {56, 120}, "4/4": {60, 150}, "2/2": {56, 110}, "3/4": {66, 170}, "3/8": {80, 180},
	"3/2": {50, 100}, "6/8": {40, 110}, "9/8": {44, 100}, "12/8": {44, 100}, "6/4": {70, 150},
	"5/4": {70, 150}, "4/8": {60, 130}, "7/4": {80, 160},
}

// perform plays the measures in the piece's first meter, up to where another
// begins, at its own tempo mark where that is usual, else at one that is.
func perform(rng *rand.Rand, s *musicxml.Score) (*score.Score, written, error) {
	w := written{Score: s, meter: s.Measures[0].Meter}
	usual, ok := songTempo[w.meter.String()]
	if !ok {
		return nil, w, fmt.Errorf("meter is %v", w.meter)
	}
	beat := float64(compose.BeatTicks(w.meter)) / quarterTicks // in quarter notes
	w.bpm = between(rng, usual[0], usual[1])
	if len(s.Tempos) > 0 {
		if marked := s.Tempos[0].BPM / beat * math.Exp(rng.NormFloat64()*0.12); marked > usual[0] && marked < usual[1] {
			w.bpm = marked
		}
	}
	w.rate = 60 / w.bpm / beat
	out := &score.Score{Meter: w.meter}
	for _, m := range s.Measures {
		if m.Meter != w.meter {
			break
		}
		// Beats are counted from the bar's begin, which lies before the measure
		// where that is a pickup or goes on after a repeat sign.
		for k := math.Ceil(m.Into/beat - 1e-6); k*beat < m.Into+m.Length-1e-6; k++ {
			at := (m.Start + k*beat - m.Into) * w.rate
			out.Beats = append(out.Beats, score.Beat{At: at, Position: int(k)%w.perBar() + 1})
		}
		out.Length = (m.Start + m.Length) * w.rate
	}
	for _, n := range s.Notes {
		on := n.On * w.rate
		if on >= out.Length {
			continue
		}
		out.Notes = append(out.Notes, score.Note{
			On: on, Off: min((n.On+n.Length*0.95)*w.rate, out.Length),
			Channel: channelOf(n.Part), Pitch: uint8(n.Pitch), Velocity: uint8(64 + rng.IntN(30)),
		})
	}
	if out.Length < 14 {
		return nil, w, errShort
	}
	accent(out)
	out.Sort()
	return out, w, nil
}

func (w written) perBar() int { return compose.BarTicks(w.meter) / compose.BeatTicks(w.meter) }

// channelOf gives a part a channel, the first that of the lead; the drums' is
// left out.
func channelOf(part int) uint8 {
	c := uint8(part % 15)
	if c >= 9 {
		c++
	}
	return c
}

// accent plays what stands on a beat, and most on the downbeat, a little louder.
func accent(s *score.Score) {
	next := 0
	for i, n := range s.Notes {
		for next < len(s.Beats) && s.Beats[next].At < n.On-0.01 {
			next++
		}
		if next < len(s.Beats) && math.Abs(s.Beats[next].At-n.On) < 0.01 {
			more := uint8(8)
			if s.Beats[next].Position == 1 {
				more = 16
			}
			s.Notes[i].Velocity += more
		}
		if next > 0 && i+1 < len(s.Notes) && s.Notes[i+1].On < n.On {
			next = 0 // the notes of the next part begin anew
		}
	}
}
