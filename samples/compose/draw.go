package compose

import (
	"math"
	"math/rand/v2"
	"slices"

	"earworm/schema"
)

// meterOdds is how often Draw takes each meter: three in five bars of music in
// training are in four, so that the others are learned too.
var meterOdds = []struct {
	meter string
	odds  float64
}{
	{"4/4", 0.575},
	{"2/4", 0.02},
	{"3/4", 0.15},
	{"6/8", 0.08},
	{"12/8", 0.03},
	{"9/8", 0.01},
	{"5/4", 0.05},
	{"7/4", 0.025},
	{"7/8", 0.04},
	{"5/8", 0.01},
	{"6/4", 0.01},
}

// Draw makes up a brief: meter, a style that plays in it, a tempo that is usual
// for both, and any of the 24 keys.
func Draw(rng *rand.Rand, seconds float64) Brief {
	b := Brief{LengthS: seconds}
	x := rng.Float64()
	for _, m := range meterOdds {
		b.Meter, _ = schema.ParseMeter(m.meter)
		if x -= m.odds; x < 0 {
			break
		}
	}
	var fitting []string
	for _, name := range Styles() {
		st := styles[name]
		if slices.Contains(st.Meters, b.Meter.String()) {
			for range st.Weight {
				fitting = append(fitting, name)
			}
		}
	}
	b.Style = pick(rng, fitting)
	st := styles[b.Style]
	b.Key = schema.KeyOf(rng.IntN(12), rng.Float64() < 0.7*st.Minor+0.15)
	b.TempoBPM = drawTempo(rng, tempoRange(st, b.Meter))
	return b
}

// tempoRange is a style's range in a meter: beats of three eighths are slower
// and those of a single eighth quicker than the quarters it is given in.
func tempoRange(st Style, m schema.Meter) [2]float64 {
	lo, hi := st.Tempo[0], st.Tempo[1]
	switch BeatTicks(m) {
	case 3 * eighth:
		return [2]float64{max(45, lo*0.7), min(150, hi*0.85)}
	case eighth:
		return [2]float64{min(max(130, lo*1.6), 200), min(250, hi*2)}
	}
	return [2]float64{lo, hi}
}

// Listeners' tempos are spread like a log-normal about this median.
const (
	medianTempo = 115
	tempoSpread = 0.3
)

func drawTempo(rng *rand.Rand, in [2]float64) float64 {
	for range 12 {
		t := medianTempo * math.Exp(rng.NormFloat64()*tempoSpread)
		if t >= in[0] && t <= in[1] {
			return t
		}
	}
	return between(rng, in[0], in[1])
}
