package cnn

import (
	"math"

	"earworm/cnn/layer"
)

// speeds are those, in tempo classes faster, at which the body hears a recording
// besides its own: 15 % slower and faster. What it then says of the tempo, moved
// back, and of the meter errs in other places (Krizhevsky, Sutskever & Hinton
// 2012, section 4.1, average a network's answers over changed inputs so), so the
// mean of its log probabilities is right more often and promises less falsely.
var speeds = [...]int{-8, 8}

// bodyAtSpeeds answers from the front's (frames, 1, 32): beats and downbeats as
// they are played, tempo and meter from every speed. Tempo and meter are log
// probabilities.
func bodyAtSpeeds(e eager, front Map) RhythmOut[Map] {
	out := RhythmBody(e, front)
	tempo, meter := []tempoHeardAt{{0, logSoftmax(out.Tempo.Data)}}, [][]float64{logSoftmax(out.Meter.Data)}
	for _, classes := range speeds {
		at := RhythmBody(e, played(front, math.Exp2(float64(classes)/tempoPerOctave)))
		tempo = append(tempo, tempoHeardAt{classes, logSoftmax(at.Tempo.Data)})
		meter = append(meter, logSoftmax(at.Meter.Data))
	}
	for i := range out.Tempo.Data {
		out.Tempo.Data[i] = meanAt(tempo, i)
	}
	for i := range out.Meter.Data {
		var sum float64
		for _, m := range meter {
			sum += m[i]
		}
		out.Meter.Data[i] = float32(sum / float64(len(meter)))
	}
	return out
}

// tempoHeardAt is the logarithm of the probabilities of tempo classes of what is
// played so many classes faster.
type tempoHeardAt struct {
	faster int
	logs   []float64
}

// meanAt is the mean for one class of those that have it.
func meanAt(heard []tempoHeardAt, class int) float32 {
	var sum, n float64
	for _, h := range heard {
		if at := class + h.faster; at >= 0 && at < len(h.logs) {
			sum += h.logs[at]
			n++
		}
	}
	return float32(sum / n)
}

// played is a map of (frames, 1, channels) at another speed, between frames by a
// straight line.
func played(m Map, speed float64) Map {
	y := newMap(layer.Shape{Frames: max(1, int(float64(m.Frames)/speed)), Bands: 1, Channels: m.Channels})
	last := max(0, m.Frames-1)
	for t := range y.Frames {
		at := math.Min(float64(t)*speed, float64(last))
		i := int(at)
		mix := float32(at - float64(i))
		low, high := m.Data[i*m.Channels:], m.Data[min(i+1, last)*m.Channels:]
		row := y.Data[t*m.Channels : (t+1)*m.Channels]
		for c := range row {
			row[c] = (1-mix)*low[c] + mix*high[c]
		}
	}
	return y
}

func logSoftmax(logits []float32) []float64 {
	p := softmax(logits, 1)
	for i, v := range p {
		p[i] = math.Log(v + 1e-12)
	}
	return p
}
