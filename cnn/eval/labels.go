package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Labelled is a recording and the truth about it.
type Labelled struct {
	Path  string // of the audio
	Title string
	Truth
}

// ReadLabels reads a CSV file with a header. Of its columns, path (relative to
// the file's folder), tempo_bpm, key, meter and title count; an empty field is
// not known. Errors name the file and the line.
func ReadLabels(name string) ([]Labelled, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	defer f.Close()
	rows := csv.NewReader(f)
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("labels %q: no header: %w", name, err)
	}
	column := map[string]int{}
	for i, h := range header {
		column[h] = i
	}
	if _, ok := column["path"]; !ok {
		return nil, fmt.Errorf("labels %q: no column called path", name)
	}
	var all []Labelled
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("labels %q: %w", name, err)
		}
		field := func(h string) string {
			if i, ok := column[h]; ok {
				return row[i]
			}
			return ""
		}
		l, err := parseLabel(filepath.Dir(name), field)
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("labels %q: line %d: %w", name, line, err)
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("labels %q: no rows", name)
	}
	return all, nil
}

func parseLabel(dir string, field func(string) string) (l Labelled, err error) {
	l.Path, l.Title = field("path"), field("title")
	if l.Path == "" {
		return l, errors.New("path is empty")
	}
	if !filepath.IsAbs(l.Path) {
		l.Path = filepath.Join(dir, l.Path)
	}
	if t := field("tempo_bpm"); t != "" {
		if l.TempoBPM, err = strconv.ParseFloat(t, 64); err != nil || !(l.TempoBPM > 0) {
			return l, fmt.Errorf("tempo_bpm is %q; want beats a minute", t)
		}
	}
	if err := l.Key.UnmarshalText([]byte(field("key"))); err != nil {
		return l, err
	}
	return l, l.Meter.UnmarshalText([]byte(field("meter")))
}
