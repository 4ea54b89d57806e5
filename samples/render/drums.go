package render

import (
	"regexp"
	"slices"
	"strings"
)

// drum is a kind of drum, as kits have them. "" is none.
type drum string

const (
	kick       drum = "kick"
	snare      drum = "snare"
	stick      drum = "stick"
	clap       drum = "clap"
	closedHat  drum = "closed hi-hat"
	pedalHat   drum = "pedal hi-hat"
	openHat    drum = "open hi-hat"
	lowTom     drum = "low tom"
	midTom     drum = "middle tom"
	highTom    drum = "high tom"
	crash      drum = "crash"
	ride       drum = "ride"
	rideBell   drum = "bell"
	china      drum = "china"
	splash     drum = "splash"
	tambourine drum = "tambourine"
	cowbell    drum = "cowbell"
	shaker     drum = "shaker"
	handDrum   drum = "hand drum"
	wood       drum = "wood"
)

// drums lists them all, each once.
func drums() []drum {
	var all []drum
	for _, n := range drumNames {
		if n.drum != "" && !slices.Contains(all, n.drum) {
			all = append(all, n.drum)
		}
	}
	return all
}

func isHat(d drum) bool { return d == closedHat || d == pedalHat || d == openHat }

// drumNames say which drum a kit's name means; the first that matches does. Rolls
// and choked cymbals would sound at other times than they were asked for, and
// bells with a pitch in another key.
var drumNames = []struct {
	drum  drum
	names *regexp.Regexp
}{
	{"", regexp.MustCompile(`roll|choke|swoosh|(elec|perc) bell`)},
	{tambourine, regexp.MustCompile(`tambourine`)},
	{cowbell, regexp.MustCompile(`cow ?bell|agogo`)},
	{clap, regexp.MustCompile(`clap|snap`)},
	{stick, regexp.MustCompile(`stick|click|tick`)},
	{kick, regexp.MustCompile(`kick|bass ?drum|drum bass|^bd |thump|djembe\d? bass`)},
	{snare, regexp.MustCompile(`snare|^sn |slap`)},
	{pedalHat, regexp.MustCompile(`(hat|hh|cymbal).*(pedal|pd$|foot)|pedal (hat|hh)`)},
	{openHat, regexp.MustCompile(`(hat|hh|cymbal).*(\bop\b|open|swish|free)|open (hat|hh)`)},
	{closedHat, regexp.MustCompile(`hat|hh|cymbal closed`)},
	{rideBell, regexp.MustCompile(`bell|ride cup`)},
	{crash, regexp.MustCompile(`^crash`)},
	{ride, regexp.MustCompile(`ride`)},
	{china, regexp.MustCompile(`china`)},
	{splash, regexp.MustCompile(`splash`)},
	{crash, regexp.MustCompile(`crash|cymbal`)},
	{lowTom, regexp.MustCompile(`tom.*(low|lo\b|floor)|(low|floor) tom|head hit`)},
	{highTom, regexp.MustCompile(`tom ?(hi|1)|(high|hi) tom`)},
	{midTom, regexp.MustCompile(`tom|tone|^drum`)},
	{shaker, regexp.MustCompile(`shaker|maraca|cabasa`)},
	{handDrum, regexp.MustCompile(`conga|bongo`)},
	{wood, regexp.MustCompile(`wood|clave`)},
}

// drumOf is the drum that a kit's maker named, "" where there is no telling.
func drumOf(name string) drum {
	name = strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(name))
	for _, n := range drumNames {
		if n.names.MatchString(name) {
			return n.drum
		}
	}
	return ""
}

// looseDrum is what the names of single drums begin with where other sounds lie
// beside them.
var looseDrum = regexp.MustCompile(`^(drum|bd|sn|hat|ride|elec|perc)_`)

// standIns are, for General MIDI's notes, the drums that may play them, the best
// first.
var standIns = map[uint8][]drum{
	35: {kick}, 36: {kick},
	37: {stick, snare}, 38: {snare, clap}, 39: {clap, snare}, 40: {snare, clap},
	41: {lowTom, midTom, handDrum}, 43: {lowTom, midTom, handDrum},
	45: {midTom, lowTom, handDrum}, 47: {midTom, highTom, handDrum},
	48: {highTom, midTom, handDrum}, 50: {highTom, midTom, handDrum},
	42: {closedHat, pedalHat, shaker, rideBell}, 44: {pedalHat, closedHat, shaker}, 46: {openHat, closedHat, tambourine, rideBell},
	49: {crash, ride, splash}, 57: {crash, ride, splash}, 52: {china, crash}, 55: {splash, crash},
	51: {ride, crash, closedHat}, 59: {ride, crash, closedHat}, 53: {rideBell, ride},
	54: {tambourine, shaker, closedHat}, 56: {cowbell, wood, stick},
	60: {handDrum, highTom}, 61: {handDrum, midTom}, 62: {handDrum, highTom}, 63: {handDrum, midTom}, 64: {handDrum, lowTom},
	65: {highTom, handDrum}, 66: {midTom, handDrum},
	69: {shaker, closedHat}, 70: {shaker, closedHat}, 82: {shaker, closedHat},
	75: {wood, stick}, 76: {wood, stick}, 77: {wood, stick},
}
