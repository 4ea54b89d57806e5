package web

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"

	"earworm/diff"
	"earworm/schema"
)

// mostMoves is how many moves of keys are drawn and listed.
const mostMoves = 40

// keyMoves is where keys went, on the circle of fifths.
type keyMoves struct {
	Places []wedge // the 24 keys; Count: tracks that left
	Moves  []keyMove
	Rest   int // tracks whose moves are too rare to be shown
}

// keyMove is a ribbon from one key to another: its width at the wide end is by
// its tracks, its tip is where they went.
type keyMove struct {
	From, To, Step string
	Count          int
	Label          string
	Address, Path  string
}

// The circle, in the units of its drawing.
const (
	circleRadius = 92.0
	widestMove   = 12.0
	besideMiddle = math.Pi / 56 // ribbons leave a key clockwise of its middle, and reach it on the other side
)

func keyMovesOf(r diff.Report) (v keyMoves) {
	pairs := slices.SortedFunc(maps.Keys(r.Keys), func(a, b [2]schema.Key) int {
		return cmp.Or(r.Keys[b].Tracks-r.Keys[a].Tracks, cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	left := map[schema.Key]int{}
	for i, pair := range pairs {
		n := r.Keys[pair].Tracks
		left[pair[0]] += n
		if i >= mostMoves {
			v.Rest += n
			continue
		}
		q := url.Values{"old": {r.Old}, "new": {r.New}, "from": {pair[0].String()}, "to": {pair[1].String()}}
		v.Moves = append(v.Moves, keyMove{
			From: pretty(pair[0]), To: pretty(pair[1]), Step: stepOf(pair[0], pair[1]), Count: n,
			Label:   fmt.Sprintf("%s to %s: %s", pretty(pair[0]), pretty(pair[1]), countTracks(n)),
			Address: "/compare?" + q.Encode() + "#changed-h",
			Path:    ribbon(placeOf(pair[0]), placeOf(pair[1]), widestMove*float64(n)/float64(r.Keys[pairs[0]].Tracks)),
		})
	}
	for _, k := range schema.Keys() {
		place := placeOf(k)
		v.Places = append(v.Places, wedge{
			Label: pretty(k), Count: left[k], Path: ringPath(place-math.Pi/26, place+math.Pi/26, circleRadius+2, circleRadius+6),
			X: 112 * math.Cos(place), Y: 112 * math.Sin(place), Minor: k.Minor(),
		})
	}
	return v
}

// placeOf is the direction in which a key stands, in radians clockwise from the
// right. C major is at the top; each minor key follows its relative major.
func placeOf(k schema.Key) float64 {
	fifths := 7 * k.Tonic() % 12
	if k.Minor() {
		fifths = 7 * (k.Tonic() + 3) % 12
	}
	return float64(2*fifths+b2i(k.Minor()))*math.Pi/12 - math.Pi/2
}

// stepOf names a move that ears make too; it is empty for others.
func stepOf(from, to schema.Key) string {
	up, same := (to.Tonic()-from.Tonic()+12)%12, from.Minor() == to.Minor()
	switch {
	case same && up == 7:
		return "a fifth up"
	case same && up == 5:
		return "a fifth down"
	case !same && up == 0:
		return "parallel"
	case !same && up == 9-6*b2i(from.Minor()):
		return "relative"
	}
	return ""
}

// ribbon is the outline of a move between two directions. The nearer they are,
// the nearer it keeps to the circle.
func ribbon(from, to, wide float64) string {
	from, to = from+besideMiddle, to-besideMiddle
	half := max(wide, 1) / 2 / circleRadius
	turn := math.Remainder(to-from, 2*math.Pi)
	pull, middle := circleRadius*0.55*(1-math.Abs(turn)/math.Pi), from+turn/2
	edge := func(side float64) string { // its control point keeps a third of the width
		x := pull*math.Cos(middle) + circleRadius*(math.Cos(from+side)-math.Cos(from))/3
		y := pull*math.Sin(middle) + circleRadius*(math.Sin(from+side)-math.Sin(from))/3
		return fmt.Sprintf("%.2f %.2f", x, y)
	}
	return fmt.Sprintf("M%sQ%s %sQ%s %sZ", at(circleRadius, from-half), edge(-half), at(circleRadius, to), edge(half), at(circleRadius, from+half))
}

// at is a point of a circle around the middle.
func at(radius, direction float64) string {
	return fmt.Sprintf("%.2f %.2f", radius*math.Cos(direction), radius*math.Sin(direction))
}

// ringPath is the outline of a part of a ring between two directions.
func ringPath(from, to, inner, outer float64) string {
	return fmt.Sprintf("M%sA%g %g 0 0 1 %sL%sA%g %g 0 0 0 %sZ", at(outer, from), outer, outer, at(outer, to),
		at(inner, to), inner, inner, at(inner, from))
}
