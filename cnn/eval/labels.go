package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Labelled is a recording and the truth about it.
type Labelled struct {
	Path  string // of the audio
	Title string
	Truth
	fields map[string]string // the row, by column
}

// Name is the audio's file name.
func (l Labelled) Name() string { return filepath.Base(l.Path) }

// Source is the column that every recording has: where the labels lack it, it is
// what the file's name begins with.
const Source = "source"

// Column is what the labels say in a column. Source, where they have no such
// column, is the file's name without its number and what follows.
func (l Labelled) Column(name string) string {
	if field, ok := l.fields[name]; ok || name != Source {
		return field
	}
	source := strings.TrimRight(strings.TrimSuffix(l.Name(), filepath.Ext(l.Path)), "0123456789")
	return strings.TrimRight(source, "-_ .")
}

// HasColumn tells whether recordings can be parted by a column.
func (l Labelled) HasColumn(name string) bool {
	_, ok := l.fields[name]
	return ok || name == Source
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
		fields := map[string]string{}
		for h, i := range column {
			fields[h] = row[i]
		}
		l, err := parseLabel(filepath.Dir(name), fields)
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

func parseLabel(dir string, fields map[string]string) (l Labelled, err error) {
	l.Path, l.Title, l.fields = fields["path"], fields["title"], fields
	if l.Path == "" {
		return l, errors.New("path is empty")
	}
	if !filepath.IsAbs(l.Path) {
		l.Path = filepath.Join(dir, l.Path)
	}
	if t := fields["tempo_bpm"]; t != "" {
		if l.TempoBPM, err = strconv.ParseFloat(t, 64); err != nil || !(l.TempoBPM > 0) {
			return l, fmt.Errorf("tempo_bpm is %q; want beats a minute", t)
		}
	}
	if err := l.Key.UnmarshalText([]byte(fields["key"])); err != nil {
		return l, err
	}
	return l, l.Meter.UnmarshalText([]byte(fields["meter"]))
}
