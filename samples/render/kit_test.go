package render

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earworm/dsp"
	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/samples/synth"
)

func TestDrumsAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]drum{
		`Kick (Tama Superstar 22")`: kick, "c3 - bass drum 1": kick, "BassDrum": kick, "bd_808": kick, "drum_bass_hard": kick, "Cajon Thump": kick,
		"Pearl Snare Rimshot": snare, "sn_dub": snare, "elec_hi_snare": snare, "Snare Roll": "", "drum_roll": "",
		"Pearl Side Stick": stick, "Rim Click (Pearl Free Floating Maple 14x3.5)": stick,
		"Closed HH": closedHat, "Hat 1 Cl": closedHat, "drum_cymbal_closed": closedHat, "f#3 - hi-hat closed": closedHat,
		"Hat 1 Pd": pedalHat, `Hi-Hat Pedal (Paiste Alpha Metal edge 14")`: pedalHat, "Tambourine Pedal": tambourine,
		"Hat Op Dirty": openHat, "Sabian Hat Semi-Open": openHat, "drum_cymbal_open": openHat, "Sabian Hat Choke": "",
		"Floor Tom": lowTom, "drum_tom_lo_hard": lowTom, "Tom Mid": midTom, "tomhi2": highTom, "Pearl Tom 1": highTom,
		`Ride (Custom, Zagrebin 22")`: ride, "ride-cup": rideBell, "ride-crash20inch": ride,
		`Crash/Ride (Paiste Rude Crash/Ride 18")`: crash, "drum_cymbal_soft": crash, "drum_splash_hard": splash,
		"Cowbell": cowbell, "elec_bell": "", "Whistle": "", "Sample: beats_08-37.flac": "", "": "",
	} {
		if got := drumOf(name); got != want {
			t.Errorf("%q is a %q; want %q", name, got, want)
		}
	}
}

// hum is a tone of a tenth of a second after a pause, as a WAV file.
func hum(t *testing.T, hz float64, level float32) []byte {
	t.Helper()
	pcm := make([]float32, dsp.SampleRate*3/20)
	for i := dsp.SampleRate / 20; i < len(pcm); i++ {
		pcm[i] = level * float32(math.Cos(2*math.Pi*hz*float64(i)/dsp.SampleRate))
	}
	var file bytes.Buffer
	if err := synth.WriteWAV(&file, pcm, 1, dsp.SampleRate, 16); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// writeKits makes a folder with a kit as Hydrogen has them, whose bass drum is
// of two layers, and of a third that is not there, and whose hi-hat is as old
// files have it; a kit that is no use and a folder that is no kit.
func writeKits(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	layered := `<layer><filename>%s.wav</filename><min>%g</min><max>%g</max><gain>1</gain><pitch>0</pitch></layer>`
	instrument := `<instrument><name>%s</name><volume>1</volume>%s</instrument>`
	kit := `<?xml version="1.0"?><drumkit_info xmlns="http://www.hydrogen-music.org/drumkit"><name>T</name><instrumentList>%s</instrumentList></drumkit_info>`
	drums := fmt.Sprintf(instrument, "Kick", fmt.Sprintf(layered, "soft", 0.0, 0.5)+fmt.Sprintf(layered, "hard", 0.5, 1.0)+fmt.Sprintf(layered, "gone", 0.9, 1.0)) +
		fmt.Sprintf(instrument, "Snare", fmt.Sprintf(layered, "snare", 0.0, 1.0)) +
		fmt.Sprintf(instrument, "Hat closed", "<filename>hat.wav</filename>") +
		fmt.Sprintf(instrument, "", "")
	writeFile(t, filepath.Join(dir, "tiny", "drumkit.xml"), fmt.Appendf(nil, kit, drums))
	writeFile(t, filepath.Join(dir, "bell", "drumkit.xml"), fmt.Appendf(nil, kit, fmt.Sprintf(instrument, "Cowbell", "<filename>hat.wav</filename>")))
	writeFile(t, filepath.Join(dir, "else", "notes.txt"), []byte("no kit"))
	for name, hz := range map[string]float64{"soft": 100, "hard": 400, "snare": 1000, "hat": 4000} {
		writeFile(t, filepath.Join(dir, "tiny", name+".wav"), hum(t, hz, 0.5))
	}
	return dir
}

func tinyKit(t *testing.T) *drumkit {
	t.Helper()
	kits, err := openKits([]string{writeKits(t), filepath.Join(t.TempDir(), "nowhere")})
	if err != nil {
		t.Fatal(err)
	}
	if len(kits) != 1 || kits[0].name != "tiny" {
		t.Fatalf("%d kits; want the one called tiny", len(kits))
	}
	return kits[0]
}

func stroke(at float64, pitch, velocity uint8) score.Note {
	return score.Note{On: at, Off: at + 0.1, Channel: midi.DrumChannel, Pitch: pitch, Velocity: velocity}
}

// A stroke sounds when it is written, to a millisecond, though its recording
// begins with a pause; before it there is silence. It does so at any rate.
func TestKitsAreOnTime(t *testing.T) {
	t.Parallel()
	kit := tinyKit(t)
	for _, rate := range []int{dsp.SampleRate, dsp.SampleRate * 102 / 100} {
		for pitch := range standIns {
			if !kit.has(pitch) {
				continue
			}
			pcm, err := kit.play(t.Context(), rand.New(rand.NewPCG(1, 1)), []score.Note{stroke(0.5, pitch, 100)}, rate, rate)
			if err != nil {
				t.Fatal(err)
			}
			first := slices.IndexFunc(pcm, func(v float32) bool { return v != 0 })
			if at := float64(first) / float64(rate); math.Abs(at-0.5) > 0.001 {
				t.Errorf("note %d at %d Hz sounds at %.4f s; want 0.5", pitch, rate, at)
			}
		}
	}
}

// Harder strokes are louder, and of another layer.
func TestKitsHearVelocity(t *testing.T) {
	t.Parallel()
	kit := tinyKit(t)
	play := func(velocity uint8) (level float64, crossings int) {
		pcm, err := kit.play(t.Context(), rand.New(rand.NewPCG(1, 1)), []score.Note{stroke(0, 36, velocity)}, dsp.SampleRate, dsp.SampleRate/10)
		if err != nil {
			t.Fatal(err)
		}
		for i := range pcm[1:] {
			if pcm[i] < 0 != (pcm[i+1] < 0) {
				crossings++
			}
		}
		return rms(pcm), crossings
	}
	softly, low := play(40)
	loudly, high := play(120)
	if loudly < 2*softly || softly == 0 {
		t.Errorf("levels are %g and %g; want the second three times the first", softly, loudly)
	}
	if low < 15 || low > 25 || high < 65 || high > 95 { // 100 and 400 Hz, 2 semitones either way, for 0.1 s
		t.Errorf("the wave crosses zero %d and %d times; want 20 and 80", low, high)
	}
}

// A stroke on the hi-hat ends the one before, and no other drum.
func TestHatsAreClosed(t *testing.T) {
	t.Parallel()
	kit := tinyKit(t)
	for pitch, rings := range map[uint8]bool{42: false, 38: true} {
		strokes := []score.Note{stroke(0, pitch, 127), stroke(0.05, 42, 1)}
		pcm, err := kit.play(t.Context(), rand.New(rand.NewPCG(1, 1)), strokes, dsp.SampleRate, dsp.SampleRate/10)
		if err != nil {
			t.Fatal(err)
		}
		if after := rms(pcm[dsp.SampleRate*7/100 : dsp.SampleRate*8/100]); (after > 0.1) != rings {
			t.Errorf("note %d has a level of %g after the next stroke", pitch, after)
		}
	}
}

// What a kit does not have stays with the sound font; what it plays, it alone.
func TestKitsTakeWhatTheyHave(t *testing.T) {
	t.Parallel()
	kit := tinyKit(t)
	const cuica = 78
	var played int
	for seed := range uint64(60) {
		s := &score.Score{Length: 4, Notes: []score.Note{
			{On: 0, Off: 1, Channel: 0, Pitch: 60, Velocity: 90}, stroke(0, 36, 90), stroke(1, 42, 90), stroke(2, cuica, 90),
		}}
		take := &take{seed: seed, score: s, item: &Item{Split: "train"}, rate: dsp.SampleRate}
		beaten := take.drummer((&studio{kits: []*drumkit{kit}}).chooseKit, false)
		pcm, err := beaten(t.Context(), rand.New(rand.NewPCG(seed, 1)), dsp.SampleRate, 4*dsp.SampleRate)
		if err != nil {
			t.Fatal(err)
		}
		left := len(take.score.Notes)
		switch {
		case take.item.Drums == "tiny" && left == 2 && rms(pcm[:2000]) > 0 && slices.Equal(take.item.Augment, []string{"drum kit"}):
			played++
		case take.item.Drums != "" || left != 4 || pcm != nil:
			t.Errorf("seed %d: %d notes are left, drums by %q", seed, left, take.item.Drums)
		}
	}
	if played < 6 || played > 35 {
		t.Errorf("the kit played %d takes of 60; want about 18", played)
	}
}

func TestValidationHasAKitToItself(t *testing.T) {
	t.Parallel()
	s := &studio{kits: []*drumkit{newKit("one"), newKit(validKit), newKit("two")}}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		if s.chooseKit(rng, "train").name == validKit || s.chooseKit(rng, "valid").name != validKit {
			t.Fatal("training heard the kit of validation, or the other way round")
		}
	}
	if (&studio{kits: s.kits[:1]}).chooseKit(rand.New(rand.NewPCG(1, 1)), "valid") != nil {
		t.Error("validation was given a kit of training")
	}
}

func TestBrokenKitsAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "torn", "drumkit.xml"), []byte("<drumkit_info><instrumentList>"))
	if _, err := openKits([]string{dir}); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("error is %v; want one that names the kit", err)
	}
}
