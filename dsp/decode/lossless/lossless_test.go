package lossless

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
)

// frames are those of a file, without its metadata.
func frames(tb testing.TB, name string) []byte {
	tb.Helper()
	file, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	at := 4
	for last := false; !last; {
		last = file[at]&0x80 != 0
		at += 4 + int(file[at+1])<<16 + int(file[at+2])<<8 + int(file[at+3])
	}
	return file[at:]
}

// Any bytes end in an error; what is decoded before has as many samples as its
// header says.
func FuzzNext(f *testing.F) {
	for _, name := range []string{"stereo.flac", "deep.flac"} {
		f.Add(frames(f, name)[:6000], 16)
	}
	f.Add([]byte{0xff, 0xf8, 0xc9, 0x18, 0}, 24)
	f.Fuzz(func(t *testing.T, data []byte, bits int) {
		d := New(bytes.NewReader(data), bits)
		for total := 0; total < 1<<20; {
			frame, err := d.Next()
			if err != nil {
				return
			}
			if n := len(frame.Sums); n < 1 || n > 1<<16 || frame.Channels < 1 || frame.Channels > 8 {
				t.Fatalf("%d samples of %d channels", n, frame.Channels)
			}
			total += len(frame.Sums)
		}
	})
}

// A stream that breaks off within a frame is told from one that ends after one.
func TestEndsAreTold(t *testing.T) {
	t.Parallel()
	data := frames(t, "stereo.flac")
	d := New(bytes.NewReader(data), 16)
	count := 0
	var err error
	for ; err == nil; count++ {
		_, err = d.Next()
	}
	if !errors.Is(err, io.EOF) || count < 3 {
		t.Errorf("%d frames, then %v; want some, then io.EOF", count, err)
	}
	d = New(bytes.NewReader(data[:len(data)-20]), 16)
	for err = nil; err == nil; {
		_, err = d.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v; want io.ErrUnexpectedEOF", err)
	}
	data[700] ^= 4
	d = New(bytes.NewReader(data), 16)
	for err = nil; err == nil; {
		_, err = d.Next()
	}
	if errors.Is(err, io.EOF) {
		t.Error("a changed bit goes unnoticed")
	}
}
