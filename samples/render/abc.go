package render

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"earworm/schema"
)

// abcTune is a tune of an ABC collection.
type abcTune struct {
	text   string // header and body
	body   string
	unit   fraction // note length of a bare letter
	chords bool     // it has chord symbols
}

// fraction is a part of a whole note.
type fraction struct{ over, under int }

func (f fraction) value() float64 { return float64(f.over) / float64(f.under) }

// findTune cuts the tune with a number out of a collection.
func findTune(collection, number string) (abcTune, error) {
	lines := strings.Split(strings.ReplaceAll(collection, "\r", ""), "\n")
	start := -1
	for i, l := range lines {
		if strings.HasPrefix(l, "X:") && strings.TrimSpace(l[2:]) == number {
			start = i
			break
		}
	}
	if start < 0 {
		return abcTune{}, fmt.Errorf("there is no tune %q", number)
	}
	end := start + 1
	for end < len(lines) && !strings.HasPrefix(lines[end], "X:") {
		end++
	}
	return parseTune(lines[start:end])
}

var errMeterChanges = errors.New("the meter changes")

// parseTune reads the header fields that times hang on. A tune whose meter
// changes, or of several voices, is refused.
func parseTune(lines []string) (abcTune, error) {
	t := abcTune{text: strings.Join(lines, "\n") + "\n"}
	meters, inBody := 0, false
	var body []string
	unit, meter := fraction{}, 1.0
	for _, l := range lines {
		field := len(l) > 1 && l[1] == ':' && (l[0] >= 'A' && l[0] <= 'Z')
		switch {
		case strings.HasPrefix(l, "%"):
		case field && l[0] == 'M':
			if meters++; meters > 1 && inBody || strings.Contains(strings.Join(body, ""), "[M:") {
				return abcTune{}, errMeterChanges
			}
			if m, err := schema.ParseMeter(strings.TrimSpace(l[2:])); err == nil {
				meter = float64(m.Beats) / float64(m.Unit)
			}
		case field && l[0] == 'L':
			over, under, _ := strings.Cut(strings.TrimSpace(l[2:]), "/")
			unit.over, _ = strconv.Atoi(strings.TrimSpace(over))
			unit.under, _ = strconv.Atoi(strings.TrimSpace(under))
		case field && l[0] == 'V':
			return abcTune{}, errors.New("it has several voices")
		case field && l[0] == 'K':
			inBody = true
		case field:
		case inBody:
			body = append(body, l)
		}
	}
	t.body = strings.Join(body, "\n")
	if strings.Contains(t.body, "[M:") || strings.Contains(t.body, "[L:") {
		return abcTune{}, errMeterChanges
	}
	if t.unit = unit; unit.over <= 0 || unit.under <= 0 {
		// What the standard says of tunes without L:.
		if t.unit = (fraction{1, 8}); meter < 0.75 {
			t.unit = fraction{1, 16}
		}
	}
	t.chords = strings.Contains(t.body, `"`)
	return t, nil
}

// pickup is how many of abc2midi's ticks come before the first downbeat: the
// length of what stands before the first bar line, unless that is a whole bar.
func (t abcTune) pickup(m schema.Meter) (int64, error) {
	length, err := firstBar(t.body)
	if err != nil {
		return 0, err
	}
	ticks := length * t.unit.value() * 4 * abcDivision
	bar := float64(4*abcDivision*m.Beats) / float64(m.Unit)
	switch {
	case ticks > bar+1:
		return 0, fmt.Errorf("the first bar has %.0f ticks; want %.0f", ticks, bar)
	case ticks > bar-1:
		return 0, nil
	default:
		return int64(ticks + 0.5), nil
	}
}

// firstBar adds up the notes before the first bar line that follows a note, in
// units of the tune's note length.
func firstBar(body string) (float64, error) {
	total, last := 0.0, 0.0 // last: the note before, which a ">" may lengthen
	tuplet, left := 1.0, 0
	broken := 0.0 // what the sign before takes from the note to come
	for i := 0; i < len(body); {
		c := body[i]
		switch {
		case c == '"' || c == '!' || c == '+':
			end := strings.IndexByte(body[i+1:], c)
			if end < 0 {
				return 0, fmt.Errorf("%q is not closed", c)
			}
			i += end + 2
		case c == '{':
			end := strings.IndexByte(body[i:], '}')
			if end < 0 {
				return 0, errors.New("grace notes are not closed")
			}
			i += end + 1
		case c == '%':
			end := strings.IndexByte(body[i:], '\n')
			if end < 0 {
				return total, nil
			}
			i += end
		case c == '|' || c == ':':
			if total > 0 {
				return total, nil
			}
			i++
		case c == '(' && i+1 < len(body) && body[i+1] >= '2' && body[i+1] <= '9':
			n := int(body[i+1] - '0')
			tuplet, left = map[int]float64{2: 1.5, 3: 2.0 / 3, 4: 0.75, 6: 1.0 / 3}[n], n
			if tuplet == 0 || i+2 < len(body) && body[i+2] == ':' {
				return 0, fmt.Errorf("tuplet of %d", n)
			}
			i += 2
		case c == '[' && i+1 < len(body) && (body[i+1] >= '1' && body[i+1] <= '9' || body[i+1] == '|'):
			i += 2
		case c == '[':
			return 0, errors.New("chord in the first bar")
		case c == '>' || c == '<':
			change := last / 2
			if c == '<' {
				change = -change
			}
			total += change
			broken = -change
			i++
		case c >= 'A' && c <= 'G' || c >= 'a' && c <= 'g' || c == 'z' || c == 'x':
			length, next := noteUnits(body, i+1)
			if left > 0 {
				length *= tuplet
				left--
			}
			if broken != 0 {
				length += broken
				broken = 0
			}
			total, last, i = total+length, length, next
		default:
			i++
		}
	}
	return total, nil
}

// noteUnits reads a note's length, such as "2", "/2", "3/2" or "//", after its
// octave marks.
func noteUnits(s string, i int) (length float64, next int) {
	for i < len(s) && (s[i] == ',' || s[i] == '\'') {
		i++
	}
	digits := func() (int, bool) {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' && i-start < 3 {
			i++
		}
		n, err := strconv.Atoi(s[start:i])
		return n, err == nil && n > 0
	}
	length = 1
	if n, ok := digits(); ok {
		length = float64(n)
	}
	for i < len(s) && s[i] == '/' {
		i++
		if n, ok := digits(); ok {
			length /= float64(n)
			break
		}
		length /= 2
	}
	return length, i
}
