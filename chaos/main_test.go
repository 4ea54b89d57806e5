//go:build chaos

package chaos

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// What all scenarios share: the binary, and the sound of the catalogue.
var (
	program string // of this commit
	scratch string
	sounds  []string // files, of which every scenario links as many as it wants
)

func TestMain(m *testing.M) {
	os.Exit(prepared(m))
}

func prepared(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "earworm-chaos-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	program = filepath.Join(scratch, "earworm")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil { //nolint:noctx // a test's preparation ends with it
		fmt.Fprintf(os.Stderr, "build earworm: %v\n%s", err, out)
		return 1
	}
	for i := range 20 {
		path := filepath.Join(scratch, fmt.Sprintf("sound-%02d.wav", i))
		if err := os.WriteFile(path, sound(i, 2.5), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		sounds = append(sounds, path)
	}
	return m.Run()
}

// silentSound is the one of the sounds in which there is nothing to hear.
const silentSound = 19

// sound is a WAV: a chord with a pulse, cheap to analyse, each another.
func sound(n int, seconds float64) []byte {
	const rate = 11025
	samples := int(rate * seconds)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+2*samples))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, 1) // channel
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, 2*rate)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*samples))
	tonic := 220 * math.Pow(2, float64(n)/12)
	for i := range samples {
		at := float64(i) / rate
		beat := math.Exp(-6 * math.Mod(at, 0.5))
		v := 0.0
		for _, interval := range []float64{1, 1.25, 1.5} {
			v += math.Sin(2*math.Pi*tonic*interval*at) / 4 * beat
		}
		if n == silentSound {
			v = 0
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(v*20000)))
	}
	return b
}

// tracks is how many a scenario has in flight, and patience how long it may
// take until all of them are accounted for.
func tracks() int {
	if testing.Short() {
		return 120
	}
	return 2000
}

func patience() time.Duration {
	if testing.Short() {
		return 4 * time.Minute
	}
	return 20 * time.Minute
}

// long is the wait of the long form, short that of the short one.
func wait(short, long time.Duration) time.Duration {
	if testing.Short() {
		return short
	}
	return long
}
