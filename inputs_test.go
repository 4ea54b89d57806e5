package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earworm/schema"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, name := range []string{
		"b.mp3", "A.WAV", "c/d.flac", "c/a.ogg", "cover.txt", ".hidden/x.wav", "c/.y.wav", "testdata/bad.wav",
		"noaudio/readme.md", "odd name\x1b[2J.wav",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("some text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "nameless"), clickTrack(1, 120), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "void"), 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"b.mp3": "link.mp3", "c": "loop", "gone": "dangling.wav"} {
		if err := os.Symlink(filepath.Join(root, from), filepath.Join(root, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		operands []string
		stdin    string
		want     []string // paths below root, with the code where it failed
	}{
		{
			"a folder is its audio, by name",
			[]string{"."},
			"",
			[]string{"A.WAV", "b.mp3", "c/a.ogg", "c/d.flac", "link.mp3", "nameless", "odd name\x1b[2J.wav"},
		},
		{"operands keep their order", []string{"b.mp3", "A.WAV"}, "", []string{"b.mp3", "A.WAV"}},
		{"a named file need not look like audio", []string{"cover.txt"}, "", []string{"cover.txt"}},
		{"a named hidden folder is walked", []string{".hidden"}, "", []string{".hidden/x.wav"}},
		{"a named testdata folder is walked", []string{"testdata"}, "", []string{"testdata/bad.wav"}},
		{"stdin lists operands", []string{"-"}, "b.mp3\r\n\nc\n", []string{"b.mp3", "c/a.ogg", "c/d.flac"}},
		{"nothing there", []string{"gone.wav", "b.mp3"}, "", []string{"gone.wav not_found", "b.mp3"}},
		{"an empty folder", []string{"void"}, "", []string{"void not_found"}},
		{"no audio in a folder", []string{"noaudio"}, "", []string{"noaudio not_found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			operands := slices.Clone(c.operands)
			for i, o := range operands {
				if o != "-" {
					operands[i] = filepath.Join(root, o)
				}
			}
			var list strings.Builder
			for line := range strings.Lines(c.stdin) {
				if strings.TrimSpace(line) != "" {
					line = root + "/" + line
				}
				list.WriteString(line)
			}
			inputs, err := expand(t.Context(), operands, strings.NewReader(list.String()))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range inputs {
				rel, err := filepath.Rel(root, in.path)
				if err != nil {
					t.Fatal(err)
				}
				if in.failure != nil {
					rel += " " + string(in.failure.Code)
				} else if want := schema.TrackIDOf(in.uri); in.id != want {
					t.Errorf("%s has identifier %s; want %s", rel, in.id, want)
				}
				got = append(got, rel)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("inputs are %q; want %q", got, c.want)
			}
		})
	}
}

func TestExpandTakesAddressesAsTheyAre(t *testing.T) {
	t.Parallel()
	inputs, err := expand(t.Context(), []string{"https://Example.org/a.mp3", "gopher://x/y"}, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := inputs[0].uri, "https://example.org/a.mp3"; got != want || inputs[0].failure != nil {
		t.Errorf("uri is %q (%v); want %q", got, inputs[0].failure, want)
	}
	if inputs[1].failure == nil {
		t.Errorf("gopher is accepted as %q", inputs[1].uri)
	}
}
