package synth

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const wavHeader = 44

// WriteWAV writes interleaved samples, -1 to 1, as PCM of 16 or 24 bits; what
// is louder is clipped.
func WriteWAV(w io.Writer, pcm []float32, channels, rate, bits int) error {
	if bits != 16 && bits != 24 {
		return fmt.Errorf("write wav: bits is %d; want 16 or 24", bits)
	}
	width := bits / 8
	size := len(pcm) * width
	h := make([]byte, 0, wavHeader)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(wavHeader-8+size))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, uint16(channels))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate*channels*width))
	h = binary.LittleEndian.AppendUint16(h, uint16(channels*width))
	h = binary.LittleEndian.AppendUint16(h, uint16(bits))
	h = append(h, "data"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(size))

	out := bufio.NewWriterSize(w, 1<<16) // keeps the first error for Flush
	_, _ = out.Write(h)
	scale := float64(int(1)<<(bits-1)) - 1
	for _, v := range pcm {
		x := uint32(int32(math.Round(min(max(float64(v), -1), 1) * scale)))
		_, _ = out.Write([]byte{byte(x), byte(x >> 8), byte(x >> 16)}[:width])
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write wav: %w", err)
	}
	return nil
}
