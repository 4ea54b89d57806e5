package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// Key is one of the 24 major and minor keys, or UnknownKey.
// Its text form is a tonic and a mode: "F# minor".
type Key uint8

// UnknownKey is the zero Key. Its text form is empty.
const UnknownKey Key = 0

const pitchClasses = 12

var (
	majorNames = [pitchClasses]string{"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"}
	minorNames = [pitchClasses]string{"C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"}
)

// KeyOf makes the key on a tonic, 0 (C) to 11 (B).
func KeyOf(tonic int, minor bool) Key {
	if tonic < 0 || tonic >= pitchClasses {
		panic("schema: tonic out of range")
	}
	if minor {
		tonic += pitchClasses
	}
	return Key(1 + tonic)
}

// Keys lists the 24 keys, majors from C to B, then minors.
func Keys() []Key {
	keys := make([]Key, 2*pitchClasses)
	for i := range keys {
		keys[i] = Key(1 + i)
	}
	return keys
}

// Tonic is the pitch class of the tonic, 0 (C) to 11 (B).
func (k Key) Tonic() int { return (int(k) + pitchClasses - 1) % pitchClasses }

// Minor tells a minor key from a major one.
func (k Key) Minor() bool { return k > pitchClasses }

// String is the key's name, such as "Eb major"; empty for UnknownKey.
func (k Key) String() string {
	switch {
	case k == UnknownKey || k > 2*pitchClasses:
		return ""
	case k.Minor():
		return minorNames[k.Tonic()] + " minor"
	default:
		return majorNames[k.Tonic()] + " major"
	}
}

// Camelot is the key's place on the Camelot wheel, such as "11A": a number by
// fifths, A for minor, B for major, so that neighbours mix well.
func (k Key) Camelot() string {
	if k == UnknownKey || k > 2*pitchClasses {
		return ""
	}
	// C major is 8B and A minor 8A; each fifth up (7 semitones) adds one.
	major, side := k.Tonic(), "B"
	if k.Minor() {
		major, side = (k.Tonic()+3)%pitchClasses, "A"
	}
	number := (7*major+7)%pitchClasses + 1
	return strconv.Itoa(number) + side
}

// Closeness is how near a heard key is to this one, as MIREX weighs it: 1 the
// same, 0.5 a fifth above in the same mode, 0.3 the relative and 0.2 the
// parallel key, else 0.
func (k Key) Closeness(heard Key) float64 {
	up := (heard.Tonic() - k.Tonic() + pitchClasses) % pitchClasses
	switch {
	case k == UnknownKey || heard == UnknownKey:
		return 0
	case heard == k:
		return 1
	case heard.Minor() == k.Minor() && up == 7:
		return 0.5
	case heard.Minor() && !k.Minor() && up == 9, !heard.Minor() && k.Minor() && up == 3:
		return 0.3
	case up == 0:
		return 0.2
	}
	return 0
}

// MarshalText writes the key's name.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what ParseKey reads; empty text is UnknownKey.
func (k *Key) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = UnknownKey
		return nil
	}
	parsed, err := ParseKey(string(text))
	*k = parsed
	return err
}

// ParseKey reads a key such as "F# minor", "gb maj" or "Am".
func ParseKey(s string) (Key, error) {
	bad := fmt.Errorf("key is %q; want a tonic and a mode, such as %q", s, "F# minor")
	t := strings.TrimSpace(s)
	if t == "" {
		return UnknownKey, bad
	}
	tonic := strings.IndexByte("C D EF G A B", t[0]&^0x20)
	if tonic < 0 || t[0] == ' ' {
		return UnknownKey, bad
	}
	t = t[1:]
	switch {
	case strings.HasPrefix(t, "#"):
		tonic, t = tonic+1, t[1:]
	case strings.HasPrefix(t, "b"):
		tonic, t = tonic+pitchClasses-1, t[1:]
	}
	t = strings.TrimSpace(t)
	if t == "M" {
		t = "major"
	}
	switch strings.ToLower(t) {
	case "", "major", "maj":
		return KeyOf(tonic%pitchClasses, false), nil
	case "minor", "min", "m":
		return KeyOf(tonic%pitchClasses, true), nil
	}
	return UnknownKey, bad
}

// Meter is a time signature. The zero Meter is unknown; its text is empty.
type Meter struct {
	Beats int // a bar, as written above the line
	Unit  int // note value of one of them, as written below: 4 or 8
}

// String is the meter as it is written: "3/4".
func (m Meter) String() string {
	if m == (Meter{}) {
		return ""
	}
	return strconv.Itoa(m.Beats) + "/" + strconv.Itoa(m.Unit)
}

// MarshalText writes the meter as it is written.
func (m Meter) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMeter reads; empty text is the zero Meter.
func (m *Meter) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = Meter{}
		return nil
	}
	parsed, err := ParseMeter(string(text))
	*m = parsed
	return err
}

// ParseMeter reads a time signature such as "7/8".
func ParseMeter(s string) (Meter, error) {
	above, below, ok := strings.Cut(strings.TrimSpace(s), "/")
	beats, err1 := strconv.Atoi(above)
	unit, err2 := strconv.Atoi(below)
	powerOfTwo := unit == 1 || unit == 2 || unit == 4 || unit == 8 || unit == 16
	if !ok || err1 != nil || err2 != nil || beats < 1 || beats > 32 || !powerOfTwo {
		return Meter{}, fmt.Errorf("meter is %q; want a time signature, such as %q", s, "7/8")
	}
	return Meter{Beats: beats, Unit: unit}, nil
}
