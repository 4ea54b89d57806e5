package compose

import (
	"maps"
	"slices"

	"earworm/schema"
)

// Style is how a kind of band plays. Lists are alternatives, one of which is
// drawn for a song; an item that stands twice is twice as likely.
type Style struct {
	Meters   []string
	Tempo    [2]float64 // felt BPM in 4/4, see tempoRange
	Minor    float64    // share of minor keys
	Swing    [2]float64 // where the second half of a pair falls, 0.5 (straight) to 0.67
	SwingOf  int        // ticks of that pair: quarter or eighth
	Grooves  []string   // names in grooves, or genres of a palette; where none fits the meter one is invented
	Invented float64    // share of invented grooves even so
	Kits     []uint8    // empty: no drums

	Bass      []bassKind
	BassSound []uint8
	Comp      []compKind
	CompSound []uint8
	Pad       float64 // share with a pad
	PadSound  []uint8
	Second    float64 // share with a second chord instrument
	Lead      float64 // share with a melody
	LeadSound []uint8
	Sevenths  float64 // share of songs whose triads become sevenths
	HumanMS   float64 // spread of a player's timing
	Drift     float64 // slow change of the tempo, as a share of it
	Weight    int     // how often Draw takes it
}

// General MIDI programs by family.
var (
	pianos     = []uint8{0, 0, 0, 1, 2}
	electrics  = []uint8{4, 4, 5, 2}
	organs     = []uint8{16, 17, 18}
	acoustics  = []uint8{24, 25}
	cleans     = []uint8{26, 27, 27, 28}
	distorted  = []uint8{29, 30}
	fingered   = []uint8{33, 33, 34, 35}
	upright    = []uint8{32}
	synthBass  = []uint8{38, 39, 87}
	ensemble   = []uint8{48, 49, 50, 51}
	choirs     = []uint8{52, 53, 54}
	synthPads  = []uint8{88, 89, 90, 91, 92, 94, 95}
	synthLeads = []uint8{80, 81, 82, 84, 62, 63}
	chips      = []uint8{80, 80, 81}
	singers    = []uint8{53, 54, 85, 73, 71, 65, 52}
	reeds      = []uint8{64, 65, 66, 71}
	winds      = []uint8{68, 71, 73, 75}
	brass      = []uint8{56, 57, 60, 61, 59}
	mallets    = []uint8{8, 9, 10, 11, 12, 13, 14}
	fiddles    = []uint8{40, 110, 21, 73, 74, 109}
	celli      = []uint8{42, 43}
	plucked    = []uint8{45, 46, 6, 7}
)

func among(families ...[]uint8) []uint8 { return slices.Concat(families...) }

var (
	common    = []string{"4/4", "4/4", "4/4", "3/4", "6/8", "12/8", "5/4", "7/4", "7/8", "6/4"}
	square    = []string{"4/4"}
	duple     = []string{"4/4", "4/4", "2/4"}
	triple    = []string{"3/4"}
	rooms     = []uint8{0, 0, 8}
	power     = []uint8{16, 0, 8}
	machines  = []uint8{24, 25, 25}
	jazzKit   = []uint8{32, 40, 32, 0}
	noSwing   = [2]float64{0.5, 0.5}
	hardSwing = [2]float64{0.6, 0.67}
)

var styles = map[string]Style{
	"pop": {
		Meters: common, Tempo: [2]float64{80, 140}, Minor: 0.4, Swing: noSwing, Grooves: []string{"rock", "pop", "half time", "four floor"}, Invented: 0.3, Kits: rooms,
		Bass: []bassKind{bassEighths, bassRoots, bassSyncopated, bassKick}, BassSound: fingered, Comp: []compKind{compBlocks, compStrum, compArpeggio, compStabs}, CompSound: among(pianos, acoustics, cleans, electrics),
		Pad: 0.5, PadSound: among(ensemble, synthPads), Second: 0.5, Lead: 0.9, LeadSound: among(singers, synthLeads, cleans), HumanMS: 6, Drift: 0.004, Weight: 10,
	},
	"rock": {
		Meters: common, Tempo: [2]float64{90, 170}, Minor: 0.45, Swing: noSwing, Grooves: []string{"rock", "half time", "driving"}, Invented: 0.4, Kits: power,
		Bass: []bassKind{bassEighths, bassEighths, bassKick, bassRoots}, BassSound: fingered, Comp: []compKind{compStrum, compChug, compStabs, compBlocks}, CompSound: among(distorted, distorted, cleans, organs),
		Pad: 0.15, PadSound: among(organs, ensemble), Second: 0.5, Lead: 0.7, LeadSound: among(distorted, singers, cleans), HumanMS: 7, Drift: 0.006, Weight: 10,
	},
	"metal": {
		Meters: common, Tempo: [2]float64{100, 200}, Minor: 0.9, Swing: noSwing, Grooves: []string{"double kick", "driving", "half time", "blast"}, Invented: 0.3, Kits: power,
		Bass: []bassKind{bassEighths, bassKick}, BassSound: []uint8{33, 34}, Comp: []compKind{compChug, compChug, compStabs, compPad}, CompSound: distorted,
		Pad: 0.1, PadSound: ensemble, Second: 0.4, Lead: 0.5, LeadSound: distorted, HumanMS: 5, Drift: 0.004, Weight: 4,
	},
	"punk": {
		Meters: square, Tempo: [2]float64{140, 210}, Minor: 0.25, Swing: noSwing, Grooves: []string{"punk", "driving"}, Kits: power,
		Bass: []bassKind{bassEighths}, BassSound: []uint8{34, 33}, Comp: []compKind{compChug, compStrum}, CompSound: distorted,
		Second: 0.3, Lead: 0.6, LeadSound: among(singers, distorted), HumanMS: 8, Drift: 0.008, Weight: 3,
	},
	"ballad": {
		Meters: []string{"4/4", "4/4", "3/4", "6/8", "12/8", "5/4"}, Tempo: [2]float64{54, 90}, Minor: 0.5, Swing: noSwing, Grooves: []string{"ballad", "half time", "pop"}, Invented: 0.3, Kits: rooms,
		Bass: []bassKind{bassLong, bassRoots}, BassSound: fingered, Comp: []compKind{compArpeggio, compBlocks, compPad, compAlberti}, CompSound: among(pianos, electrics, acoustics),
		Pad: 0.7, PadSound: among(ensemble, synthPads, choirs), Second: 0.4, Lead: 0.9, LeadSound: among(singers, reeds, winds), Sevenths: 0.3, HumanMS: 9, Drift: 0.008, Weight: 6,
	},
	"funk": {
		Meters: []string{"4/4", "4/4", "4/4", "7/4", "5/4"}, Tempo: [2]float64{85, 125}, Minor: 0.6, Swing: [2]float64{0.5, 0.58}, SwingOf: eighth, Grooves: []string{"funk", "soul"}, Invented: 0.3, Kits: rooms,
		Bass: []bassKind{bassSyncopated, bassSyncopated, bassOctaves, bassKick}, BassSound: []uint8{36, 37, 33, 38}, Comp: []compKind{compStabs, compScratch, compScratch}, CompSound: among(cleans, electrics, []uint8{7, 16}),
		Pad: 0.2, PadSound: among(organs, ensemble), Second: 0.6, Lead: 0.6, LeadSound: among(brass, reeds, singers, synthLeads), Sevenths: 0.8, HumanMS: 6, Drift: 0.003, Weight: 6,
	},
	"soul": {
		Meters: []string{"4/4", "4/4", "12/8", "6/8", "3/4"}, Tempo: [2]float64{66, 120}, Minor: 0.35, Swing: [2]float64{0.5, 0.6}, SwingOf: eighth, Grooves: []string{"soul", "rock", "ballad"}, Invented: 0.2, Kits: rooms,
		Bass: []bassKind{bassSyncopated, bassRoots, bassRootFifth}, BassSound: fingered, Comp: []compKind{compBlocks, compBackbeat, compStabs}, CompSound: among(electrics, organs, pianos, cleans),
		Pad: 0.5, PadSound: among(ensemble, organs), Second: 0.5, Lead: 0.9, LeadSound: among(singers, reeds, brass), Sevenths: 0.5, HumanMS: 9, Drift: 0.006, Weight: 5,
	},
	"disco": {
		Meters: square, Tempo: [2]float64{108, 132}, Minor: 0.6, Swing: noSwing, Grooves: []string{"disco", "four floor"}, Kits: []uint8{0, 24},
		Bass: []bassKind{bassOctaves, bassOctaves, bassSyncopated}, BassSound: among(fingered, synthBass), Comp: []compKind{compScratch, compStabs, compOffbeat}, CompSound: among(cleans, pianos, electrics),
		Pad: 0.7, PadSound: ensemble, Second: 0.5, Lead: 0.7, LeadSound: among(singers, brass, ensemble), Sevenths: 0.5, HumanMS: 4, Drift: 0.002, Weight: 4,
	},
	"house": {
		Meters: square, Tempo: [2]float64{116, 130}, Minor: 0.7, Swing: [2]float64{0.5, 0.57}, SwingOf: eighth, Grooves: []string{"four floor", "house"}, Invented: 0.1, Kits: machines,
		Bass: []bassKind{bassOffbeat, bassSyncopated, bassOctaves}, BassSound: synthBass, Comp: []compKind{compStabs, compOffbeat, compPad}, CompSound: among(pianos, organs, synthLeads, []uint8{90, 55}),
		Pad: 0.6, PadSound: synthPads, Second: 0.5, Lead: 0.4, LeadSound: among(synthLeads, singers), Sevenths: 0.6, Weight: 6,
	},
	"techno": {
		Meters: square, Tempo: [2]float64{120, 148}, Minor: 0.9, Swing: noSwing, Grooves: []string{"four floor", "techno"}, Invented: 0.2, Kits: machines,
		Bass: []bassKind{bassOffbeat, bassPedal, bassSixteenths}, BassSound: synthBass, Comp: []compKind{compStabs, compSequence, compPad}, CompSound: among(synthLeads, synthPads),
		Pad: 0.4, PadSound: synthPads, Second: 0.4, Lead: 0.2, LeadSound: synthLeads, Weight: 5,
	},
	"trance": {
		Meters: square, Tempo: [2]float64{128, 150}, Minor: 0.9, Swing: noSwing, Grooves: []string{"four floor"}, Kits: machines,
		Bass: []bassKind{bassOffbeat, bassSixteenths, bassOffbeat}, BassSound: synthBass, Comp: []compKind{compSequence, compStabs}, CompSound: synthLeads,
		Pad: 0.9, PadSound: among(synthPads, ensemble), Second: 0.5, Lead: 0.7, LeadSound: synthLeads, Weight: 3,
	},
	"drum and bass": {
		Meters: square, Tempo: [2]float64{160, 180}, Minor: 0.85, Swing: noSwing, Grooves: []string{"amen", "two step", "breakbeat"}, Kits: []uint8{0, 24, 16},
		Bass: []bassKind{bassLong, bassSyncopated, bassPedal}, BassSound: synthBass, Comp: []compKind{compPad, compStabs, compSequence}, CompSound: among(synthPads, electrics, synthLeads),
		Pad: 0.8, PadSound: synthPads, Second: 0.3, Lead: 0.4, LeadSound: among(synthLeads, singers), Sevenths: 0.4, Weight: 4,
	},
	"breakbeat": {
		Meters: []string{"4/4", "4/4", "7/4", "5/4"}, Tempo: [2]float64{95, 145}, Minor: 0.75, Swing: [2]float64{0.5, 0.58}, SwingOf: eighth, Grooves: []string{"breakbeat", "amen", "funk"}, Invented: 0.2, Kits: []uint8{0, 8, 24},
		Bass: []bassKind{bassSyncopated, bassPedal, bassLong}, BassSound: synthBass, Comp: []compKind{compStabs, compSequence, compPad}, CompSound: among(synthLeads, organs, electrics),
		Pad: 0.5, PadSound: synthPads, Second: 0.4, Lead: 0.4, LeadSound: synthLeads, HumanMS: 2, Weight: 4,
	},
	"hip hop": {
		Meters: square, Tempo: [2]float64{72, 104}, Minor: 0.8, Swing: [2]float64{0.5, 0.64}, SwingOf: eighth, Grooves: []string{"boom bap", "hip hop"}, Invented: 0.2, Kits: []uint8{0, 8, 25},
		Bass: []bassKind{bassSyncopated, bassLong, bassKick}, BassSound: among(synthBass, fingered), Comp: []compKind{compBlocks, compStabs, compArpeggio, compPad}, CompSound: among(electrics, pianos, plucked, mallets),
		Pad: 0.4, PadSound: among(ensemble, synthPads), Second: 0.4, Lead: 0.6, LeadSound: among(singers, mallets, winds), Sevenths: 0.6, HumanMS: 5, Weight: 6,
	},
	"trap": {
		Meters: square, Tempo: [2]float64{125, 160}, Minor: 0.95, Swing: noSwing, Grooves: []string{"trap"}, Kits: machines,
		Bass: []bassKind{bassKick, bassLong}, BassSound: synthBass, Comp: []compKind{compArpeggio, compBlocks, compPad}, CompSound: among(mallets, pianos, plucked, synthPads),
		Pad: 0.5, PadSound: among(choirs, synthPads), Second: 0.3, Lead: 0.6, LeadSound: among(singers, winds, synthLeads), Weight: 4,
	},
	"dubstep": {
		Meters: square, Tempo: [2]float64{136, 146}, Minor: 0.95, Swing: noSwing, Grooves: []string{"half time", "trap"}, Kits: machines,
		Bass: []bassKind{bassLong, bassSyncopated}, BassSound: synthBass, Comp: []compKind{compPad, compStabs}, CompSound: synthPads,
		Pad: 0.6, PadSound: synthPads, Second: 0.2, Lead: 0.4, LeadSound: synthLeads, Weight: 2,
	},
	"reggae": {
		Meters: square, Tempo: [2]float64{66, 100}, Minor: 0.5, Swing: [2]float64{0.5, 0.64}, SwingOf: quarter, Grooves: []string{"one drop", "steppers", "reggae"}, Kits: rooms,
		Bass: []bassKind{bassSyncopated}, BassSound: fingered, Comp: []compKind{compOffbeat, compBackbeat}, CompSound: among(cleans, organs, pianos),
		Pad: 0.3, PadSound: organs, Second: 0.5, Lead: 0.7, LeadSound: among(singers, brass, reeds), HumanMS: 7, Drift: 0.004, Weight: 4,
	},
	"ska": {
		Meters: square, Tempo: [2]float64{120, 180}, Minor: 0.35, Swing: [2]float64{0.5, 0.6}, SwingOf: quarter, Grooves: []string{"ska", "punk"}, Kits: rooms,
		Bass: []bassKind{bassWalking, bassEighths}, BassSound: fingered, Comp: []compKind{compOffbeat}, CompSound: among(cleans, organs, pianos),
		Second: 0.5, Lead: 0.8, LeadSound: among(brass, reeds, singers), HumanMS: 7, Drift: 0.005, Weight: 2,
	},
	"bossa": {
		Meters: square, Tempo: [2]float64{110, 160}, Minor: 0.45, Swing: noSwing, Grooves: []string{"bossa"}, Kits: jazzKit,
		Bass: []bassKind{bassRootFifth}, BassSound: among(upright, fingered), Comp: []compKind{compBossa}, CompSound: among([]uint8{24}, electrics, pianos),
		Pad: 0.3, PadSound: ensemble, Second: 0.3, Lead: 0.8, LeadSound: among(reeds, winds, singers, mallets), Sevenths: 0.95, HumanMS: 7, Drift: 0.004, Weight: 3,
	},
	"samba": {
		Meters: duple, Tempo: [2]float64{88, 120}, Minor: 0.4, Swing: noSwing, Grooves: []string{"samba"}, Invented: 0.1, Kits: rooms,
		Bass: []bassKind{bassRootFifth, bassSyncopated}, BassSound: fingered, Comp: []compKind{compBossa, compStabs}, CompSound: among([]uint8{24}, pianos),
		Second: 0.3, Lead: 0.8, LeadSound: among(winds, singers, brass), Sevenths: 0.6, HumanMS: 6, Drift: 0.004, Weight: 2,
	},
	"latin": {
		Meters: square, Tempo: [2]float64{90, 210}, Minor: 0.6, Swing: noSwing, Grooves: []string{"salsa", "cha cha", "mambo", "rumba"}, Kits: rooms,
		Bass: []bassKind{bassTumbao}, BassSound: among(upright, fingered), Comp: []compKind{compMontuno, compStabs}, CompSound: pianos,
		Second: 0.5, Pad: 0.1, PadSound: ensemble, Lead: 0.8, LeadSound: among(brass, winds, singers), Sevenths: 0.3, HumanMS: 6, Drift: 0.004, Weight: 4,
	},
	"swing": {
		Meters: []string{"4/4", "4/4", "4/4", "3/4", "5/4"}, Tempo: [2]float64{100, 210}, Minor: 0.4, Swing: hardSwing, SwingOf: quarter, Grooves: []string{"swing"}, Kits: jazzKit,
		Bass: []bassKind{bassWalking, bassWalking, bassTwo}, BassSound: upright, Comp: []compKind{compCharleston, compBeats, compStabs}, CompSound: among(pianos, []uint8{26}, organs),
		Second: 0.3, Pad: 0.05, PadSound: ensemble, Lead: 0.9, LeadSound: among(reeds, brass, pianos, mallets, []uint8{26}), Sevenths: 0.95, HumanMS: 9, Drift: 0.008, Weight: 6,
	},
	"blues": {
		Meters: []string{"4/4", "4/4", "12/8", "6/8"}, Tempo: [2]float64{60, 140}, Minor: 0.3, Swing: hardSwing, SwingOf: quarter, Grooves: []string{"shuffle"}, Invented: 0.1, Kits: rooms,
		Bass: []bassKind{bassWalking, bassShuffle, bassRootFifth}, BassSound: among(fingered, upright), Comp: []compKind{compBoogie, compBackbeat, compStabs}, CompSound: among(cleans, pianos, organs),
		Second: 0.4, Lead: 0.9, LeadSound: among(cleans, distorted, []uint8{22, 66, 54}), Sevenths: 0.8, HumanMS: 9, Drift: 0.008, Weight: 4,
	},
	"country": {
		Meters: []string{"4/4", "4/4", "3/4", "2/4"}, Tempo: [2]float64{80, 150}, Minor: 0.15, Swing: [2]float64{0.5, 0.62}, SwingOf: quarter, Grooves: []string{"train", "two beat", "rock"}, Invented: 0.1, Kits: []uint8{0, 40, 8},
		Bass: []bassKind{bassRootFifth, bassRootFifth, bassWalking}, BassSound: among(upright, fingered), Comp: []compKind{compBoomChick, compStrum, compBackbeat}, CompSound: among(acoustics, []uint8{25, 105}),
		Second: 0.5, Pad: 0.2, PadSound: ensemble, Lead: 0.9, LeadSound: among(fiddles, singers, []uint8{25, 27, 105, 22}), HumanMS: 8, Drift: 0.006, Weight: 5,
	},
	"folk": {
		Meters: []string{"4/4", "3/4", "6/8", "2/4", "9/8", "5/8", "7/8"}, Tempo: [2]float64{80, 140}, Minor: 0.5, Swing: [2]float64{0.5, 0.58}, SwingOf: quarter,
		Bass: []bassKind{bassRootFifth, bassLong, bassNone}, BassSound: upright, Comp: []compKind{compStrum, compArpeggio, compBoomChick, compOompah}, CompSound: among(acoustics, []uint8{46, 21, 105, 15}),
		Second: 0.3, Pad: 0.15, PadSound: []uint8{21, 109, 49}, Lead: 1, LeadSound: fiddles, HumanMS: 10, Drift: 0.008, Weight: 6,
	},
	"balkan": {
		Meters: []string{"7/8", "7/8", "5/8", "9/8", "2/4"}, Tempo: [2]float64{90, 140}, Minor: 0.85, Swing: noSwing, Invented: 1, Kits: rooms,
		Bass: []bassKind{bassGroups, bassGroups, bassRoots}, BassSound: among([]uint8{58, 57}, upright), Comp: []compKind{compOompah, compGroups}, CompSound: []uint8{21, 22, 24, 61},
		Second: 0.4, Lead: 1, LeadSound: []uint8{71, 40, 56, 21, 68, 111}, HumanMS: 8, Drift: 0.006, Weight: 5,
	},
	"progressive": {
		Meters: []string{"5/4", "7/8", "7/4", "5/4", "6/4", "4/4", "5/8", "6/8"}, Tempo: [2]float64{85, 160}, Minor: 0.7, Swing: noSwing, Invented: 1, Kits: power,
		Bass: []bassKind{bassGroups, bassKick, bassRiff, bassRiff}, BassSound: fingered, Comp: []compKind{compGroups, compSequence, compChug, compPad, compArpeggio}, CompSound: among(distorted, cleans, organs, electrics, synthLeads),
		Second: 0.5, Pad: 0.4, PadSound: among(organs, synthPads), Lead: 0.7, LeadSound: among(distorted, synthLeads, singers), HumanMS: 5, Drift: 0.003, Weight: 8,
	},
	"odd jazz": {
		Meters: []string{"5/4", "5/4", "7/4", "7/8", "3/4"}, Tempo: [2]float64{100, 180}, Minor: 0.7, Swing: [2]float64{0.5, 0.66}, SwingOf: quarter, Grooves: []string{"swing"}, Invented: 0.6, Kits: jazzKit,
		Bass: []bassKind{bassGroups, bassRiff, bassWalking}, BassSound: upright, Comp: []compKind{compGroups, compStabs, compBlocks}, CompSound: among(pianos, []uint8{26, 4}),
		Second: 0.2, Lead: 0.9, LeadSound: among(reeds, brass, mallets), Sevenths: 0.9, HumanMS: 8, Drift: 0.005, Weight: 6,
	},
	"polka": {
		Meters: []string{"2/4", "4/4"}, Tempo: [2]float64{100, 135}, Minor: 0.3, Swing: noSwing, Grooves: []string{"two beat", "polka"}, Kits: rooms,
		Bass: []bassKind{bassRootFifth}, BassSound: []uint8{58, 32}, Comp: []compKind{compOompah}, CompSound: []uint8{21, 22, 24, 61},
		Second: 0.3, Lead: 1, LeadSound: []uint8{21, 71, 56, 40}, HumanMS: 7, Drift: 0.005, Weight: 2,
	},
	"march": {
		Meters: []string{"2/4", "4/4", "6/8"}, Tempo: [2]float64{96, 126}, Minor: 0.25, Swing: noSwing, Grooves: []string{"march"}, Kits: []uint8{48, 0},
		Bass: []bassKind{bassRootFifth}, BassSound: []uint8{58, 58, 43}, Comp: []compKind{compOompah}, CompSound: []uint8{61, 60, 57},
		Pad: 0.2, PadSound: []uint8{61, 48}, Second: 0.3, Lead: 1, LeadSound: []uint8{56, 72, 73, 71, 56}, HumanMS: 7, Drift: 0.004, Weight: 2,
	},
	"waltz": {
		Meters: triple, Tempo: [2]float64{84, 190}, Minor: 0.45, Swing: noSwing, Grooves: []string{"waltz"}, Invented: 0.2, Kits: []uint8{0, 40, 48},
		Bass: []bassKind{bassRoots, bassLong, bassRootFifth}, BassSound: among(upright, []uint8{43, 58}), Comp: []compKind{compOompah, compOompah, compArpeggio}, CompSound: among(pianos, []uint8{21, 24, 48, 60}),
		Pad: 0.3, PadSound: ensemble, Second: 0.3, Lead: 1, LeadSound: among(fiddles, reeds, winds, singers), HumanMS: 9, Drift: 0.012, Weight: 7,
	},
	"jazz waltz": {
		Meters: triple, Tempo: [2]float64{110, 200}, Minor: 0.5, Swing: hardSwing, SwingOf: quarter, Grooves: []string{"jazz waltz"}, Kits: jazzKit,
		Bass: []bassKind{bassWalking, bassLong, bassRoots}, BassSound: upright, Comp: []compKind{compCharleston, compStabs, compBlocks}, CompSound: among(pianos, []uint8{26}),
		Second: 0.2, Lead: 0.9, LeadSound: among(reeds, brass, mallets, pianos), Sevenths: 0.95, HumanMS: 9, Drift: 0.006, Weight: 3,
	},
	"tango": {
		Meters: duple, Tempo: [2]float64{100, 134}, Minor: 0.85, Swing: noSwing, Grooves: []string{"tango", "habanera"}, Kits: []uint8{0, 40},
		Bass: []bassKind{bassRoots, bassTango}, BassSound: upright, Comp: []compKind{compBeats, compStabs}, CompSound: []uint8{0, 21, 23},
		Pad: 0.4, PadSound: ensemble, Second: 0.3, Lead: 1, LeadSound: []uint8{23, 21, 40}, HumanMS: 9, Drift: 0.015, Weight: 2,
	},
	"orchestra": {
		Meters: []string{"4/4", "3/4", "6/8", "2/4", "12/8", "5/4"}, Tempo: [2]float64{60, 150}, Minor: 0.55, Swing: noSwing,
		Bass: []bassKind{bassLong, bassRoots, bassRootFifth}, BassSound: celli, Comp: []compKind{compPad, compAlberti, compOompah, compTremolo, compGroups}, CompSound: among(ensemble, ensemble, []uint8{45, 60, 46}),
		Pad: 0.6, PadSound: among(ensemble, choirs, []uint8{60, 61}), Second: 0.6, Lead: 1, LeadSound: among(winds, []uint8{40, 56, 60, 48, 69}), HumanMS: 12, Drift: 0.02, Weight: 6,
	},
	"epic": {
		Meters: []string{"4/4", "4/4", "3/4", "6/8", "7/8", "5/4"}, Tempo: [2]float64{70, 150}, Minor: 0.85, Swing: noSwing, Grooves: []string{"taiko"}, Invented: 0.7, Kits: []uint8{48, 48, 16},
		Bass: []bassKind{bassGroups, bassEighths, bassLong}, BassSound: celli, Comp: []compKind{compOstinato, compOstinato, compPad, compTremolo}, CompSound: among(ensemble, []uint8{48, 49}),
		Pad: 0.8, PadSound: among(choirs, []uint8{61, 60, 48}), Second: 0.6, Lead: 0.7, LeadSound: []uint8{60, 61, 56, 52, 40}, HumanMS: 6, Drift: 0.003, Weight: 4,
	},
	"solo piano": {
		Meters: []string{"4/4", "3/4", "6/8", "4/4", "12/8", "5/4"}, Tempo: [2]float64{56, 150}, Minor: 0.55, Swing: noSwing,
		Bass: []bassKind{bassLong, bassRoots, bassRootFifth}, BassSound: []uint8{0}, Comp: []compKind{compArpeggio, compAlberti, compOompah, compBlocks}, CompSound: []uint8{0},
		Lead: 1, LeadSound: []uint8{0}, Sevenths: 0.3, HumanMS: 10, Drift: 0.02, Weight: 6,
	},
	"solo guitar": {
		Meters: []string{"4/4", "3/4", "6/8", "4/4"}, Tempo: [2]float64{64, 140}, Minor: 0.55, Swing: noSwing,
		Bass: []bassKind{bassRoots, bassRootFifth}, BassSound: []uint8{24, 25}, Comp: []compKind{compArpeggio, compStrum}, CompSound: acoustics,
		Lead: 0.7, LeadSound: acoustics, HumanMS: 9, Drift: 0.015, Weight: 4,
	},
	"baroque": {
		Meters: []string{"4/4", "3/4", "2/4", "6/8", "12/8", "9/8"}, Tempo: [2]float64{66, 120}, Minor: 0.5, Swing: noSwing,
		Bass: []bassKind{bassWalking, bassRoots, bassEighths}, BassSound: []uint8{6, 42, 19}, Comp: []compKind{compAlberti, compBlocks, compArpeggio}, CompSound: []uint8{6, 6, 19, 46},
		Second: 0.3, Lead: 1, LeadSound: []uint8{40, 73, 68, 6, 74, 56}, HumanMS: 8, Drift: 0.008, Weight: 3,
	},
	"chiptune": {
		Meters: []string{"4/4", "4/4", "3/4", "7/8", "5/4", "6/8"}, Tempo: [2]float64{96, 190}, Minor: 0.55, Swing: noSwing, Grooves: []string{"rock", "driving", "four floor", "two step"}, Invented: 0.3, Kits: []uint8{24, 25},
		Bass: []bassKind{bassOctaves, bassEighths, bassSixteenths, bassRiff}, BassSound: []uint8{80, 87, 38}, Comp: []compKind{compSequence, compSequence, compArpeggio, compOffbeat}, CompSound: chips,
		Second: 0.4, Lead: 0.95, LeadSound: chips, Weight: 6,
	},
	"synthwave": {
		Meters: square, Tempo: [2]float64{80, 128}, Minor: 0.8, Swing: noSwing, Grooves: []string{"rock", "four floor", "pop"}, Kits: []uint8{24, 16},
		Bass: []bassKind{bassEighths, bassSixteenths, bassOctaves}, BassSound: synthBass, Comp: []compKind{compPad, compSequence, compStabs}, CompSound: among(synthLeads, synthPads, []uint8{50, 51}),
		Pad: 0.8, PadSound: synthPads, Second: 0.5, Lead: 0.7, LeadSound: synthLeads, HumanMS: 1, Weight: 4,
	},
	"ambient": {
		Meters: []string{"4/4", "4/4", "3/4", "6/8"}, Tempo: [2]float64{55, 110}, Minor: 0.6, Swing: noSwing, Grooves: []string{"ballad"}, Invented: 0.5,
		Bass: []bassKind{bassLong, bassPedal}, BassSound: among(synthBass, celli), Comp: []compKind{compArpeggio, compSequence, compBlocks}, CompSound: among(mallets, pianos, plucked, synthLeads, acoustics),
		Pad: 1, PadSound: among(synthPads, ensemble, choirs), Second: 0.3, Lead: 0.4, LeadSound: among(winds, mallets, singers), Sevenths: 0.6, HumanMS: 6, Drift: 0.004, Weight: 4,
	},
}

// Styles lists the names of all styles.
func Styles() []string { return slices.Sorted(maps.Keys(styles)) }

// Plays tells whether a style is at home in a meter.
func Plays(style string, m schema.Meter) bool {
	return slices.Contains(styles[style].Meters, m.String())
}
