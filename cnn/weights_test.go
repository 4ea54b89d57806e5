package cnn

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func untrained(tb testing.TB, network string) *Weights {
	tb.Helper()
	w, err := NewWeights(network, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		tb.Fatal(err)
	}
	w.Version = network + "-test"
	return w
}

func fileOf(tb testing.TB, w *Weights) []byte {
	tb.Helper()
	file, err := w.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

func TestWeightsSurviveTheirFile(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"rhythm", KeyCourse, KeyCircle, KeyPlain} {
		file := fileOf(t, untrained(t, network))
		again, err := ParseWeights(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, fileOf(t, again)) {
			t.Errorf("%s: read and written again, the file differs", network)
		}
	}
}

func TestBadWeightsAreRefusedByName(t *testing.T) {
	t.Parallel()
	good := fileOf(t, untrained(t, "key"))
	changed := func(change func(w *Weights)) []byte {
		w := untrained(t, "key")
		change(w)
		return fileOf(t, w)
	}
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                         {nil, "not a weight file"},
		"another format":                {bytes.Repeat([]byte("RIFF"), 40), "not a weight file"},
		"another version of the format": {append([]byte("EARWORM2"), good[8:]...), `format is "EARWORM2"; this program reads EARWORM1`},
		"no version":                    {changed(func(w *Weights) { w.Version = "" }), `version is ""; want a name such as key-2026.1`},
		"two versions":                  {changed(func(w *Weights) { w.Version = "key-1+key-2" }), `version is "key-1+key-2"`},
		"cold":                          {changed(func(w *Weights) { w.Calibration.Key = -1 }), "temperature below zero"},
		"one bit flipped":               {append(append([]byte(nil), good[:500]...), append([]byte{good[500] ^ 1}, good[501:]...)...), "checksum"},
		"cut short":                     {good[:len(good)-100], "checksum"},
		"unknown network":               {changed(func(w *Weights) { w.Network = "mood" }), `network is "mood"`},
		"other front end":               {changed(func(w *Weights) { w.FrontEnd.Hop = 512 }), "front end"},
		"other meters":                  {changed(func(w *Weights) { w.Calibration.Meter = &MeterReading{Bias: make([]float64, 4)} }), "calibration does not fit"},
		"other lags": {changed(func(w *Weights) {
			w.Calibration.Meter = &MeterReading{Bias: make([]float64, 5), Alike: make([][]float64, 5)}
			w.Calibration.Meter.Alike[4] = make([]float64, 3)
		}), "calibration does not fit"},
		"other network shape": {changed(func(w *Weights) { w.Tensors = w.Tensors[1:] }), "tensors are not those"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseWeights(tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v; want one with %q", err, tc.want)
			}
		})
	}
}

func FuzzParseWeights(f *testing.F) {
	good := fileOf(f, untrained(f, "key"))
	f.Add(good[:200])
	f.Add([]byte(weightMagic))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := ParseWeights(file)
		if err == nil && !bytes.Equal(file, fileOf(t, w)) {
			t.Error("accepted a file that it would not have written")
		}
	})
}
