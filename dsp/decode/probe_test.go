package decode_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"earworm/dsp/decode"
)

// TestProbeGoesByTheBytes: a name says nothing of the format.
func TestProbeGoesByTheBytes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, want := range map[string]string{
		"01-morning-post.wav": "wav", "02-slow-lamp.mp3": "mp3", "03-north-road.flac": "flac", "04-ferry-waltz.ogg": "ogg vorbis",
	} {
		content, err := os.ReadFile(filepath.Join("..", "..", "samples", name))
		if err != nil {
			t.Fatal(err)
		}
		nameless := filepath.Join(folder, want)
		if err := os.WriteFile(nameless, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if info, err := decode.Probe(t.Context(), nameless); err != nil || info.Format != want || info.SampleRate == 0 {
			t.Errorf("%s is %+v, %v; want %s", name, info, err, want)
		}
	}
	text := filepath.Join(folder, "text.wav")
	if err := os.WriteFile(text, []byte("some words"), 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := decode.Probe(t.Context(), text); !errors.Is(err, decode.ErrUnsupported) {
		t.Errorf("text is %+v, %v; want ErrUnsupported", info, err)
	}
}
