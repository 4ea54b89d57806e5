package main

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"4096": 4096, "1B": 1, "2GiB": 2 << 30, "500MB": 500e6, "1.5 KiB": 1536, "64kB": 64e3,
	} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1MB", "MB", "1e30GB", "NaN", "Inf", "big"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d; want an error", text, got)
		}
	}
}

func TestSizesReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 999, 1000, 1024, 5e6, 3 << 20, 2 << 30, 7e9, 1<<40 + 1} {
		if got, err := parseSize(formatSize(n)); got != n || err != nil {
			t.Errorf("%d is written %q and read %d, %v", n, formatSize(n), got, err)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"analyze", "serve", "worker", "decoder"}
	for name, want := range map[string]string{
		"analyse": "; did you mean analyze?",
		"decodr":  "; did you mean decoder?",
		"serv":    "; did you mean serve?",
		"xyzzy":   "",
		"":        "",
	} {
		if got := didYouMean(name, known); got != want {
			t.Errorf("didYouMean(%q) = %q; want %q", name, got, want)
		}
	}
}

func TestClockAndSpan(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]string{0: "0:00", 5.4: "0:05", 59.6: "1:00", 61: "1:01", 3600: "1:00:00", 7325: "2:02:05"} {
		if got := clock(seconds); got != want {
			t.Errorf("clock(%v) = %q; want %q", seconds, got, want)
		}
	}
	for d, want := range map[time.Duration]string{2 * time.Hour: "2h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 30 * time.Second: "30s"} {
		if got := shortSpan(d); got != want {
			t.Errorf("shortSpan(%v) = %q; want %q", d, got, want)
		}
	}
}

// FuzzPrintable: whatever a file is called, its name is one line that a
// terminal only shows; what is plain already stays as it is.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"waltz.wav", "\x1b[31mred", "a\nb", "\xff\xfe", "naïve – 音楽.flac", "\u202eevil"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("printable(%q) = %q holds %U", s, got, r)
			}
		}
		if printable(got) != got {
			t.Fatalf("printable(%q) = %q changes again", s, got)
		}
	})
}

// FuzzBar: the bar fits the terminal, whatever its width and progress.
func FuzzBar(f *testing.F) {
	f.Add(3, 12, int64(5*time.Second), 80)
	f.Add(0, 1, int64(0), 10)
	f.Add(999999, 1000000, int64(time.Hour), 30)
	f.Fuzz(func(t *testing.T, done, total int, elapsed int64, width int) {
		if total < 1 || done < 0 || done > total || elapsed < 0 || elapsed > int64(1000*time.Hour) || width < 0 || width > 500 || total > 1e9 {
			return
		}
		got := bar(done, total, time.Duration(elapsed), width)
		if n := utf8.RuneCountInString(got); n > width {
			t.Fatalf("bar(%d, %d, %d) = %q: %d columns in %d", done, total, width, got, n, width)
		}
	})
}

func TestBar(t *testing.T) {
	t.Parallel()
	got := bar(3, 12, 6*time.Second, 80)
	if want := "[" + strings.Repeat("=", 10) + strings.Repeat(" ", 30) + "] 3/12, 18s left"; got != want {
		t.Errorf("bar = %q; want %q", got, want)
	}
	if got, want := bar(0, 2, time.Second, 12), "[       ] 0/2"; len(got) > 12 || !strings.Contains(got, "0/2") {
		t.Errorf("narrow bar = %q; want something like %q", got, want)
	}
}

func TestShortenKeepsBothEnds(t *testing.T) {
	t.Parallel()
	long := "music/" + strings.Repeat("very/", 30) + "deep/song.flac"
	got := shorten(long, 40)
	if utf8.RuneCountInString(got) != 40 || !strings.HasPrefix(got, "music/") || !strings.HasSuffix(got, "/song.flac") {
		t.Errorf("shorten = %q", got)
	}
	if got := shorten("short", 40); got != "short" {
		t.Errorf("shorten changes what is short: %q", got)
	}
}
