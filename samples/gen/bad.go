package main

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// badRate is the rate of the bad files, low to keep them small.
const badRate = 8000

// makeBad writes files that no analysis can come of, and expected.csv, which
// gives the failure codes that are right for each. A truncated file holds
// about a second: a strict decoder says corrupt, a lenient one too_short.
func makeBad(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	tone := make([]float32, 12*badRate)
	for i := range tone {
		tone[i] = float32(0.5 * math.Sin(2*math.Pi*220*float64(i)/badRate))
	}
	silence := make([]float32, 10*badRate)
	noise := rand.New(rand.NewPCG(1, 2026))
	junk := make([]byte, 6000)
	for i := range junk {
		junk[i] = byte(noise.IntN(256))
	}
	whole := []struct {
		name string
		how  []string
	}{
		{"truncated.wav", nil}, {"truncated.flac", flac}, {"truncated.mp3", mp3("32k")}, {"truncated.ogg", vorbis},
	}
	for _, w := range whole {
		var err error
		if w.how == nil {
			err = writeWAV(at(w.name), tone, 1, badRate, 16)
		} else {
			err = encode(ctx, at(w.name), tone, 1, badRate, w.how)
		}
		if err == nil {
			err = truncate(at(w.name), 12)
		}
		if err != nil {
			return err
		}
	}
	if err := writeWAV(at("silent.wav"), silence, 1, badRate, 16); err != nil {
		return err
	}
	if err := encode(ctx, at("silent.flac"), silence, 1, badRate, flac); err != nil {
		return err
	}
	if err := writeWAV(at("too-short.wav"), tone[:badRate/2], 1, badRate, 16); err != nil {
		return err
	}
	if err := writeWAV(at("header-only.wav"), nil, 1, badRate, 16); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"empty.mp3":     nil,
		"not-audio.mp3": []byte("This is a letter, whatever its name says.\n"),
		"junk.flac":     junk,
	} {
		if err := os.WriteFile(at(name), data, 0o644); err != nil {
			return err
		}
	}
	return writeCSV(at("expected.csv"), [][]string{
		{"path", "codes"},
		{"empty.mp3", "unsupported_format corrupt"},
		{"header-only.wav", "corrupt too_short"},
		{"junk.flac", "unsupported_format corrupt"},
		{"not-audio.mp3", "unsupported_format"},
		{"silent.flac", "silent"},
		{"silent.wav", "silent"},
		{"too-short.wav", "too_short"},
		{"truncated.flac", "corrupt too_short"},
		{"truncated.mp3", "corrupt too_short"},
		{"truncated.ogg", "corrupt too_short"},
		{"truncated.wav", "corrupt too_short"},
	})
}

// truncate keeps one part in n of a file, but at least its headers.
func truncate(path string, n int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, max(info.Size()/n, 3000))
}
