package eval_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

func judged(name string, truth eval.Truth, heard schema.Analysis) eval.Judged {
	return eval.Judged{
		Labelled: eval.Labelled{Path: name, Truth: truth}, Heard: heard, Score: eval.Judge(truth, heard),
	}
}

func tempo(bpm, confidence float64) (a schema.Analysis) {
	a.Tempo.BPM, a.Tempo.Confidence = bpm, confidence
	return a
}

// A report is a page that names what went wrong, the surest mistakes first, and
// never what went right.
func TestReportShowsTheWorst(t *testing.T) {
	t.Parallel()
	all := []eval.Judged{
		judged("right-001.mp3", eval.Truth{TempoBPM: 120}, tempo(120.5, 0.9)),
		judged("doubted-002.mp3", eval.Truth{TempoBPM: 120}, tempo(60, 0.3)),
		judged("sure-003.mp3", eval.Truth{TempoBPM: 120, Key: schema.KeyOf(0, false), Meter: schema.Meter{Beats: 3, Unit: 4}}, tempo(90, 0.9)),
	}
	worst := eval.Worst(all)
	if len(worst) != 2 || worst[0].Name() != "sure-003.mp3" || worst[1].Name() != "doubted-002.mp3" {
		t.Errorf("the worst are %v", worst)
	}
	groups := eval.GroupBy(eval.Source, all)
	if len(groups) != 3 || groups[1].Name != "right" || groups[1].TempoExact != 1 {
		t.Errorf("groups are %+v", groups)
	}
	dir := filepath.Join(t.TempDir(), "made")
	if err := eval.WriteReport(dir, []cnn.Size{{Version: "rhythm-test"}}, groups, all); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); !strings.Contains(text, "sure-003.mp3") || strings.Contains(text, "right-001.mp3") {
		t.Errorf("page is %s", text)
	}
	for _, name := range []string{"tempo.png", "key.png", "meter.png"} {
		if file, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.HasPrefix(string(file), "\x89PNG\r\n") {
			t.Errorf("%s: %v, %d bytes", name, err, len(file))
		}
	}
}

// Confidence that comes true has no calibration error; one that promises more
// than it keeps is off by the difference.
func TestTrustIsOffByWhatItPromises(t *testing.T) {
	t.Parallel()
	var kept, broken eval.Score
	for i := range 100 {
		right := tempo(120, 0.75)
		if i%4 == 3 {
			right.Tempo.BPM = 77
		}
		kept.Add(eval.Judge(eval.Truth{TempoBPM: 120}, right))
		right.Tempo.Confidence = 0.95
		broken.Add(eval.Judge(eval.Truth{TempoBPM: 120}, right))
	}
	if off := kept.TempoTrust.Error(); off > 1e-9 {
		t.Errorf("calibration error is %g; want 0", off)
	}
	if off := broken.TempoTrust.Error(); off < 0.1999 || off > 0.2001 {
		t.Errorf("calibration error is %g; want 0.2", off)
	}
	if _, most := kept.TempoTrust.Chance(); most < 0.01 || most > 0.2 {
		t.Errorf("luck alone makes for a calibration error of up to %g; want some, and less than broken promises", most)
	}
	if right, of := broken.TempoTrust.Sure(); right != 75 || of != 100 {
		t.Errorf("above 0.8 right %g of %g; want 75 of 100", right, of)
	}
}

// Where there is no music a sure answer is the wrong one.
func TestNothingWantsADoubt(t *testing.T) {
	t.Parallel()
	var s eval.Score
	s.Add(eval.Judge(eval.Truth{Nothing: true}, tempo(120, 0.9)))
	s.Add(eval.Judge(eval.Truth{Nothing: true}, tempo(120, 0.2)))
	if s.Doubted != 1 || s.Nothings != 2 || s.Tempi != 0 {
		t.Errorf("score is %+v", s)
	}
}
