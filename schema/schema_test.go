package schema

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestKeysSurviveTheirNames(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		got, err := ParseKey(k.String())
		if err != nil || got != k {
			t.Errorf("%q is read as %q, %v", k, got, err)
		}
		if KeyOf(k.Tonic(), k.Minor()) != k {
			t.Errorf("%q is not made of its tonic and mode", k)
		}
	}
}

func TestParseKeySpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"F# minor": "F# minor", "gb maj": "F# major", "Am": "A minor", "C": "C major", "cb": "B major",
		"E# min": "F minor", "CM": "C major", " d minor ": "D minor", "A#": "Bb major",
		"H major": "", "": "", "C# dorian": "", "#": "", " ": "",
	} {
		got, err := ParseKey(text)
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", text, got, err, want)
		}
	}
}

// On the Camelot wheel a fifth up is one hour on, and a relative key has the
// same hour.
func TestCamelotIsTheCircleOfFifths(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"C major": "8B", "A minor": "8A", "F# minor": "11A", "B major": "1B", "G# minor": "1A", "E major": "12B"} {
		k, err := ParseKey(name)
		if err != nil || k.Camelot() != want {
			t.Errorf("%s is %s, want %s", name, k.Camelot(), want)
		}
	}
	hour := func(k Key) (h int) {
		if _, err := fmt.Sscanf(k.Camelot(), "%d", &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, k := range Keys() {
		if fifth := KeyOf((k.Tonic()+7)%12, k.Minor()); hour(fifth)%12 != (hour(k)+1)%12 {
			t.Errorf("%s is %s and %s, a fifth above, %s", k, k.Camelot(), fifth, fifth.Camelot())
		}
	}
	if UnknownKey.Camelot() != "" || UnknownKey.String() != "" {
		t.Error("an unknown key has a name")
	}
}

func TestClosenessIsMIREXs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		truth, heard string
		want         float64
	}{
		{"C major", "C major", 1},
		{"C major", "G major", 0.5},
		{"C major", "F major", 0},
		{"C major", "A minor", 0.3},
		{"C major", "C minor", 0.2},
		{"A minor", "C major", 0.3},
		{"A minor", "E minor", 0.5},
		{"A minor", "A major", 0.2},
		{"A minor", "F# minor", 0},
	} {
		truth, _ := ParseKey(tc.truth)
		heard, _ := ParseKey(tc.heard)
		if got := truth.Closeness(heard); got != tc.want {
			t.Errorf("%s heard as %s counts %g, want %g", tc.truth, tc.heard, got, tc.want)
		}
	}
}

func TestMeterText(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"3/4": true, "12/8": true, "7/16": true, "4": false, "4/3": false, "0/4": false, "-3/4": false, "99/4": false, "": false} {
		m, err := ParseMeter(text)
		if (err == nil) != ok || ok && m.String() != text {
			t.Errorf("%q is read as %q, %v", text, m, err)
		}
	}
}

func TestEqualSourcesAreOneTrack(t *testing.T) {
	t.Parallel()
	a, again, b := TrackIDOf("file:///a"), TrackIDOf("file:///a"), TrackIDOf("file:///b")
	if a != again || a == b || len(a) != 32 {
		t.Errorf("identifiers are %q, again %q, of another source %q", a, again, b)
	}
}

func TestEveryCodeHasHelp(t *testing.T) {
	t.Parallel()
	for _, c := range Codes() {
		if c.Help() == "" {
			t.Errorf("%s has no help", c)
		}
	}
}

// The newest label that speaks of a value wins, whatever the order they come in,
// and one that does not speak of it changes nothing.
func TestLabelsWin(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }
	a := Analysis{Tempo: Tempo{BPM: 60, Confidence: 0.4}, Meter: MeterHeard{Name: Meter{4, 4}, Confidence: 0.9}, AnalysedAt: at(50)}
	labels := []Label{
		{At: at(1), TempoBPM: 90},
		{At: at(3), Key: KeyOf(6, true)},
		{At: at(2), TempoBPM: 120},
	}
	for range labels {
		labels = append(labels[1:], labels[0])
		f := Effective(a, labels)
		if f.TempoBPM != 120 || f.TempoConfidence != 1 || f.Key != KeyOf(6, true) || f.Meter != (Meter{4, 4}) || f.MeterConfidence != 0.9 {
			t.Errorf("with the labels %+v the features are %+v", labels, f)
		}
		if fmt.Sprint(f.Labelled) != "[tempo key]" {
			t.Errorf("labelled is %v", f.Labelled)
		}
	}
}

func FuzzKeyAndMeterText(f *testing.F) {
	f.Add("F# minor")
	f.Add("7/8")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey(text); err == nil {
			if again, err := ParseKey(k.String()); err != nil || again != k {
				t.Errorf("%q is %q, which is read as %q", text, k, again)
			}
		}
		if m, err := ParseMeter(text); err == nil {
			if again, err := ParseMeter(m.String()); err != nil || again != m {
				t.Errorf("%q is %q, which is read as %q", text, m, again)
			}
		}
	})
}

func TestKeyJSON(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(KeyCandidate{Name: KeyOf(6, true), Camelot: "11A", Probability: 0.5})
	if want := `{"name":"F# minor","camelot":"11A","probability":0.5}`; err != nil || string(out) != want {
		t.Errorf("a candidate is written as %s, %v; want %s", out, err, want)
	}
}
