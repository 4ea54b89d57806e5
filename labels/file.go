package labels

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"earworm/schema"
)

// Row is a label as a file holds it: with its track's source, by which those
// who do not have the catalogue find the recording.
type Row struct {
	schema.Label
	Source string `json:"source,omitempty"`
	Line   int    `json:"-"` // of the file, from 1
}

// columns of the CSV form, in the order that they are written.
var columns = []string{"track_id", "source", "at", "author", "tempo_bpm", "key", "meter", "downbeat_s", "takes_back", "note"}

// WriteCSV writes rows below a line of column names. A field that says nothing
// is empty.
func WriteCSV(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, r := range rows {
		l := exact(r.Label)
		fields := []string{
			string(l.TrackID), r.Source, written(l.At), l.Author, number(l.TempoBPM), "", "", number(l.DownbeatS), written(l.TakesBack), l.Note,
		}
		if l.Key != schema.UnknownKey {
			fields[5] = l.Key.String()
		}
		if l.Meter != (schema.Meter{}) {
			fields[6] = l.Meter.String()
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteNDJSON writes an object a line, with the names that CSV's columns have.
func WriteNDJSON(w io.Writer, rows []Row) error {
	out := json.NewEncoder(w)
	for _, r := range rows {
		r.Label = exact(r.Label)
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func written(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(TimeForm)
}

func number(x float64) string {
	if x == 0 {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// longestLine of NDJSON, in bytes: several times what a label can be.
const longestLine = 64 << 10

// Read reads either form, which it tells by the first byte. Columns and fields
// may be in any order and left out, but a row wants its track_id, or the source
// that the identifier is made of; where both are given, track_id counts. The
// error names the line. What labels say is for Check to judge.
func Read(r io.Reader) ([]Row, error) {
	in := bufio.NewReaderSize(r, longestLine)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // which spreadsheets begin a file with
	}
	first, err := in.Peek(1)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if first[0] == '{' {
		return readNDJSON(in)
	}
	return readCSV(in)
}

func readNDJSON(in io.Reader) (rows []Row, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		row := Row{Line: n}
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.DisallowUnknownFields()
		err := dec.Decode(&row)
		if err == nil && dec.More() {
			err = errors.New("the line goes on after its object")
		}
		if err == nil {
			err = row.complete()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the labels: %w", n, err)
		}
		rows = append(rows, row)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d of the labels is above %d bytes", n+1, longestLine)
	}
	return rows, lines.Err()
}

func readCSV(in io.Reader) (rows []Row, err error) {
	table := csv.NewReader(in)
	table.ReuseRecord = true
	head, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	head = slices.Clone(head)
	if err := checkColumns(head); err != nil {
		return nil, err
	}
	for {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err) // it names the line
		}
		line, _ := table.FieldPos(0)
		row := Row{Line: line}
		for i, name := range head {
			if err := row.set(name, fields[i]); err != nil {
				return nil, fmt.Errorf("line %d of the labels: %w", line, err)
			}
		}
		if err := row.complete(); err != nil {
			return nil, fmt.Errorf("line %d of the labels: %w", line, err)
		}
		rows = append(rows, row)
	}
}

func checkColumns(head []string) error {
	for i, name := range head {
		if !slices.Contains(columns, name) {
			return fmt.Errorf("labels have a column %q; want some of %s, or an object a line", name, strings.Join(columns, ", "))
		}
		if slices.Contains(head[:i], name) {
			return fmt.Errorf("labels have the column %s twice", name)
		}
	}
	if !slices.Contains(head, "track_id") && !slices.Contains(head, "source") {
		return errors.New("labels have neither a column track_id nor source; want one of them")
	}
	return nil
}

// set takes a field of CSV; an empty one says nothing.
func (r *Row) set(column, text string) (err error) {
	if text == "" {
		return nil
	}
	switch column {
	case "track_id":
		r.TrackID = schema.TrackID(text)
	case "source":
		r.Source = text
	case "author":
		r.Author = text
	case "note":
		r.Note = text
	case "key":
		return r.Key.UnmarshalText([]byte(text))
	case "meter":
		return r.Meter.UnmarshalText([]byte(text))
	case "at":
		r.At, err = parseTime(column, text)
	case "takes_back":
		r.TakesBack, err = parseTime(column, text)
	case "tempo_bpm":
		r.TempoBPM, err = parseNumber(column, text)
	case "downbeat_s":
		r.DownbeatS, err = parseNumber(column, text)
	}
	return err
}

func parseTime(column, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%s is %q; want a time such as 2026-05-01T10:00:00.000Z", column, text)
	}
	return at, nil
}

func parseNumber(column, text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is %q; want a number", column, text)
	}
	return x, nil
}

// complete names the track, and brings the label into the form that is kept.
func (r *Row) complete() error {
	for _, at := range []time.Time{r.At, r.TakesBack} {
		if year := at.UTC().Year(); !at.IsZero() && (year < 1970 || year > 9999) {
			return fmt.Errorf("a time is in the year %d; want 1970 to 9999", year)
		}
	}
	switch {
	case !utf8.ValidString(string(r.TrackID)) || !utf8.ValidString(r.Source):
		return errors.New("the track's name is not UTF-8")
	case r.TrackID == "" && r.Source == "":
		return errors.New("the label names no track; want its track_id or its source")
	}
	if r.TrackID == "" {
		r.TrackID = schema.TrackIDOf(r.Source)
	}
	r.Label = exact(r.Label)
	return nil
}
