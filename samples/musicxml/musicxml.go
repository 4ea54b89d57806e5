// Package musicxml reads scores in MusicXML, plain or compressed: notes, bars,
// tempo marks and chord symbols, in quarter notes from the start. Repeats are
// played once, straight through; grace notes and ornaments are left out.
package musicxml

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"

	"earworm/schema"
)

// ErrFormat is returned, wrapped, for bytes that are no score we can read.
var ErrFormat = errors.New("no musicxml score")

// Score is a piece, times in quarter notes.
type Score struct {
	Parts    int
	Notes    []Note
	Measures []Measure
	Tempos   []Tempo
	Chords   []Chord
}

// Note is a sounding note; tied notes are one.
type Note struct {
	Part   int // from 0
	On     float64
	Length float64
	Pitch  int // MIDI note number
}

// Measure is a bar, or the part of one that stands between two bar lines.
type Measure struct {
	Start, Length float64
	Into          float64 // how far into the bar it begins: more than 0 after a pickup's pause
	Meter         schema.Meter
}

// Tempo is a mark for the quarter notes from a time on.
type Tempo struct {
	At, BPM float64
}

// Chord is a chord symbol.
type Chord struct {
	At   float64
	Root int    // pitch class
	Kind string // as MusicXML spells it, such as "minor-seventh"
}

// limits on outside bytes: the largest scores have a few megabytes.
const (
	maxBytes  = 64 << 20
	maxQuarts = 1e5
)

// Read reads a score, compressed (.mxl) or not.
func Read(data []byte) (*Score, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		var err error
		if data, err = unpack(data); err != nil {
			return nil, err
		}
	}
	var doc document
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if doc.XMLName.Local != "score-partwise" || len(doc.Parts) == 0 {
		return nil, fmt.Errorf("%w: root is %q with %d parts", ErrFormat, doc.XMLName.Local, len(doc.Parts))
	}
	return doc.score()
}

// unpack finds the score in a compressed file by its container.
func unpack(data []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	var container struct {
		Roots []struct {
			Path string `xml:"full-path,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	index, err := readEntry(z, "META-INF/container.xml")
	if err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(index, &container); err != nil || len(container.Roots) == 0 {
		return nil, fmt.Errorf("%w: container names no score", ErrFormat)
	}
	return readEntry(z, path.Clean(container.Roots[0].Path))
}

func readEntry(z *zip.Reader, name string) ([]byte, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return data, nil
}
