package compose

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// Groove is a drum pattern of one or more bars.
type Groove struct {
	Name    string
	Ticks   int // its length, in 24ths of a quarter note
	Beats   int // ticks of the felt beat it was written for
	Strokes []Stroke
}

// Palette lends material from outside to a composition.
type Palette struct {
	Progressions map[bool][]Progression // by minor
	Grooves      map[string][]Groove    // by genre, as styles name them
}

// strokes are the marks of step patterns and how loud they are.
var strokes = map[byte]float64{'x': 0.85, 'X': 1, 'o': 0.35, 'f': 0.9, '0': 0.7, '1': 0.9, '2': 0.95}

// ParseGroove reads a step pattern: a line for each drum, its General MIDI
// number and a mark or rest for each step. A line "AC" accents its steps;
// other letters are passed over. step is the length of a step in 24ths of a
// quarter note.
func ParseGroove(text string, step int) (Groove, error) {
	g := Groove{}
	accents := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		name, steps, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if !ok {
			continue
		}
		steps = strings.TrimSpace(steps)
		g.Ticks = max(g.Ticks, len(steps)*step)
		if name == "AC" {
			accents = steps
			continue
		}
		drum, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if drum < 27 || drum > 87 {
			return Groove{}, fmt.Errorf("groove: drum is %d; want 27 to 87", drum)
		}
		for i := range len(steps) {
			if v, hit := strokes[steps[i]]; hit {
				g.Strokes = append(g.Strokes, Stroke{Tick: i * step, Drum: drum, Velocity: v})
			}
		}
	}
	if len(g.Strokes) == 0 {
		return Groove{}, fmt.Errorf("groove: no strokes in %q", text)
	}
	for i, st := range g.Strokes {
		if n := st.Tick / step; n < len(accents) && accents[n] == 'x' {
			g.Strokes[i].Velocity = 1
		}
	}
	return g, nil
}

// grooves are the built-in patterns: for a name, one or more, each a step
// pattern in sixteenths for the felt beat that the map's key gives.
var grooves = parseGrooves(map[string]map[int][]string{
	"rock": {quarter: {
		"36 x.......x.x.....\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.....x.x.......\n38 ....x.......x..o\n42 x.x.x.x.x.x.x.x.",
		"36 x..x..x...x.....\n38 ....x.......x...\n51 x.x.x.x.x.x.x.x.",
		"36 x.x.......x.....\n38 ....x.......x...\n42 x.x.x.x.x.x.x...\n46 ..............x.",
	}, 36: {
		"36 x.........x.\n38 ......x.....\n42 x.x.x.x.x.x.",
		"36 x.........x.x...x.......\n38 ......x...........x.....\n42 x.x.x.x.x.x.x.x.x.x.x.x.",
	}},
	"pop": {quarter: {
		"36 x...x...x...x...\n39 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.....x.........\n38 ....x.......x...\n42 xxxxxxxxxxxxxxxx\n54 ....x.......x...",
		"36 x.......xx......\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.\n39 ....x.......x...",
	}},
	"driving": {quarter: {
		"36 x.x.x.x.x.x.x.x.\n38 ....x.......x...\n49 x...x...x...x...",
		"36 x...x...x...x...\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.x...x.x.x...x.\n38 ....x.......x...\n46 x...x...x...x...",
	}},
	"half time": {quarter: {
		"36 x.........x.....\n38 ........x.......\n42 x.x.x.x.x.x.x.x.",
		"36 x..x..x.........\n38 ........x.......\n42 x...x...x...x...",
		"36 x.....x.......x.\n38 ........x.......\n51 x...x...x...x...",
	}},
	"double kick": {quarter: {
		"36 xxxxxxxxxxxxxxxx\n38 ....x.......x...\n51 x...x...x...x...",
		"36 xx.xx.xxxx.xx.xx\n38 ....x.......x...\n49 x...x...x...x...",
	}},
	"blast": {quarter: {"36 x.x.x.x.x.x.x.x.\n38 .x.x.x.x.x.x.x.x\n51 x.x.x.x.x.x.x.x."}},
	"punk": {quarter: {
		"36 x...x...x...x...\n38 ..x...x...x...x.\n42 x.x.x.x.x.x.x.x.",
		"36 x.....x.x.......\n38 ....x.......x...\n46 x.x.x.x.x.x.x.x.",
	}},
	"ballad": {quarter: {
		"36 x.......x.......\n37 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.......x.x.....\n38 ....x.......x...\n51 x...x...x...x...",
	}, 36: {
		"36 x...........\n37 ......x.....\n42 x.x.x.x.x.x.",
		"36 x...........x.....x.....\n38 ......x...........x.....\n42 x.x.x.x.x.x.x.x.x.x.x.x.",
	}},
	"funk": {quarter: {
		"36 x.x...x...x..x..\n38 ....x..o.o..x..o\n42 x.x.x.x.x.x.x.x.",
		"36 x..x..x...xx....\n38 ....x..o....x.o.\n42 xxxxxxxxxxxxxxxx",
		"36 x......x..x.....\n38 ....x..o.x..x..o\n42 x.x.x.x.x.x...x.\n46 ............x...",
	}},
	"soul": {quarter: {
		"36 x.....x.x.....x.\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.x.....x.x.....\n38 x...x...x...x...\n54 ..x...x...x...x.",
	}, 36: {"36 x.........x.\n38 ......x.....\n51 x.x.x.x.x.x."}},
	"disco": {quarter: {
		"36 x...x...x...x...\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.\n46 ..x...x...x...x.",
		"36 x...x...x...x...\n38 ....x.......x...\n42 xx.xxx.xxx.xxx.x\n46 ..x...x...x...x.",
	}},
	"four floor": {quarter: {
		"36 x...x...x...x...\n46 ..x...x...x...x.\n39 ....x.......x...",
		"36 x...x...x...x...\n42 xxxxxxxxxxxxxxxx\n46 ..x...x...x...x.",
		"36 x...x...x...x...\n42 ..x...x...x...x.",
		"36 x...x...x...x...\n38 ....x.......x...\n70 xxxxxxxxxxxxxxxx",
	}},
	"house":  {quarter: {"36 x...x...x...x...\n39 ....x.......x..x\n46 ..x...x...x...x.\n70 xxoxxxoxxxoxxxox"}},
	"techno": {quarter: {"36 x...x...x...x...\n42 ..x...x...x...x.\n75 x..x..x...x..x..", "36 x...x...x...x..x\n51 ..x...x...x...x.\n39 ............x..."}},
	"amen":   {quarter: {"36 x.x.......xx....\n38 ....x..x.x..x..x\n51 x.x.x.x.x.x.x.x."}},
	"two step": {quarter: {
		"36 x.........x.....\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.x.......x.....\n38 ....x..o.o..x...\n42 xxx.xxx.xxx.xxx.",
	}},
	"breakbeat": {quarter: {
		"36 x.........xx....\n38 ....x..o.o..x...\n42 x.x.x.x.x.x.x.x.",
		"36 x..x..x...x.....\n38 ....x.......x..o\n42 x.x.x.x.x.x.x.x.\n46 ..............x.",
	}},
	"boom bap": {quarter: {
		"36 x......x..x.....\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.",
		"36 x.x....x.x......\n38 ....x.......x...\n42 x.x.x.xxx.x.x.x.",
	}},
	"hip hop": {quarter: {"36 x..x...x..x.....\n39 ....x.......x...\n42 x.x.x.x.x.x.x.x."}},
	"trap": {quarter: {
		"36 x.....x...x.....\n39 ........x.......\n42 x.x.x.x.x.x.xxxx",
		"36 x......x......x.\n39 ........x.......\n42 x.xxx.x.x.x.xxx.",
	}},
	"one drop":   {quarter: {"36 ........x.......\n37 ........x.......\n42 x.x.x.x.x.x.x.x."}},
	"steppers":   {quarter: {"36 x...x...x...x...\n37 ........x.......\n42 x.x.x.x.x.x.x.x."}},
	"ska":        {quarter: {"36 x.......x.......\n38 ....x.......x...\n42 ..x...x...x...x."}},
	"bossa":      {quarter: {"36 x.....x.x.....x.x.....x.x.....x.\n37 x.....x.....x.......x.....x.....\n42 x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x."}},
	"samba":      {quarter: {"36 x..xx..x\n37 x.x.xx.x\n70 xoxxxoxx", "36 x..xx..xx..xx..x\n38 x.xx.x.xx.xx.x.x\n42 xoxxxoxxxoxxxoxx"}},
	"salsa":      {quarter: {"75 x.....x.....x.......x...x.......\n56 x...x.x.x...x.x.x...x.x.x...x.x.\n64 ......xx......xx......xx......xx"}},
	"cha cha":    {quarter: {"56 x...x...x...x...\n36 x.......x.......\n64 ............x.x.\n69 x.x.x.x.x.x.x.x."}},
	"swing":      {quarter: {"51 x...x.x.x...x.x.\n44 ....x.......x...", "51 x...x.x.x...x.x.\n44 ....x.......x...\n36 o...o...o...o...", "51 x...x.x.x...x.x.\n44 ....x.......x...\n38 ......o.......o."}},
	"shuffle":    {quarter: {"36 x.......x.....x.\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.", "36 x.....x.x.......\n38 ....x.......x...\n51 x.x.x.x.x.x.x.x."}, 36: {"36 x.........x.x...........\n38 ......x...........x.....\n51 x.x.x.x.x.x.x.x.x.x.x.x.", "36 x.........x.\n38 ......x.....\n42 x.x.x.x.x.x."}},
	"train":      {quarter: {"36 x...x...x...x...\n38 ooxoooxoooxoooxo"}},
	"two beat":   {quarter: {"36 x.......x.......\n38 ....x.......x...\n42 x.x.x.x.x.x.x.x.", "36 x...\n38 ..x.\n42 x.x.", "36 x.......\n38 ....x..."}},
	"polka":      {quarter: {"36 x...x...\n38 ..x...x.\n42 x.x.x.x."}},
	"march":      {quarter: {"36 x...x...\n38 x.xxx.x.", "36 x.......x.......\n38 ....x.xx....x.xx"}, 36: {"36 x.....x.....\n38 x.x.x.x.x.x."}},
	"waltz":      {quarter: {"36 x...........\n42 ....x...x...", "36 x...........\n38 ....x...x...\n42 x.x.x.x.x.x.", "36 x...........\n37 ....x...x...\n51 x...x...x..."}},
	"jazz waltz": {quarter: {"51 x...x.x.x...\n44 ....x.......", "51 x...x.x.x...\n44 ....x...x...\n36 x...........", "51 x...x...x.x.\n38 ......o.....\n44 ....x......."}},
	"habanera":   {quarter: {"36 x.......\n38 x..xx.x.", "36 x.......x.......\n38 x.....x.x...x..."}},
	"taiko":      {quarter: {"41 x.....x.x.......\n43 ....x.......x.x.", "41 x..x..x.x..x..x.\n45 ....x.......x..."}, 36: {"41 x.....x.....\n43 ....x.....x."}},
})

func parseGrooves(texts map[string]map[int][]string) map[string][]Groove {
	all := map[string][]Groove{}
	for name, byBeat := range texts {
		for _, beat := range []int{quarter, 3 * eighth} {
			for _, text := range byBeat[beat] {
				g, err := ParseGroove(text, sixteenth)
				if err != nil {
					panic("compose: " + name + ": " + err.Error())
				}
				g.Name, g.Beats = name, beat
				all[name] = append(all[name], g)
			}
		}
	}
	return all
}
