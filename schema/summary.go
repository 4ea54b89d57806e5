package schema

import (
	"context"
	"iter"
	"math"
	"time"
)

// tempoStep is how wide the bars of a summary's tempi are, in BPM.
const tempoStep = 5

// Summarise reckons the catalogue's figures by one walk over it, and one over
// the labels. Agreement compares each version's analysis of a labelled track
// with what people say of it.
func Summarise(ctx context.Context, s interface {
	Scanner
	AllLabels(ctx context.Context) iter.Seq2[Label, error]
	TrackAnalyses(ctx context.Context, id TrackID) ([]Analysis, error)
}, now time.Time,
) (Summary, error) {
	sum := Summary{
		At:     now.UTC().Truncate(time.Millisecond),
		Counts: Counts{Failures: map[Code]int{}, Versions: map[string]int{}},
		Tempo:  map[int]int{}, Key: map[Key]int{}, Meter: map[Meter]int{}, Agreement: map[string]Agreement{},
	}
	for part := range s.Parts() {
		for e, err := range s.Scan(ctx, part, "") {
			if err != nil {
				return Summary{}, err
			}
			sum.Counts.Add(e.Track)
			if e.Features != nil {
				sum.add(*e.Features)
			}
		}
	}
	said := map[TrackID][]Label{}
	for l, err := range s.AllLabels(ctx) {
		if err != nil {
			return Summary{}, err
		}
		said[l.TrackID] = append(said[l.TrackID], l)
	}
	for id, labels := range said {
		analyses, err := s.TrackAnalyses(ctx, id)
		if err != nil {
			return Summary{}, err
		}
		for _, a := range analyses {
			sum.Agreement[a.ModelVersion] = sum.Agreement[a.ModelVersion].With(a, labels)
		}
	}
	return sum, nil
}

// add counts the features of one track.
func (s *Summary) add(f Features) {
	s.Tempo[int(math.Floor(f.TempoBPM/tempoStep))*tempoStep]++
	s.Key[f.Key]++
	s.Meter[f.Meter]++
	s.TempoConfidence[tenth(f.TempoConfidence)]++
	s.KeyConfidence[tenth(f.KeyConfidence)]++
	s.MeterConfidence[tenth(f.MeterConfidence)]++
}

func tenth(confidence float64) int { return max(0, min(9, int(confidence*10))) }

// With counts one more analysis beside what people say of its track.
func (g Agreement) With(a Analysis, labels []Label) Agreement {
	said := Effective(a, labels)
	for _, what := range said.Labelled {
		switch what {
		case "tempo":
			g.Tempo++
			g.TempoRight += count(SameTempo(said.TempoBPM, a.Tempo.BPM))
		case "key":
			g.Key++
			g.KeyRight += count(said.Key == a.Key.Name)
		case "meter":
			g.Meter++
			g.MeterRight += count(said.Meter == a.Meter.Name)
		}
	}
	return g
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
