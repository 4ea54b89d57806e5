package compose

import (
	"math"

	"earworm/samples/midi"
	"earworm/samples/score"
)

// perform turns ticks into seconds: swing first, then the tempo's slow drift,
// then each player's small errors. Beats have the drift, but not the errors.
func (s *song) perform() *score.Score {
	clock := s.clock()
	out := &score.Score{
		Key: s.brief.Key, Meter: s.brief.Meter, Genre: s.brief.Style, Length: s.brief.LengthS,
	}
	s.tune(out)
	swing := 0.5
	if s.style.SwingOf > 0 {
		swing = between(s.rng, s.style.Swing[0], s.style.Swing[1])
	}
	late := map[uint8]float64{}
	for channel := range uint8(16) {
		late[channel] = s.rng.NormFloat64() * s.style.HumanMS / 1000 / 3
	}
	for _, h := range s.hits {
		on := clock(s.swung(h.tick, swing)) + late[h.channel] + s.rng.NormFloat64()*s.style.HumanMS/1000/2
		off := clock(s.swung(h.tick+h.length, swing))
		on = max(on, 0)
		if on >= out.Length || h.pitch < 0 || h.pitch > 127 {
			continue
		}
		velocity := h.velocity * 112 * math.Exp(s.rng.NormFloat64()*0.06)
		out.Notes = append(out.Notes, score.Note{
			On: on, Off: min(max(off, on+0.02), out.Length), Channel: h.channel,
			Pitch: uint8(h.pitch), Velocity: uint8(min(max(velocity, 1), 127)),
		})
	}
	for i := 0; ; i++ {
		at := clock(float64(i * s.grid.beat))
		if at >= out.Length {
			break
		}
		out.Beats = append(out.Beats, score.Beat{At: at, Position: i%s.grid.beats() + 1})
	}
	out.Sort()
	return out
}

// tune sets programs, volumes and places of the players.
func (s *song) tune(out *score.Score) {
	for _, l := range s.layers {
		out.Program(l.channel, l.sound)
		out.Controller(0, l.channel, 7, l.level)
		out.Controller(0, l.channel, 10, uint8(64+s.rng.IntN(60)-30))
	}
	if len(s.style.Kits) > 0 {
		out.Program(midi.DrumChannel, pick(s.rng, s.style.Kits))
		out.Controller(0, midi.DrumChannel, 7, uint8(between(s.rng, 70, 115)))
	}
}

// swung moves a tick inside its pair: the second half begins at the share
// swing of the pair instead of at 0.5.
func (s *song) swung(tick int, swing float64) float64 {
	pair := s.style.SwingOf
	if pair == 0 || swing == 0.5 || s.grid.compound() || s.grid.beat%pair != 0 {
		return float64(tick)
	}
	start := tick / pair * pair
	phase := float64(tick-start) / float64(pair)
	if phase < 0.5 {
		phase *= 2 * swing
	} else {
		phase = swing + (phase-0.5)*2*(1-swing)
	}
	return float64(start) + phase*float64(pair)
}

// clock maps ticks to seconds. The tempo wanders slowly about the brief's: each
// beat's rate is pulled back to it, so that it neither jumps nor runs away.
func (s *song) clock() func(tick float64) float64 {
	perBeat := 60 / s.brief.TempoBPM
	beats := s.bars*s.grid.beats() + 2
	at := make([]float64, beats+1)
	wander, drift := 0.0, s.style.Drift
	if s.brief.Steady {
		drift = 0
	}
	for i := range beats {
		wander = 0.9*wander + 0.44*s.rng.NormFloat64()
		at[i+1] = at[i] + perBeat*math.Exp(wander*drift)
	}
	return func(tick float64) float64 {
		beat := tick / float64(s.grid.beat)
		i := min(int(beat), beats-1)
		return at[i] + (beat-float64(i))*(at[i+1]-at[i])
	}
}
