//go:build servers

package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"earworm/schema"
)

// TestSpotipy: the real client of Spotify's Web API reads our answers, with no
// more changed than its base URL.
func TestSpotipy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	song := filepath.Join(folder, "song.wav")
	if err := os.WriteFile(song, clickTrack(20, 120), 0o644); err != nil {
		t.Fatal(err)
	}
	tokens := filepath.Join(folder, "tokens")
	token := newToken(t, tokens, "read,ingest")
	url, stop := serving(t, "--store", folder, "--tokens", tokens)
	defer stop()
	in := namedInput(t, song)
	if code, _, stderr := program(t, "enqueue", "--addr", url, "--token", token, song); code != exitOK {
		t.Fatal(stderr)
	}
	awaitAnalysed(t, url, in.id, "Authorization", "Bearer "+token)
	ask := exec.CommandContext(t.Context(), filepath.Join("scripts", "spotipy.sh"), url, token, string(in.id), strings.Repeat("0", 32))
	ask.Stderr = os.Stderr
	out, err := ask.Output()
	if err != nil {
		t.Fatal(err)
	}
	type features struct {
		ID            schema.TrackID
		Tempo         float64
		Key, Mode     int
		TimeSignature *int `json:"time_signature"`
		DurationMS    int  `json:"duration_ms"`
		Loudness      float64
		Danceability  *float64
	}
	var got struct {
		One, All []*features
		Analysis struct {
			Track struct {
				features
				TempoConfidence float64 `json:"tempo_confidence"`
				Duration        float64
			}
			Beats, Bars, Sections []struct {
				Start    float64
				Duration *float64
			}
			Segments []any
		}
		Unknown struct {
			Exception struct {
				Status  int
				Message string
			}
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if len(got.One) != 1 || len(got.All) != 2 || got.All[1] != nil {
		t.Fatalf("spotipy read %s", out)
	}
	one := got.One[0]
	if one.ID != in.id || math.Abs(one.Tempo-120) > 4.8 || one.Key != 0 || one.Mode != 1 || one.DurationMS != 20_000 || one.Loudness >= 0 || one.Danceability != nil {
		t.Errorf("features of 120 clicks a minute over C major are %+v", *one)
	}
	a := got.Analysis
	if a.Track.Tempo != one.Tempo || a.Track.TempoConfidence <= 0 || a.Track.Duration != 20 || len(a.Beats) < 30 || len(a.Bars) < 5 || len(a.Sections) == 0 || a.Segments != nil {
		t.Errorf("analysis is %+v", a)
	}
	if period := *a.Beats[10].Duration; math.Abs(period-0.5) > 0.05 {
		t.Errorf("a beat of 120 a minute lasts %.3f s; want 0.5", period)
	}
	if got.Unknown.Exception.Status != 404 || got.Unknown.Exception.Message == "" {
		t.Errorf("an unknown track raises %+v; want 404 with a message", got.Unknown.Exception)
	}
}
