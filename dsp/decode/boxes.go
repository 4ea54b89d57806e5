package decode

import (
	"encoding/binary"
	"fmt"
	"io"
)

// maxBoxes is how many boxes of the outermost level are looked at: what is sent
// in parts has two for each second or more.
const maxBoxes = 1 << 16

// examineMP4 walks the boxes of the outermost level (ISO/IEC 14496-12, 4.2).
// All of them must be there, for the index of the sound may be the last.
func examineMP4(_ *track, f io.ReaderAt, start, size int64) error {
	indexed := false
	offset := start
	for range maxBoxes {
		if offset >= size {
			break
		}
		b, err := readUpTo(f, offset, 16)
		if err != nil {
			return err
		}
		if len(b) < 8 || !isChunkID(b[4:]) {
			break // padding
		}
		name, length := string(b[4:8]), int64(binary.BigEndian.Uint32(b))
		switch {
		case length == 0: // until the end
			length = size - offset
		case length == 1 && len(b) == 16:
			length = int64(binary.BigEndian.Uint64(b[8:]) & (1<<62 - 1))
		}
		if length < 8 {
			return fmt.Errorf("%w: mp4 with a %s box of %d bytes", ErrCorrupt, name, length)
		}
		if missing := offset + length - size; missing > 0 {
			return fmt.Errorf("%w: mp4 lacks %d of the %d bytes of its %s box", ErrCorrupt, missing, length, name)
		}
		indexed = indexed || name == "moov" || name == "moof"
		offset += length
	}
	if !indexed {
		return fmt.Errorf("%w: mp4 without an index", ErrCorrupt)
	}
	return nil
}

// examineAIFF reads the COMM chunk for the length of the sound.
func examineAIFF(t *track, f io.ReaderAt, start, size int64) error {
	offset := start + 12
	for range 4096 {
		b, err := readUpTo(f, offset, 8+18)
		if err != nil {
			return err
		}
		if len(b) < 8 {
			break
		}
		if string(b[:4]) == "COMM" && len(b) == 26 {
			b = b[8:]
			t.info.Channels = int(binary.BigEndian.Uint16(b))
			t.info.Samples = int64(binary.BigEndian.Uint32(b[2:]))
			// An 80 bit float: 15 bits of exponent, then 64 of mantissa.
			exponent := int(binary.BigEndian.Uint16(b[8:])) - 16383
			if exponent >= 0 && exponent < 30 {
				t.info.SampleRate = int(binary.BigEndian.Uint64(b[10:]) >> (63 - exponent))
			}
			return nil
		}
		length := int64(binary.BigEndian.Uint32(b[4:]))
		offset += 8 + length + length%2
		if offset > size {
			break
		}
	}
	return fmt.Errorf("%w: aiff without a comm chunk", ErrCorrupt)
}
