package vorbis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// ErrOld is of streams with floors of type 0, which encoders wrote before 2002.
var ErrOld = errors.New("floors of type 0")

var errSetup = errors.New("a setup that cannot be")

// Setup is what the headers of a stream say, checked (Vorbis I, 4.2).
type Setup struct {
	Rate     int    // Hz
	Channels int    // 1 to 255
	blocks   [2]int // samples of a short block and of a long one

	books    []codebook
	floors   []floor
	residues []residue
	mappings []mapping
	modes    []mode
}

// mapping says which floor and residue each channel takes, and which channels
// are coupled.
type mapping struct {
	couples [][2]int // magnitude and angle
	submap  []int    // by channel
	floor   []int    // by submap
	residue []int
}

type mode struct{ long, mapping int }

// Parse reads the first header and the third. An error is ErrOld, or the stream
// is none.
func Parse(head, setup []byte) (*Setup, error) {
	if len(head) < 30 || string(head[:7]) != "\x01vorbis" || binary.LittleEndian.Uint32(head[7:]) != 0 {
		return nil, errors.New("no header")
	}
	small, large := head[28]&15, head[28]>>4
	if small < 6 || large > 13 || small > large {
		return nil, fmt.Errorf("blocks of 2^%d and 2^%d samples", small, large)
	}
	s := &Setup{Rate: int(binary.LittleEndian.Uint32(head[12:])), Channels: int(head[11]), blocks: [2]int{1 << small, 1 << large}}
	if s.Rate == 0 || s.Channels == 0 {
		return nil, errors.New("a stream without a rate or a channel")
	}
	if len(setup) < 8 || string(setup[:7]) != "\x05vorbis" {
		return nil, errors.New("no setup")
	}
	b := newBitReader(setup[7:])
	for _, part := range []func(*bitReader) error{s.readBooks, s.readTransforms, s.readFloors, s.readResidues, s.readMappings, s.readModes} {
		if err := part(&b); err != nil {
			return nil, err
		}
		if b.over() {
			return nil, errSetup
		}
	}
	return s, nil
}

func (s *Setup) readBooks(b *bitReader) error {
	entries, values := maxEntries, maxValues
	for range b.bits(8) + 1 {
		book, err := b.codebook(entries, values)
		if err != nil {
			return err
		}
		entries -= book.entries
		values -= book.entries * book.dimensions
		s.books = append(s.books, book)
	}
	return nil
}

// readTransforms reads what is not used as yet.
func (s *Setup) readTransforms(b *bitReader) error {
	for range b.bits(6) + 1 {
		if b.bits(16) != 0 {
			return errSetup
		}
	}
	return nil
}

func (s *Setup) readFloors(b *bitReader) error {
	for range b.bits(6) + 1 {
		switch b.bits(16) {
		case 0:
			return ErrOld
		case 1:
		default:
			return errSetup
		}
		f, err := b.floor(s.books)
		if err != nil {
			return err
		}
		s.floors = append(s.floors, f)
	}
	return nil
}

func (s *Setup) readResidues(b *bitReader) error {
	for range b.bits(6) + 1 {
		r, err := b.residue(s.books)
		if err != nil {
			return err
		}
		s.residues = append(s.residues, r)
	}
	return nil
}

func (s *Setup) readMappings(b *bitReader) error {
	for range b.bits(6) + 1 {
		m, err := s.readMapping(b)
		if err != nil {
			return err
		}
		s.mappings = append(s.mappings, m)
	}
	return nil
}

func (s *Setup) readMapping(b *bitReader) (m mapping, err error) {
	if b.bits(16) != 0 {
		return m, errSetup
	}
	submaps := 1
	if b.flag() {
		submaps = b.bits(4) + 1
	}
	if b.flag() {
		width := bits.Len(uint(s.Channels - 1))
		for range b.bits(8) + 1 {
			magnitude, angle := b.bits(width), b.bits(width)
			if magnitude == angle || max(magnitude, angle) >= s.Channels {
				return m, errSetup
			}
			m.couples = append(m.couples, [2]int{magnitude, angle})
		}
	}
	if b.bits(2) != 0 {
		return m, errSetup
	}
	m.submap = make([]int, s.Channels)
	if submaps > 1 {
		for ch := range m.submap {
			if m.submap[ch] = b.bits(4); m.submap[ch] >= submaps {
				return m, errSetup
			}
		}
	}
	for range submaps {
		b.bits(8)
		floor, residue := b.bits(8), b.bits(8)
		if floor >= len(s.floors) || residue >= len(s.residues) {
			return m, errSetup
		}
		m.floor, m.residue = append(m.floor, floor), append(m.residue, residue)
	}
	return m, nil
}

func (s *Setup) readModes(b *bitReader) error {
	for range b.bits(6) + 1 {
		m := mode{long: b.bits(1)}
		window, transform := b.bits(16), b.bits(16)
		m.mapping = b.bits(8)
		if window != 0 || transform != 0 || m.mapping >= len(s.mappings) {
			return errSetup
		}
		s.modes = append(s.modes, m)
	}
	if !b.flag() {
		return errSetup
	}
	return nil
}

// Samples is how long the block of a packet is, at the stream's rate. What lies
// between the middles of two blocks is heard: a quarter of each.
func (s *Setup) Samples(packet []byte) (int, error) {
	if len(packet) == 0 {
		return 0, ErrNoSound
	}
	b := newBitReader(packet[:1])
	m, err := s.mode(&b)
	if err != nil {
		return 0, err
	}
	return s.blocks[m.long], nil
}

// ErrNoSound is returned for a packet that holds no sound, which is to be passed
// over (4.3.1): there are such in real files.
var ErrNoSound = errors.New("a packet that is no sound")

// mode reads the beginning of a packet.
func (s *Setup) mode(b *bitReader) (m mode, err error) {
	if b.flag() {
		return m, ErrNoSound
	}
	i := b.bits(bits.Len(uint(len(s.modes) - 1)))
	if i >= len(s.modes) || b.over() {
		return m, ErrNoSound
	}
	return s.modes[i], nil
}
