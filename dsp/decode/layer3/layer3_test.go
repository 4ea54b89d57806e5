package layer3

import (
	"testing"
)

// Any bytes give sound, silence or an error: never a panic, never a sample that
// is no number, and what comes after is decoded as if they had not been.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), []byte{}, []byte{})
	f.Add(uint8(3), []byte("side information of 32 bytes or so"), []byte("main data, which may begin earlier"))
	f.Add(uint8(12), make([]byte, maxSide), make([]byte, 400))
	f.Fuzz(func(t *testing.T, kind uint8, side, main []byte) {
		frame := Frame{
			LSF: kind&1 != 0, Mono: kind&2 != 0, MidSide: kind&4 != 0, Intensity: kind&8 != 0,
			Side: side[:min(len(side), maxSide)], Main: main,
		}
		hz, rate := 44100, Rate(kind>>4)%3
		if frame.LSF {
			hz = 8000
		}
		d, err := New(hz, rate)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, frame.Samples()>>d.half)
		for range 3 {
			_ = d.Decode(out, frame) // an error is as good an answer
			for i, v := range out {
				if v-v != 0 {
					t.Fatalf("sample %d is %g", i, v)
				}
			}
		}
	})
}

// The codes of each table are a complete tree: every bit string begins with one.
func TestBooksAreComplete(t *testing.T) {
	t.Parallel()
	for i, b := range books {
		if b == nil {
			continue
		}
		seen := map[uint16]bool{}
		for word := range uint64(1) << 20 {
			e := b.find(word << 44)
			length := e >> 8 & 31
			if length == 0 || length > 19 {
				t.Fatalf("table %d: the code of %020b is %d bits long", i, word, length)
			}
			seen[e&0xff] = true
		}
		if n := len(seen); n != 4 && n != 9 && n != 16 && n != 36 && n != 64 && n != 256 {
			t.Errorf("table %d has %d symbols", i, n)
		}
	}
}

func TestUnknownRateIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := New(44000, Full); err == nil {
		t.Error("44,000 Hz is taken")
	}
}
