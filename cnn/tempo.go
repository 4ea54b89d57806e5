package cnn

import "math"

// Tempo classes are spaced evenly in pitch, as it were: 40 to the octave, so
// 1.75 % apart, over three octaves from 32 BPM. Half and double tempo are a
// whole 40 classes away.
const (
	TempoClasses    = 120
	tempoPerOctave  = 40
	slowestClassBPM = 32.0
)

// TempoOfClass is the BPM at a class's centre; fractions lie between classes.
func TempoOfClass(class float64) float64 {
	return slowestClassBPM * math.Exp2(class/tempoPerOctave)
}

// ClassOfTempo is the inverse of TempoOfClass; it may lie outside the classes.
func ClassOfTempo(bpm float64) float64 {
	return tempoPerOctave * math.Log2(bpm/slowestClassBPM)
}
