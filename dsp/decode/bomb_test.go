package decode

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A few bytes that would sound for four hours and more are stopped by the longest
// duration: at once where the header says how long it is, else when so much has been heard.
func TestBombs(t *testing.T) { //nolint:paralleltest // hearForged counts what is allocated
	flac := forgedFLAC{least: 1 << 15, most: 1 << 15, rate: 8000, channels: 1, frames: 2000, size: 1 << 16}
	for name, c := range map[string]struct { //nolint:paralleltest // as above
		path   string
		atOnce bool
	}{
		"flac of constant frames":                  {forged(t, flac.bytes()), false},
		"flac of constant frames that counts them": {forged(t, with(flac, func(f *forgedFLAC) { f.samples = 2000 << 16 })), true},
		"ogg of packets of one byte":               {forged(t, silentOgg(t, 700)), false},
		"mp3 of silence":                           {forged(t, silentMP3(200_000)), false},
		"wav with a hole":                          {holed(t, forgedWAV{channels: 1, align: 1, bits: 8, rate: 8000, length: 1 << 30}, 1<<30), true},
		"wav with a hole, of any length":           {holed(t, forgedWAV{channels: 1, align: 1, bits: 8, rate: 8000, length: math.MaxUint32}, 1<<30), true},
	} {
		t.Run(name, func(t *testing.T) {
			const longest = 3 * time.Minute
			heard, err := hearForged(t, c.path, Options{MaxDuration: longest})
			if !errors.Is(err, ErrTooLong) {
				t.Errorf("error %v; want it too long", err)
			}
			if c.atOnce != (heard == 0) || heard > longest.Seconds()+1 {
				t.Errorf("%.0f s are heard", heard)
			}
		})
	}
}

// holed is a file that takes no room on the disk for its sound.
func holed(t *testing.T, w forgedWAV, size int64) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "holed")
	if err := errors.Join(os.WriteFile(path, w.header(), 0o600), os.Truncate(path, 44+size)); err != nil {
		t.Fatal(err)
	}
	return path
}

// A hole costs the time to read it: no sound is found in it, and none is lost
// before it.
func TestHoles(t *testing.T) { //nolint:paralleltest // hearForged counts what is allocated
	const size = 16 << 20
	for name, c := range map[string]struct { //nolint:paralleltest // as above
		head    []byte
		want    error // nil: what is before it is heard
		seconds float64
	}{
		"alone":               {nil, ErrUnsupported, 0},
		"after a tag":         {[]byte("ID3\x04\x00\x00\x00\x7f\x7f\x7f"), ErrUnsupported, 0},
		"after an mp3":        {silentMP3(100), nil, 100 * 576.0 / 8000},
		"after a flac":        {with(forgedFLAC{rate: 44100, channels: 2, samples: 44100, frames: 10, size: 4410}, func(*forgedFLAC) {}), nil, 1},
		"within a flac":       {with(forgedFLAC{rate: 44100, channels: 2, samples: 88200, frames: 10, size: 4410}, func(*forgedFLAC) {}), ErrCorrupt, 1},
		"after an ogg":        {fixtureOf(t, "stereo.ogg"), nil, 2},
		"within an ogg":       {silentOgg(t, 1), ErrCorrupt, 254 * 4096 / 44100.0},
		"in place of mp4":     {[]byte("\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00"), ErrCorrupt, 0},
		"in place of chunks":  {[]byte("RIFF\xff\xff\xff\xffWAVE"), ErrCorrupt, 0},
		"in place of a sound": {forgedWAV{channels: 1, align: 2, bits: 16, rate: 192_000, length: size}.header(), nil, size / 2 / 192_000.0},
	} {
		t.Run(name, func(t *testing.T) {
			path := forged(t, c.head)
			if err := os.Truncate(path, int64(len(c.head))+size); err != nil {
				t.Fatal(err)
			}
			heard, err := hearForged(t, path, Options{})
			if (err == nil) != (c.want == nil) || !errors.Is(err, c.want) || math.Abs(heard-c.seconds) > 0.1 {
				t.Errorf("%.2f s and error %v; want %.2f and %v", heard, err, c.seconds, c.want)
			}
		})
	}
}
