package midi

import "sort"

// defaultTempo is what holds until a file says otherwise: 120 BPM, as
// microseconds a quarter note.
const defaultTempo = 500_000

// TempoMap turns ticks into seconds.
type TempoMap struct {
	division float64
	marks    []mark // by rising tick; the first at tick 0
}

type mark struct {
	tick     int64
	seconds  float64 // at tick
	perQuart float64 // seconds a quarter note from here on
}

// Tempo collects the file's tempo changes, whatever track they stand in.
func (f *File) Tempo() TempoMap {
	m := TempoMap{division: float64(f.Division), marks: []mark{{perQuart: defaultTempo / 1e6}}}
	for _, e := range f.Merged() {
		if e.Status != Meta || e.Type != SetTempo || len(e.Data) != 3 {
			continue
		}
		us := int(e.Data[0])<<16 | int(e.Data[1])<<8 | int(e.Data[2])
		if us == 0 {
			continue
		}
		m.marks = append(m.marks, mark{
			tick: e.Tick, seconds: m.Seconds(e.Tick), perQuart: float64(us) / 1e6,
		})
	}
	return m
}

// Seconds is when a tick sounds, from the start of the file.
func (m TempoMap) Seconds(tick int64) float64 {
	i := sort.Search(len(m.marks), func(i int) bool { return m.marks[i].tick > tick }) - 1
	at := m.marks[max(i, 0)]
	return at.seconds + float64(tick-at.tick)/m.division*at.perQuart
}
