package web

import (
	"errors"
	"net/http"

	"earworm/schema"
)

// mostSimilar is how many neighbours a track's page shows.
const mostSimilar = 8

// neighbour is a track that sounds like another.
type neighbour struct {
	ID       schema.TrackID
	Name     string
	Artist   string
	Alike    float64
	Features schema.Features
}

// similar is the part of a track's page that comes after the rest: the nearest
// in the space of the version that readers are served by.
func (s *Site) similar(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), schema.TrackID(r.PathValue("id"))
	f, err := s.Store.Features(ctx, id)
	if err != nil {
		return err
	}
	var near []schema.Neighbour
	v, err := s.Store.TrackVector(ctx, id, f.ModelVersion)
	if err == nil {
		near, err = s.Store.Nearest(ctx, schema.Near{Space: f.ModelVersion, Vector: v, Limit: mostSimilar + 1})
	}
	if err != nil && !errors.Is(err, schema.ErrNotFound) {
		return err
	}
	var list []neighbour
	for _, n := range near {
		if n.TrackID == id || len(list) == mostSimilar {
			continue
		}
		t, err := s.Store.Track(ctx, n.TrackID)
		if err != nil {
			return err
		}
		f, err := s.Store.Features(ctx, n.TrackID)
		if err != nil && !errors.Is(err, schema.ErrNotFound) {
			return err
		}
		list = append(list, neighbour{t.ID, named(t), t.Artist, n.Similarity, f})
	}
	return showPart(w, http.StatusOK, "track.html", "similar", list)
}
