package schema

import (
	"fmt"
	"testing"
)

func TestApart(t *testing.T) {
	t.Parallel()
	common, waltz := Meter{4, 4}, Meter{3, 4}
	type heard struct {
		bpm   float64
		meter Meter
	}
	many := func(n int, h heard) (all []heard) {
		for range n {
			all = append(all, h)
		}
		return all
	}
	for name, c := range map[string]struct {
		others []heard
		heard  heard
		want   Apart
	}{
		"like the others":          {many(8, heard{120, common}), heard{124, common}, Apart{}},
		"half the tempo":           {many(8, heard{120, common}), heard{60, common}, Apart{Tempo: true}},
		"double the tempo":         {many(8, heard{75, common}), heard{150, common}, Apart{Tempo: true}},
		"a waltz":                  {many(8, heard{120, common}), heard{120, waltz}, Apart{Meter: true}},
		"two waltzes":              {append(many(8, heard{120, common}), heard{120, waltz}), heard{120, waltz}, Apart{}},
		"nearest of a wide spread": {[]heard{{60, common}, {75, common}, {95, common}, {120, common}, {150, common}}, heard{180, common}, Apart{}},
		"beyond a wide spread":     {[]heard{{60, common}, {75, common}, {95, common}, {120, common}, {130, common}}, heard{180, common}, Apart{Tempo: true}},
		"too few to say":           {many(4, heard{120, common}), heard{60, waltz}, Apart{}},
		"just enough":              {many(5, heard{120, common}), heard{60, waltz}, Apart{true, true}},
		"too many for an album":    {many(60, heard{120, common}), heard{60, waltz}, Apart{}},
		"no pulse, no meter":       {many(8, heard{120, common}), heard{}, Apart{}},
		"others without pulse":     {many(8, heard{0, common}), heard{120, common}, Apart{}},
		"others without meter":     {many(8, heard{120, Meter{}}), heard{120, common}, Apart{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var albums Albums
			add := func(i int, h heard) (Track, Features) {
				track, f := Track{Source: fmt.Sprintf("file:///music/album/%d.flac", i)}, Features{TempoBPM: h.bpm, Meter: h.meter}
				albums.Add(track, f)
				return track, f
			}
			for i, h := range c.others {
				add(i, h)
				albums.Add(Track{Source: fmt.Sprintf("file:///music/elsewhere/%d.flac", i)}, Features{TempoBPM: c.heard.bpm, Meter: c.heard.meter})
				albums.Add(Track{Source: fmt.Sprintf("file:///music/album/%d.wav", i), Album: "another"}, Features{TempoBPM: c.heard.bpm, Meter: c.heard.meter})
			}
			track, f := add(len(c.others), c.heard)
			if got := albums.Apart(track, f); got != c.want {
				t.Errorf("it stands apart as %+v; want %+v", got, c.want)
			}
		})
	}
}

// What an address asks for is no folder.
func TestAlbumOfAddress(t *testing.T) {
	t.Parallel()
	var albums Albums
	sources := []string{"https://host/album/1.mp3?sig=a/b", "https://host/album/2.mp3?sig=c/d", "https://host/album/3.mp3"}
	for _, s := range sources[1:] {
		if albums.of(Track{Source: s}) != albums.of(Track{Source: sources[0]}) {
			t.Errorf("%s and %s are of two albums; want one", sources[0], s)
		}
	}
	if albums.of(Track{Source: "https://host/other/1.mp3"}) == albums.of(Track{Source: sources[0]}) {
		t.Error("two folders are one album")
	}
}
