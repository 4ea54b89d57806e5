package synth

import (
	"os"
	"path/filepath"
)

// Font is an installed General MIDI sound font.
type Font struct {
	Name string // stable across machines; a split by font goes by it
	Path string
}

const soundFolder = "/usr/share/sounds"

// known lists the fonts of Debian's packages. Where a font is installed in two
// forms, the first counts: an .sf3 must be decompressed at every start.
var known = []struct {
	name  string
	files []string
}{
	{"FluidR3", []string{"sf2/FluidR3_GM.sf2"}},
	{"MuseScore", []string{"sf2/MuseScore_General_Full.sf2", "sf3/MuseScore_General_Full.sf3"}},
	{"FluidR3Mono", []string{"sf3/FluidR3Mono_GM.sf3"}},
	{"TimGM6mb", []string{"sf2/TimGM6mb.sf2"}},
	{"OPL3", []string{"sf2/OPL-3_FM_128M.sf2"}},
}

// Fonts lists the sound fonts that are installed, in a fixed order.
func Fonts() []Font {
	var fonts []Font
	for _, k := range known {
		for _, f := range k.files {
			path := filepath.Join(soundFolder, f)
			if _, err := os.Stat(path); err == nil {
				fonts = append(fonts, Font{Name: k.name, Path: path})
				break
			}
		}
	}
	return fonts
}

// FindFont returns the installed font of a name.
func FindFont(name string) (Font, bool) {
	for _, f := range Fonts() {
		if f.Name == name {
			return f, true
		}
	}
	return Font{}, false
}
