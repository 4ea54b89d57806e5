package decode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earworm/dsp/decode"
)

// wavFile is what a test writes into a WAV file.
type wavFile struct {
	tag, channels, rate, bits int
	extensible                bool
	form                      string // "RIFF" if empty
	before, after             []byte // chunks around the data
	length                    uint32 // what the data chunk claims; with claim
	claim                     bool
	seconds                   float64 // 0: two
}

// bytes writes the formula in the given encoding.
func (w wavFile) bytes() []byte {
	if w.seconds == 0 {
		w.seconds = seconds
	}
	var sound bytes.Buffer
	for i := range int(w.seconds * float64(w.rate)) {
		left, right := sides(float64(i) / float64(w.rate))
		for c := range w.channels {
			v := left
			if c%2 == 1 {
				v = right
			}
			if w.channels == 1 {
				v = (left + right) / 2
			}
			w.encode(&sound, v)
		}
	}
	if !w.claim {
		w.length = uint32(sound.Len())
	}
	var b bytes.Buffer
	b.WriteString(w.form + "RIFF"[len(w.form):])
	b.WriteString("\xff\xff\xff\xffWAVE")
	frame := w.channels * w.bits / 8
	tag, size := w.tag, 16
	if w.extensible {
		tag, size = 0xfffe, 40
	}
	if w.form == "RF64" {
		b.Write(chunk("ds64", long(1<<40), long(uint64(sound.Len())), long(0), []byte{0, 0, 0, 0}))
	}
	b.Write(w.before)
	b.WriteString("fmt ")
	for _, v := range []any{
		uint32(size), uint16(tag), uint16(w.channels), uint32(w.rate),
		uint32(w.rate * frame), uint16(frame), uint16(w.bits),
	} {
		put(&b, v)
	}
	if w.extensible {
		for _, v := range []any{uint16(22), uint16(w.bits), uint32(0), uint16(w.tag)} {
			put(&b, v)
		}
		b.WriteString("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")
	}
	b.WriteString("data")
	put(&b, w.length)
	b.Write(sound.Bytes())
	b.Write(w.after)
	return b.Bytes()
}

func (w wavFile) encode(b *bytes.Buffer, v float64) {
	switch {
	case w.tag == 3 && w.bits == 32:
		put(b, float32(v))
	case w.tag == 3:
		put(b, v)
	case w.tag == 6 || w.tag == 7:
		b.WriteByte(compand(v, w.tag))
	case w.bits == 8:
		b.WriteByte(byte(math.Round(v*127) + 128))
	default:
		var four [4]byte
		binary.LittleEndian.PutUint32(four[:], uint32(int32(math.Round(v*(1<<31-1)))))
		b.Write(four[4-w.bits/8:])
	}
}

// compand is G.711 by its continuous law, to the nearest of the 256 values.
func compand(v float64, tag int) byte {
	x := math.Abs(v)
	if tag == 7 {
		code := byte(math.Round(127 * math.Log1p(255*x) / math.Log(256)))
		if v >= 0 {
			code |= 0x80
		}
		return code ^ 0x7f
	}
	const a = 87.6
	y := a * x
	if x >= 1/a {
		y = 1 + math.Log(a*x)
	}
	code := byte(math.Min(127, 128*y/(1+math.Log(a))))
	if v >= 0 {
		code |= 0x80
	}
	return code ^ 0x55
}

func put(b *bytes.Buffer, v any) {
	if err := binary.Write(b, binary.LittleEndian, v); err != nil {
		panic(err)
	}
}

func long(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

func chunk(id string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)%2)...)
}

// write puts bytes into a file whose name says nothing of them.
func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.dat")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWAV(t *testing.T) {
	t.Parallel()
	list := chunk("LIST", []byte("INFOISFT\x05\x00\x00\x00Lavf\x00\x00"))
	for name, c := range map[string]struct {
		file    wavFile
		decoder string
	}{
		"8 bits":                        {wavFile{tag: 1, channels: 1, rate: 22050, bits: 8}, "go-audio/wav"},
		"16 bits":                       {wavFile{tag: 1, channels: 2, rate: 44100, bits: 16}, "go-audio/wav"},
		"24 bits":                       {wavFile{tag: 1, channels: 2, rate: 48000, bits: 24}, "go-audio/wav"},
		"32 bits":                       {wavFile{tag: 1, channels: 1, rate: 96000, bits: 32}, "go-audio/wav"},
		"six channels":                  {wavFile{tag: 1, channels: 6, rate: 32000, bits: 16, extensible: true}, "go-audio/wav"},
		"float 32":                      {wavFile{tag: 3, channels: 2, rate: 44100, bits: 32}, "earworm/wav"},
		"float 64":                      {wavFile{tag: 3, channels: 1, rate: 16000, bits: 64}, "earworm/wav"},
		"float, extensible":             {wavFile{tag: 3, channels: 2, rate: 44100, bits: 32, extensible: true}, "earworm/wav"},
		"24 bits, extensible":           {wavFile{tag: 1, channels: 2, rate: 44100, bits: 24, extensible: true}, "go-audio/wav"},
		"a-law":                         {wavFile{tag: 6, channels: 1, rate: 16000, bits: 8}, "earworm/wav"},
		"mu-law":                        {wavFile{tag: 7, channels: 1, rate: 16000, bits: 8}, "earworm/wav"},
		"rf64":                          {wavFile{tag: 1, channels: 2, rate: 44100, bits: 16, form: "RF64", length: 0xffffffff, claim: true}, "go-audio/wav"},
		"length never filled in":        {wavFile{tag: 1, channels: 2, rate: 44100, bits: 16, claim: true}, "go-audio/wav"},
		"length of a pipe":              {wavFile{tag: 1, channels: 2, rate: 44100, bits: 16, length: 0xffffffff, claim: true}, "go-audio/wav"},
		"length of a pipe by sox":       {wavFile{tag: 1, channels: 2, rate: 44100, bits: 16, length: 0x7ffff000, claim: true}, "go-audio/wav"},
		"chunks before":                 {wavFile{tag: 1, channels: 1, rate: 44100, bits: 16, before: append(chunk("bext", make([]byte, 603)), list...)}, "go-audio/wav"},
		"chunks after":                  {wavFile{tag: 3, channels: 1, rate: 44100, bits: 32, after: list}, "earworm/wav"},
		"a few samples fewer than said": {wavFile{tag: 1, channels: 1, rate: 44100, bits: 16, length: 2*2*44100 + 4096, claim: true}, "go-audio/wav"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.file.bytes())
			want := formula()
			got, decoder := must(t, path, native())
			if decoder != c.decoder {
				t.Errorf("decoded by %s; want %s", decoder, c.decoder)
			}
			if len(got) != len(want) {
				t.Fatalf("%d samples; want %d", len(got), len(want))
			}
			var worst float64
			for i := 500; i < len(got)-500; i++ { // the ends ring, for the tone begins at once
				if math.Mod(float64(i)/22050+0.01, 0.5) > 0.07 { // and so does each burst
					worst = max(worst, math.Abs(float64(got[i]-want[i])))
				}
			}
			if worst > 0.016 { // half a step of a loud companded sample
				t.Errorf("a sample is off by %.4f", worst)
			}
			theirs, _ := must(t, path, ffmpeg())
			if d := len(theirs) - len(got); d < -2 || d > 2 {
				t.Errorf("%d samples; ffmpeg gives %d", len(got), len(theirs))
			}
			if d := level(got) - level(theirs); math.Abs(d) > 0.05 {
				t.Errorf("%.2f dB louder than by ffmpeg", d)
			}
		})
	}
}

func TestWAVRefused(t *testing.T) {
	t.Parallel()
	whole := wavFile{tag: 1, channels: 1, rate: 8000, bits: 16}
	for name, c := range map[string]struct {
		bytes []byte
		kind  error
		says  string
	}{
		"1 Hz":              {wavFile{tag: 1, channels: 1, rate: 1, bits: 16}.bytes(), decode.ErrUnsupported, "sample rate is 1 Hz"},
		"10 MHz":            {wavFile{tag: 1, channels: 1, rate: 10e6, bits: 16, seconds: 0.01}.bytes(), decode.ErrUnsupported, "sample rate is 10000000 Hz"},
		"255 channels":      {wavFile{tag: 1, channels: 255, rate: 8000, bits: 16, seconds: 0.1}.bytes(), decode.ErrUnsupported, "255 channels"},
		"no channels":       {wavFile{tag: 1, channels: 0, rate: 8000, bits: 16}.bytes(), decode.ErrCorrupt, "0 channels"},
		"header only":       {whole.bytes()[:36], decode.ErrCorrupt, "without a data chunk"},
		"no fmt":            {append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("data", make([]byte, 99))...), decode.ErrCorrupt, "without a fmt chunk"},
		"fmt of 4 GB":       {[]byte("RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff\x01\x00"), decode.ErrCorrupt, "fmt chunk"},
		"cut off":           {whole.bytes()[:16044], decode.ErrCorrupt, "ends after 1.0 of 2.0 s"},
		"no sound":          {wavFile{tag: 1, channels: 1, rate: 8000, bits: 16, seconds: 1e-9}.bytes(), decode.ErrCorrupt, "no sound"},
		"no sound but tags": {wavFile{tag: 1, channels: 1, rate: 8000, bits: 16, seconds: 1e-9, after: chunk("LIST", []byte("INFO"))}.bytes(), decode.ErrCorrupt, "no sound"},
		"not a number":      {slices.Replace(wavFile{tag: 3, channels: 1, rate: 8000, bits: 64}.bytes(), 844, 852, long(0x7ff8<<48)...), decode.ErrCorrupt, "sample 100 is no number"},
		"adpcm":             {wavFile{tag: 2, channels: 1, rate: 8000, bits: 8}.bytes(), decode.ErrUnsupported, "wav with encoding 0x0002"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.bytes)
			_, _, err := read(t, path, native())
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v; want %v with %q", err, c.kind, c.says)
			}
			if name == "adpcm" {
				return // which ffmpeg knows
			}
			if _, _, err = read(t, path, ffmpeg()); !errors.Is(err, c.kind) {
				t.Errorf("by ffmpeg: error %v; want %v", err, c.kind)
			}
		})
	}
}
