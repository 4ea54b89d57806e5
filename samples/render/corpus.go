package render

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"earworm/schema"
)

// entry is a row of the corpus's index.csv.
type entry struct {
	path      string // inside the corpus; a tune of a collection has #number after it
	format    string
	source    string
	genre     string
	key       schema.Key   // UnknownKey where the index is not sure of it
	meter     schema.Meter // zero where the index is not sure of it
	tempoBPM  float64      // 0: unknown
	minorMode bool
}

// What the corpus's README says to trust.
const (
	trustedKey   = 0.8
	trustedMeter = 0.9
)

// readIndex reads the corpus's list of what it holds.
func readIndex(dir string) ([]entry, error) {
	f, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read corpus: index.csv: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("read corpus: index.csv is empty")
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, name := range []string{"path", "format", "source", "genre", "key", "key_conf", "meter", "meter_conf", "tempo", "mode"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("read corpus: index.csv has no column %q", name)
		}
	}
	entries := make([]entry, 0, len(rows)-1)
	for _, r := range rows[1:] {
		at := func(name string) string { return r[column[name]] }
		e := entry{path: at("path"), format: at("format"), source: at("source"), genre: at("genre")}
		e.tempoBPM, _ = strconv.ParseFloat(at("tempo"), 64) // empty or junk: unknown
		if number(at("key_conf")) >= trustedKey {
			e.key, _ = schema.ParseKey(at("key"))
		}
		if number(at("meter_conf")) >= trustedMeter {
			e.meter, _ = schema.ParseMeter(at("meter"))
		}
		e.minorMode = strings.HasSuffix(at("key"), "minor")
		entries = append(entries, e)
	}
	return entries, nil
}

// number reads a number, and what is none as 0.
func number(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}

// inMeters keeps what is in one of the meters; none keeps all.
func inMeters(index []entry, meters []schema.Meter) []entry {
	if len(meters) == 0 {
		return index
	}
	return slices.DeleteFunc(slices.Clone(index), func(e entry) bool { return !slices.Contains(meters, e.meter) })
}
