package schema

import (
	"context"
	"hash/maphash"
	"math"
	"strings"
)

// Apart says which of a track's values are unlike all others of its album: often
// a mistake, such as half the tempo.
type Apart struct {
	Tempo bool
	Meter bool
}

const (
	// leastAlbum is how many tracks must have a value before one can stand apart
	// from the rest; a folder of more than mostAlbum is no album.
	leastAlbum, mostAlbum = 6, 60
	// apartTempo is how many times faster or slower than the nearest tempo of
	// its album one that stands apart is, at least.
	apartTempo = 1.3
)

// Albums hold what was heard by album, some 30 bytes a track. An album is what
// lies in one folder and, where tags name it, has one album's name. The zero
// Albums are empty. They are for one goroutine.
type Albums struct {
	seed   maphash.Seed
	albums map[uint64][]rhythm
}

type rhythm struct {
	bpm   float32
	meter Meter
}

func (a *Albums) of(t Track) uint64 {
	if a.albums == nil {
		a.seed, a.albums = maphash.MakeSeed(), map[uint64][]rhythm{}
	}
	place, _, _ := strings.Cut(t.Source, "?")
	return maphash.String(a.seed, place[:strings.LastIndexByte(place, '/')+1]+"\n"+t.Album)
}

// Add counts a track in.
func (a *Albums) Add(t Track, f Features) {
	if id := a.of(t); len(a.albums[id]) <= mostAlbum {
		a.albums[id] = append(a.albums[id], rhythm{float32(f.TempoBPM), f.Meter})
	}
}

// Apart compares a track, which has been added, with the others of its album.
// Its meter stands apart where no other has it, its tempo where every other is
// 1.3 times faster or slower, or more; both only where five others have one.
func (a *Albums) Apart(t Track, f Features) Apart {
	album := a.albums[a.of(t)]
	if len(album) > mostAlbum {
		return Apart{}
	}
	var meters, sameMeter, tempi, nearTempo int
	for _, r := range album {
		meters += count(r.meter != Meter{})
		sameMeter += count(r.meter == f.Meter)
		tempi += count(r.bpm > 0)
		ratio := float64(r.bpm) / f.TempoBPM
		nearTempo += count(math.Max(ratio, 1/ratio) < apartTempo)
	}
	return Apart{
		Tempo: f.TempoBPM > 0 && tempi >= leastAlbum && nearTempo <= 1,
		Meter: f.Meter != Meter{} && meters >= leastAlbum && sameMeter <= 1,
	}
}

// MarkApart walks the catalogue twice, to gather its albums and to note, of each
// track, whether it stands apart; only what changed is written. It says how much.
func MarkApart(ctx context.Context, s interface {
	Scanner
	SetApart(ctx context.Context, id TrackID, apart Apart) error
},
) (changed int, err error) {
	var albums Albums
	each := func(do func(Entry) error) error {
		for part := range s.Parts() {
			for e, err := range s.Scan(ctx, part, "") {
				if err == nil && e.Features != nil {
					err = do(e)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := each(func(e Entry) error {
		albums.Add(e.Track, *e.Features)
		return nil
	}); err != nil {
		return 0, err
	}
	return changed, each(func(e Entry) error {
		apart := albums.Apart(e.Track, *e.Features)
		if apart == e.Apart {
			return nil
		}
		changed++
		return s.SetApart(ctx, e.ID, apart)
	})
}
