package synth_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"earworm/samples/synth"
)

func TestWriteWAV(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := synth.WriteWAV(&b, []float32{0, 1, -1, 2}, 2, 22050, 16); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	if len(data) != 44+8 || string(data[8:16]) != "WAVEfmt " || binary.LittleEndian.Uint32(data[4:]) != 44 {
		t.Fatalf("header is % x of %d bytes", data[:44], len(data))
	}
	for i, want := range []int16{0, 32767, -32767, 32767} {
		if got := int16(binary.LittleEndian.Uint16(data[44+2*i:])); got != want {
			t.Errorf("sample %d is %d; want %d", i, got, want)
		}
	}
	if err := synth.WriteWAV(&b, nil, 1, 22050, 8); err == nil {
		t.Error("8 bits were written")
	}
}
