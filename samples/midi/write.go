package midi

import (
	"encoding/binary"
	"fmt"
)

// maxVarint is the largest number that fits into the four bytes of a delta time.
const maxVarint = 1<<28 - 1

// Write encodes the file, in format 0 where it has one track and 1 where it has
// more. It does not use running status. The error names an event that has no
// encoding: ticks that fall, or data of a wrong size.
func Write(f *File) ([]byte, error) {
	if f.Division < 1 || f.Division > 0x7FFF {
		return nil, fmt.Errorf("division is %d; want 1 to 32767", f.Division)
	}
	format := uint16(1)
	if len(f.Tracks) == 1 {
		format = 0
	}
	out := append([]byte("MThd"), 0, 0, 0, headerLength)
	out = binary.BigEndian.AppendUint16(out, format)
	out = binary.BigEndian.AppendUint16(out, uint16(len(f.Tracks)))
	out = binary.BigEndian.AppendUint16(out, uint16(f.Division))
	for i, t := range f.Tracks {
		body, err := writeTrack(t)
		if err != nil {
			return nil, fmt.Errorf("track %d: %w", i, err)
		}
		out = append(out, "MTrk"...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

func writeTrack(t Track) ([]byte, error) {
	var out []byte
	last := int64(0)
	for i, e := range t {
		delta := e.Tick - last
		if delta < 0 {
			return nil, fmt.Errorf("event %d: tick %d comes after %d", i, e.Tick, last)
		}
		// A pause longer than a delta time can say is written as empty texts.
		for ; delta > maxVarint; delta -= maxVarint {
			out = append(appendVarint(out, maxVarint), Meta, 0x01, 0)
		}
		last = e.Tick
		out = append(appendVarint(out, delta), e.Status)
		switch {
		case e.Status == Meta:
			out = append(appendVarint(append(out, e.Type), int64(len(e.Data))), e.Data...)
		case e.Status == SysEx || e.Status == SysExMore:
			out = append(appendVarint(out, int64(len(e.Data))), e.Data...)
		case e.Status < NoteOff || e.Status > SysEx || len(e.Data) != dataBytes(e.Status):
			return nil, fmt.Errorf("event %d: status %#x with %d bytes of data", i, e.Status, len(e.Data))
		default:
			for _, b := range e.Data {
				out = append(out, b&0x7F)
			}
		}
	}
	return append(out, 0, Meta, EndOfTrack, 0), nil
}

func appendVarint(out []byte, n int64) []byte {
	for shift := 21; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			out = append(out, byte(n>>shift)&0x7F|0x80)
		}
	}
	return append(out, byte(n)&0x7F)
}
