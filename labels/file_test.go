package labels_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/labels"
	"earworm/schema"
)

// full is a label with all that one can say.
func full() labels.Row {
	return labels.Row{Source: "file:///music/a, \"b\".flac", Label: schema.Label{
		TrackID: "t1", At: time.UnixMilli(1_750_000_000_123).UTC(), Author: "ann", Note: "first\nsecond, with \"quotes\"",
		TempoBPM: 92.125, Key: schema.KeyOf(6, true), Meter: schema.Meter{Beats: 7, Unit: 8}, DownbeatS: 0.25,
		TakesBack: time.UnixMilli(1_740_000_000_007).UTC(),
	}}
}

// TestReadsWhatWasWritten, in both forms, and writes it so again.
func TestReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	rows := []labels.Row{full(), {Label: schema.Label{TrackID: "t2", At: time.UnixMilli(5).UTC(), TempoBPM: 90}}}
	for name, write := range map[string]func(io.Writer, []labels.Row) error{"CSV": labels.WriteCSV, "NDJSON": labels.WriteNDJSON} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second bytes.Buffer
			if err := write(&first, rows); err != nil {
				t.Fatal(err)
			}
			got, err := labels.Read(bytes.NewReader(first.Bytes()))
			if err != nil || !slices.Equal(unnumbered(got), rows) {
				t.Errorf("%v: read\n%+v\nof\n%s", err, got, &first)
			}
			if err := write(&second, got); err != nil || second.String() != first.String() {
				t.Errorf("%v: written again\n%s\nof\n%s", err, &second, &first)
			}
		})
	}
}

// unnumbered are rows without the lines that they were read from.
func unnumbered(rows []labels.Row) []labels.Row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Line = 0
	}
	return rows
}

func TestRead(t *testing.T) {
	t.Parallel()
	id := string(schema.TrackIDOf("file:///a.wav"))
	for name, c := range map[string]struct {
		text string
		want string // the first row's track and tempo, or part of the error
	}{
		"nothing":                  {"", ""},
		"no row":                   {"track_id,tempo_bpm\n", ""},
		"few columns in any order": {"tempo_bpm,track_id\n92,t1\n", "t1 92"},
		"by its source":            {"source,tempo_bpm\nfile:///a.wav,92\n", id + " 92"},
		"from a spreadsheet":       {"\ufefftrack_id,tempo_bpm\r\nt1,92\r\n", "t1 92"},
		"an object":                {`{"source": "file:///a.wav", "tempo_bpm": 92}`, id + " 92"},
		"blank lines":              {"{\"track_id\": \"t1\", \"tempo_bpm\": 92}\n\n", "t1 92"},
		"unknown column":           {"track_id,bpm\n", `labels have a column "bpm"; want some of track_id, source, at`},
		"a column twice":           {"track_id,note,note\n", "the column note twice"},
		"no track's column":        {"tempo_bpm\n92\n", "neither a column track_id nor source"},
		"no track":                 {"track_id,tempo_bpm\nt1,90\n,92\n", "line 3 of the labels: the label names no track"},
		"not a number":             {"track_id,tempo_bpm\nt1,fast\n", `line 2 of the labels: tempo_bpm is "fast"; want a number`},
		"not a key":                {"track_id,key\nt1,H\n", `line 2 of the labels: key is "H"; want a tonic and a mode`},
		"not a meter":              {"track_id,meter\nt1,4\n", `meter is "4"; want a time signature`},
		"not a time":               {"track_id,at\nt1,today\n", `at is "today"; want a time such as 2026`},
		"not a year of ours":       {"track_id,at\nt1,0001-02-01T00:00:00Z\n", "line 2 of the labels: a time is in the year 1; want 1970 to 9999"},
		"not UTF-8":                {"track_id,tempo_bpm\n\xff,92\n", "line 2 of the labels: the track's name is not UTF-8"},
		"too few fields":           {"track_id,at\nt1\n", "record on line 2: wrong number of fields"},
		"unknown field":            {`{"track_id": "t1", "bpm": 92}`, `line 1 of the labels: json: unknown field "bpm"`},
		"two objects":              {`{"track_id": "t1"} {"track_id": "t2"}`, "goes on after its object"},
		"a cut object":             {"{\"track_id\": \"t1\"}\n{\"track_id\"", "line 2 of the labels: unexpected EOF"},
		"a line without end":       {`{"note": "` + strings.Repeat("x", 70_000), "line 1 of the labels is above 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := labels.Read(strings.NewReader(c.text))
			got := ""
			switch {
			case err != nil:
				got = err.Error()
			case len(rows) > 0:
				got = string(rows[0].TrackID) + " " + fmt.Sprint(rows[0].TempoBPM)
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q; want %q", got, c.want)
			}
		})
	}
}

// FuzzRead: what can be read is written and read again, the same.
func FuzzRead(f *testing.F) {
	var table, lines bytes.Buffer
	if err := labels.WriteCSV(&table, []labels.Row{full()}); err != nil {
		f.Fatal(err)
	}
	if err := labels.WriteNDJSON(&lines, []labels.Row{full()}); err != nil {
		f.Fatal(err)
	}
	f.Add(table.Bytes())
	f.Add(lines.Bytes())
	f.Add([]byte("track_id,note\nt,\"a\r\nb\"\n"))
	f.Add([]byte(`{"source": "s", "note": "a\r\nb", "key": "Am", "meter": "3/4"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows, err := labels.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		for name, write := range map[string]func(io.Writer, []labels.Row) error{"CSV": labels.WriteCSV, "NDJSON": labels.WriteNDJSON} {
			for _, r := range rows {
				if labels.Check(r.Label, []schema.Label{{At: r.TakesBack}}) != nil {
					return // no store holds it
				}
			}
			var b bytes.Buffer
			if err := write(&b, rows); err != nil {
				t.Fatal(err)
			}
			again, err := labels.Read(&b)
			if err != nil || !slices.Equal(unnumbered(again), unnumbered(rows)) {
				t.Errorf("%s: %v: read\n%+v\nthen\n%+v", name, err, rows, again)
			}
		}
	})
}
