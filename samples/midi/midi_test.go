package midi_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"earworm/samples/midi"
)

func song() *midi.File {
	return &midi.File{Division: 480, Tracks: []midi.Track{
		{
			{Tick: 0, Status: midi.Meta, Type: midi.SetTempo, Data: []byte{0x07, 0xA1, 0x20}},   // 120 BPM
			{Tick: 960, Status: midi.Meta, Type: midi.SetTempo, Data: []byte{0x0F, 0x42, 0x40}}, // 60 BPM
		},
		{
			{Tick: 0, Status: midi.ProgramChange | 3, Data: []byte{40}},
			{Tick: 0, Status: midi.NoteOn | 3, Data: []byte{60, 100}},
			{Tick: 200_000, Status: midi.NoteOff | 3, Data: []byte{60, 0}},
			{Tick: 200_000, Status: midi.SysEx, Data: []byte{0x7E, 0xF7}},
		},
	}}
}

func TestWriteThenRead(t *testing.T) {
	t.Parallel()
	want := song()
	data, err := midi.Write(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := midi.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%v\nwant\n%v", got, want)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*midi.File{
		"no division":   {Tracks: []midi.Track{{}}},
		"falling ticks": {Division: 96, Tracks: []midi.Track{{{Tick: 5, Status: midi.NoteOn, Data: []byte{1, 2}}, {Tick: 4, Status: midi.NoteOff, Data: []byte{1, 2}}}}},
		"short data":    {Division: 96, Tracks: []midi.Track{{{Status: midi.NoteOn, Data: []byte{1}}}}},
	} {
		if _, err := midi.Write(f); err == nil {
			t.Errorf("%s: written without an error", name)
		}
	}
}

func TestTempoMap(t *testing.T) {
	t.Parallel()
	tempo := song().Tempo()
	for _, c := range []struct {
		tick int64
		want float64
	}{{0, 0}, {480, 0.5}, {960, 1}, {1440, 2}, {2400, 4}} {
		if got := tempo.Seconds(c.tick); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("tick %d is at %g s; want %g", c.tick, got, c.want)
		}
	}
}

// Running status and a track chunk of another kind come from other programs.
func TestReadForeign(t *testing.T) {
	t.Parallel()
	data := []byte("MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60" +
		"XFIH\x00\x00\x00\x02ab" +
		"MTrk\x00\x00\x00\x0f\x00\x90\x3c\x40\x10\x3e\x40\x81\x00\x3c\x00\x00\xff\x2f\x00")
	f, err := midi.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := midi.Track{
		{Tick: 0, Status: midi.NoteOn, Data: []byte{60, 64}},
		{Tick: 16, Status: midi.NoteOn, Data: []byte{62, 64}},
		{Tick: 144, Status: midi.NoteOn, Data: []byte{60, 0}},
	}
	if len(f.Tracks) != 1 || !reflect.DeepEqual(f.Tracks[0], want) {
		t.Errorf("tracks are %v; want %v", f.Tracks, want)
	}
}

func FuzzRead(f *testing.F) {
	good, err := midi.Write(song())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-9])
	f.Add([]byte("MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\x00\x04\x00\x90<@"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := midi.Read(data)
		if err != nil {
			if !errors.Is(err, midi.ErrFormat) {
				t.Fatalf("error is not ErrFormat: %v", err)
			}
			return
		}
		again, err := midi.Write(first)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := midi.Read(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("read\n%v\nthen\n%v", first, second)
		}
	})
}
