package vorbis

import (
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"
)

// Any headers are refused or make a decoder, and any packet is no sound or gives
// as many samples as it announces, each a number. A second decoder gives the
// same; half the rate gives half as many.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"stereo.ogg", "mono-32k.ogg"} {
		packets := packetsOf(f, name)
		for _, sound := range packets[3:6] {
			f.Add(packets[0], packets[2], sound)
		}
	}
	f.Fuzz(func(t *testing.T, head, setup, packet []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := Parse(head, setup)
		if err != nil {
			return
		}
		first, second, half := s.NewDecoder(Full), s.NewDecoder(Full), s.NewDecoder(HalfEven)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 128<<20 {
			t.Errorf("headers of %d bytes take %d MB", len(head)+len(setup), used>>20)
		}
		block, none := s.Samples(packet)
		for i := range 3 {
			got, err := first.Decode(packet)
			if (err == nil) != (none == nil) {
				t.Fatalf("announced with %v, decoded with %v", none, err)
			}
			again, _ := second.Decode(packet)
			halved, _ := half.Decode(packet)
			if want := block / 2; none == nil && i > 0 && (len(got) != want || len(halved) != want/2) {
				t.Errorf("%d samples, %d at half the rate; %d are announced", len(got), len(halved), want)
			}
			if !slices.Equal(got, again) {
				t.Error("two decoders give two sounds")
			}
			for _, v := range slices.Concat(got, halved) {
				if v-v != 0 {
					t.Fatalf("a sample is %g", v)
				}
			}
		}
	})
}

// packetsOf are those of a fixture: of its first pages, which none goes beyond.
func packetsOf(f *testing.F, name string) (packets [][]byte) {
	f.Helper()
	file, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		f.Fatal(err)
	}
	var packet []byte
	for len(packets) < 6 && len(file) > 27 {
		lacing := file[27 : 27+int(file[26])]
		file = file[27+len(lacing):]
		for _, l := range lacing {
			packet = append(packet, file[:l]...)
			file = file[l:]
			if l < math.MaxUint8 {
				packets, packet = append(packets, packet), nil
			}
		}
	}
	if len(packets) < 6 {
		f.Fatalf("%s has %d packets", name, len(packets))
	}
	return packets
}

// classy is a stream of 32 channels, the residue of which has so many classes, said
// by codes of so many dimensions; and a packet in which all channels sound.
func classy(classes, dimensions int) (head, setup, packet []byte) {
	head = append([]byte("\x01vorbis\x00\x00\x00\x00\x20\x40\x1f\x00\x00"), make([]byte, 12)...)
	head = append(head, 6<<4|6, 1)
	w := &bitWriter{data: []byte("\x05vorbis"), at: 7 * 8}
	w.write(1, 8)
	w.write(0x564342, 24, dimensions, 16, 2, 24, 0, 1, 0, 1, 0, 5, 0, 5, 0, 4)
	w.write(0x564342, 24, 1, 16, 2, 24, 0, 1, 0, 1, 0, 5, 0, 5, 1, 4, 0, 32, 0, 32, 0, 4, 0, 1, 0, 2)
	w.write(0, 6, 0, 16)                       // transforms
	w.write(0, 6, 1, 16, 0, 5, 0, 2, 4, 4)     // floors
	w.write(0, 6, 1, 16, 0, 24, 32, 24, 0, 24) // residues, of 32 partitions
	w.write(classes-1, 6, 0, 8)
	for range classes {
		w.write(1, 3, 0, 1) // a book in the first pass
	}
	for range classes {
		w.write(1, 8)
	}
	w.write(0, 6, 0, 16, 0, 1, 0, 1, 0, 2, 0, 8, 0, 8, 0, 8) // mappings
	w.write(0, 6, 0, 1, 0, 16, 0, 16, 0, 8, 1, 1)            // modes
	p := (&bitWriter{}).write(0, 1)
	for range 32 {
		p.write(1, 1, 255, 8, 255, 8)
	}
	return head, w.data, append(p.data, make([]byte, 32)...)
}

// What a packet costs follows from its lines, not from the dimensions of the code
// of their classes.
func TestClassesOfManyDimensions(t *testing.T) {
	t.Parallel()
	head, setup, packet := classy(1, 1<<16-1)
	s, err := Parse(head, setup)
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDecoder(Full)
	for range 2 {
		if samples, err := d.Decode(packet); err != nil || len(samples) > 32 {
			t.Fatalf("%d samples, %v", len(samples), err)
		}
	}
	if most := 2 * 32 * 32; len(d.classes) > most {
		t.Errorf("%d classes of partitions are kept; want at most %d", len(d.classes), most)
	}
	for classes, dimensions := range map[int]int{2: 2, 3: 1, 64: 1 << 15} { // of two entries
		head, setup, _ := classy(classes, dimensions)
		if _, err := Parse(head, setup); !errors.Is(err, errSetup) {
			t.Errorf("%d classes in each of %d dimensions: error %v; want one of the setup", classes, dimensions, err)
		}
	}
	head, setup, _ = classy(2, 1)
	if _, err := Parse(head, setup); err != nil {
		t.Errorf("two classes: %v", err)
	}
}
