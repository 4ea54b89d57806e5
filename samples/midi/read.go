package midi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is returned, wrapped, for bytes that are no MIDI file we can read.
var ErrFormat = errors.New("no standard midi file")

const (
	// maxTick bounds the length of a track, so that arithmetic on ticks cannot
	// overflow: at 960 ticks a quarter and 300 BPM it is two and a half years.
	maxTick      = 1 << 38
	noRunning    = 0
	headerLength = 6
)

// Read reads a Standard MIDI File. Chunks of unknown kind are passed over, and
// a last track that is cut short is an error.
func Read(data []byte) (*File, error) {
	r := reader{data: data}
	header, err := r.chunk("MThd")
	if err != nil {
		return nil, err
	}
	if len(header) < headerLength {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrFormat, len(header))
	}
	format := binary.BigEndian.Uint16(header)
	division := binary.BigEndian.Uint16(header[4:])
	switch {
	case format > 1:
		return nil, fmt.Errorf("%w: format is %d; want 0 or 1", ErrFormat, format)
	case division == 0 || division&0x8000 != 0:
		return nil, fmt.Errorf("%w: division is %#x; want ticks a quarter note", ErrFormat, division)
	}
	f := &File{Division: int(division)}
	for len(r.data) > 0 {
		body, err := r.chunk("MTrk")
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		t, err := readTrack(body)
		if err != nil {
			return nil, fmt.Errorf("track %d: %w", len(f.Tracks), err)
		}
		f.Tracks = append(f.Tracks, t)
	}
	return f, nil
}

type reader struct{ data []byte }

// chunk returns the body of the next chunk of the kind, io.EOF where none is left.
func (r *reader) chunk(kind string) ([]byte, error) {
	for {
		if kind == "MTrk" && len(r.data) < 8 {
			return nil, io.EOF // padding after the last track is common
		}
		if len(r.data) < 8 {
			return nil, fmt.Errorf("%w: %d bytes", ErrFormat, len(r.data))
		}
		name, size := r.data[:4], int64(binary.BigEndian.Uint32(r.data[4:]))
		r.data = r.data[8:]
		if size > int64(len(r.data)) {
			return nil, fmt.Errorf("%w: chunk %q of %d bytes has %d", ErrFormat, name, size, len(r.data))
		}
		body := r.data[:size]
		r.data = r.data[size:]
		if string(name) == kind {
			return body, nil
		}
		if kind == "MThd" {
			return nil, fmt.Errorf("%w: begins with %q", ErrFormat, name)
		}
	}
}

func readTrack(data []byte) (Track, error) {
	r := reader{data: data}
	t := Track{}
	tick, running := int64(0), byte(noRunning)
	for len(r.data) > 0 {
		delta, err := r.varint()
		if err != nil {
			return nil, err
		}
		if tick += delta; tick > maxTick {
			return nil, fmt.Errorf("%w: tick %d is too late", ErrFormat, tick)
		}
		e, err := r.event(&running)
		if err != nil {
			return nil, err
		}
		if e.Status == Meta && e.Type == EndOfTrack {
			break
		}
		e.Tick = tick
		t = append(t, e)
	}
	return t, nil
}

// event reads what follows a delta time; running is the status that a message
// without one of its own repeats.
func (r *reader) event(running *byte) (Event, error) {
	status, err := r.byte()
	if err != nil {
		return Event{}, err
	}
	switch {
	case status == Meta:
		kind, err := r.byte()
		if err != nil {
			return Event{}, err
		}
		payload, err := r.payload()
		return Event{Status: Meta, Type: kind, Data: payload}, err
	case status == SysEx || status == SysExMore:
		*running = noRunning
		payload, err := r.payload()
		return Event{Status: status, Data: payload}, err
	case status > SysEx:
		return Event{}, fmt.Errorf("%w: status %#x", ErrFormat, status)
	case status < NoteOff && *running == noRunning:
		return Event{}, fmt.Errorf("%w: data byte %#x without a status", ErrFormat, status)
	}
	var payload []byte
	if status < NoteOff {
		payload = []byte{status}
		status = *running
	}
	*running = status
	for len(payload) < dataBytes(status) {
		b, err := r.byte()
		if err != nil {
			return Event{}, err
		}
		payload = append(payload, b&0x7F)
	}
	return Event{Status: status, Data: payload}, nil
}

func (r *reader) byte() (byte, error) {
	if len(r.data) == 0 {
		return 0, fmt.Errorf("%w: %w", ErrFormat, io.ErrUnexpectedEOF)
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b, nil
}

// varint reads a number of 7 bits a byte, most significant first, four bytes
// at most.
func (r *reader) varint() (int64, error) {
	n := int64(0)
	for range 4 {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		n = n<<7 | int64(b&0x7F)
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: number of more than four bytes", ErrFormat)
}

func (r *reader) payload() ([]byte, error) {
	size, err := r.varint()
	if err != nil {
		return nil, err
	}
	if size > int64(len(r.data)) {
		return nil, fmt.Errorf("%w: payload of %d bytes has %d", ErrFormat, size, len(r.data))
	}
	p := bytes.Clone(r.data[:size])
	r.data = r.data[size:]
	return p, nil
}
