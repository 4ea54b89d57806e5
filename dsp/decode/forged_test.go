package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"
)

// Headers that lie. Each ends by a kind of error that has a code, or is heard for as
// long as its bytes last, whatever they say; in time and memory that follow its
// size, not its words.
func TestForgedHeaders(t *testing.T) { //nolint:paralleltest // hearForged counts what is allocated
	wav := forgedWAV{channels: 1, align: 2, bits: 16, rate: 8000, length: 16000, sound: 16000}
	flac := forgedFLAC{least: 4096, most: 4096, rate: 44100, channels: 2, samples: 44100, frames: 10, size: 4410}
	for name, c := range map[string]struct { //nolint:paralleltest // as above
		bytes   []byte
		want    error   // nil: it is heard
		seconds float64 // then
	}{
		"wav as it should be":       {wav.bytes(), nil, 1},
		"wav of 4 GB":               {with(wav, func(w *forgedWAV) { w.length = math.MaxUint32 }), nil, 1},
		"wav of 2^31 samples":       {with(wav, func(w *forgedWAV) { w.length, w.align, w.bits = 1<<31, 1, 8 }), nil, 2},
		"wav of just under 2 GB":    {with(wav, func(w *forgedWAV) { w.length = 0x7fffefff }), ErrCorrupt, 0},
		"wav of 255 channels":       {with(wav, func(w *forgedWAV) { w.channels, w.align = 255, 510 }), ErrUnsupported, 0},
		"wav of 65,535 channels":    {with(wav, func(w *forgedWAV) { w.channels, w.align = 65535, 65534 }), ErrUnsupported, 0},
		"wav of no channel":         {with(wav, func(w *forgedWAV) { w.channels = 0 }), ErrCorrupt, 0},
		"wav at 0 Hz":               {with(wav, func(w *forgedWAV) { w.rate = 0 }), ErrCorrupt, 0},
		"wav at 1 Hz":               {with(wav, func(w *forgedWAV) { w.rate = 1 }), ErrUnsupported, 0},
		"wav at 10 MHz":             {with(wav, func(w *forgedWAV) { w.rate = 10_000_000 }), ErrUnsupported, 0},
		"wav at 2^32-1 Hz":          {with(wav, func(w *forgedWAV) { w.rate = math.MaxUint32 }), ErrUnsupported, 0},
		"wav at a prime of Hz":      {with(wav, func(w *forgedWAV) { w.rate = 191_999 }), nil, 8000.0 / 191_999},
		"wav with frames of 0":      {with(wav, func(w *forgedWAV) { w.align = 0 }), nil, 1},
		"wav with frames of 64 KB":  {with(wav, func(w *forgedWAV) { w.align = 65535 }), ErrUnsupported, 0},
		"wav of samples of 0 bits":  {with(wav, func(w *forgedWAV) { w.bits, w.align = 0, 0 }), ErrUnsupported, 0},
		"wav of a sample and a bit": {with(wav, func(w *forgedWAV) { w.length, w.sound = 3, 3 }), nil, 0},
		"rf64 of 2^62 bytes":        {rf64(wav, 1<<62-1), ErrCorrupt, 0},
		"rf64 of -1 bytes":          {rf64(wav, math.MaxUint64), ErrCorrupt, 0},

		"flac as it should be":     {flac.bytes(), nil, 1},
		"flac of 2^36-1 samples":   {with(flac, func(f *forgedFLAC) { f.samples = 1<<36 - 1 }), ErrTooLong, 0},
		"flac of 1 sample":         {with(flac, func(f *forgedFLAC) { f.samples = 1 }), nil, 0},
		"flac at 0 Hz":             {with(flac, func(f *forgedFLAC) { f.rate = 0 }), ErrUnsupported, 0},
		"flac at 655,350 Hz":       {with(flac, func(f *forgedFLAC) { f.rate, f.channels = 655_350, 8 }), ErrUnsupported, 0},
		"flac of blocks of 0":      {with(flac, func(f *forgedFLAC) { f.least, f.most = 0, 0 }), nil, 1},
		"flac of blocks of 1":      {with(flac, func(f *forgedFLAC) { f.least, f.most = 1, 1 }), nil, 1},
		"flac of frames of 1":      {with(flac, func(f *forgedFLAC) { f.size, f.frames = 1, 44100 }), nil, 1},
		"flac of metadata":         {append([]byte("fLaC\x00\x00\x00\x22"), bytes.Repeat(flac.bytes()[8:42], 30_000)...), ErrCorrupt, 0},
		"flac of empty metadata":   {withMetadata(flac.bytes()[:42], make([]byte, 1_000_000)), ErrCorrupt, 0},
		"flac of metadata of 2^24": {withMetadata(flac.bytes()[:42], []byte("\x01\xff\xff\xff")), ErrCorrupt, 0},

		"ogg of a huge last granule":                   {granules(t, math.MaxInt64, true), nil, 2},
		"ogg whose granules are all the same":          {granules(t, math.MaxInt64, false), nil, 1},
		"ogg of granules below 0":                      {granules(t, math.MinInt64, false), nil, 2},
		"vorbis of 255 channels":                       {forgedIdent(t, func(h []byte) { h[11] = 255 }), ErrUnsupported, 0},
		"vorbis of no channel":                         {forgedIdent(t, func(h []byte) { h[11] = 0 }), ErrUnsupported, 0},
		"vorbis of 32 channels":                        {forgedIdent(t, func(h []byte) { h[11] = 32 }), ErrCorrupt, 0},
		"vorbis at 0 Hz":                               {forgedIdent(t, func(h []byte) { binary.LittleEndian.PutUint32(h[12:], 0) }), ErrUnsupported, 0},
		"vorbis at 2^31 Hz":                            {forgedIdent(t, func(h []byte) { binary.LittleEndian.PutUint32(h[12:], 1<<31) }), ErrUnsupported, 0},
		"vorbis at 2^32-1 Hz":                          {forgedIdent(t, func(h []byte) { binary.LittleEndian.PutUint32(h[12:], math.MaxUint32) }), ErrUnsupported, 0},
		"vorbis of blocks of 1":                        {forgedIdent(t, func(h []byte) { h[28] = 0 }), ErrCorrupt, 0},
		"vorbis of blocks of 2^15":                     {forgedIdent(t, func(h []byte) { h[28] = 0xff }), ErrCorrupt, 0},
		"vorbis of short blocks longer than long ones": {forgedIdent(t, func(h []byte) { h[28] = 8<<4 | 11 }), ErrCorrupt, 0},
		"ogg of nothing but beginnings":                {bytes.Repeat([]byte("OggS\x00\x02"+zeros(20)+"\x01\x00"), 50_000), ErrUnsupported, 0},

		"mp3 of 2^32-1 frames":                          {xingMP3(math.MaxUint32, 0), ErrTooLong, 0},
		"mp3 of 2^32-1 frames in the bytes that it has": {xingMP3(math.MaxUint32, 72*28), nil, 27 * 576.0 / 8000},
		"mp3 of 1 frame":                                {xingMP3(1, 0), nil, 27 * 576.0 / 8000},
		"mp3 of one frame":                              {silentMP3(1), ErrUnsupported, 0},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			heard, err := hearForged(t, forged(t, c.bytes), Options{})
			if (err == nil) != (c.want == nil) || !errors.Is(err, c.want) {
				t.Errorf("error %v; want %v", err, c.want)
			}
			if c.want == nil && math.Abs(heard-c.seconds) > 0.02 {
				t.Errorf("%.2f s are heard; want %.2f", heard, c.seconds)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it takes %v", took)
			}
		})
	}
}

func zeros(n int) string { return string(make([]byte, n)) }

// withMetadata has more follow on the stream info, which is the last of it no longer.
func withMetadata(flac, more []byte) []byte {
	flac = bytes.Clone(flac)
	flac[4] &^= 0x80
	return append(flac, more...)
}

// with is a forgery that differs.
func with[F interface{ bytes() []byte }](f F, change func(*F)) []byte {
	change(&f)
	return f.bytes()
}

func rf64(w forgedWAV, length uint64) []byte {
	w.length = math.MaxUint32
	b := w.bytes()
	sizes := []byte("RF64\xff\xff\xff\xffWAVEds64\x10\x00\x00\x00" + zeros(8))
	return append(binary.LittleEndian.AppendUint64(sizes, length), b[12:]...)
}

// granules gives every page with sound, or the last alone, the same position.
func granules(t *testing.T, position int64, last bool) []byte {
	t.Helper()
	return forgeOgg(t, fixtureOf(t, "stereo.ogg"), func(_ int, p oggPage) {
		if p.granule() != 0 && (p.is(oggEnd) || !last) {
			binary.LittleEndian.PutUint64(p.raw[6:], uint64(position))
		}
	})
}

// xingMP3 is 27 frames of silence after one that says how many they are, and how
// many bytes; 0: it does not say.
func xingMP3(frames, size uint32) []byte {
	b := silentMP3(28)
	tag := b[4+9:] // after the side information of MPEG 2.5 in mono
	copy(tag, "Xing")
	tag[7] = 1
	binary.BigEndian.PutUint32(tag[8:], frames)
	if size > 0 {
		tag[7] = 3
		binary.BigEndian.PutUint32(tag[12:], size)
	}
	return b
}

func TestDurationOfForgedCounts(t *testing.T) {
	t.Parallel()
	last := Info{SampleRate: minRate}.Duration()
	for shift := range 63 {
		d := Info{SampleRate: minRate, Samples: 1 << shift}.Duration()
		if d < last {
			t.Fatalf("2^%d samples last %v, half of them %v", shift, d, last)
		}
		last = d
	}
}
