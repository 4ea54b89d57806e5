package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"earworm/labels"
	"earworm/schema"
)

// Import adds what is in an export to the store. It reads r through before it
// writes anything, and refuses all where a line cannot be; seen, if any, is told
// after each track that is written, of how many. What the store has
// stays: labels are added to its own, and of an analysis or a vector that both
// have the store's stays. The version that serves becomes the export's where
// nobody has chosen one yet. Twice is once; one that was stopped is finished by
// doing it again.
//
// Pictures, batches and answers are not moved, and a failure has the time at
// which it was imported.
func Import(ctx context.Context, s Store, r io.ReadSeeker, seen func(of Total)) (Total, error) {
	head, total, err := lines(r, func(*entry) error { return ctx.Err() })
	if err != nil {
		return Total{}, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Total{}, err
	}
	if _, _, err = lines(r, func(e *entry) error {
		if err := write(ctx, s, e); err != nil {
			return err
		}
		if seen != nil {
			seen(total)
		}
		return nil
	}); err != nil {
		return Total{}, err
	}
	return total, serve(ctx, s, head.Serving)
}

// lines reads an export and hands its entries on. It names the line that is wrong.
func lines(r io.Reader, each func(*entry) error) (head header, total Total, err error) {
	from := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	from.DisallowUnknownFields()
	began := false
	for n := 1; ; n++ {
		var l line
		err := from.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return head, total, fmt.Errorf("the export ends at line %d without its total: it was cut off", n)
		case err != nil:
			return head, total, fmt.Errorf("line %d of the export: %w", n, err)
		case l.Header != nil && !began:
			began, head = true, *l.Header
			if head.Format != Format {
				return head, total, fmt.Errorf("the export has format %d; this earworm reads %d", head.Format, Format)
			}
		case l.Entry != nil && began:
			total.add(l.Entry)
			if err := l.Entry.check(); err != nil {
				return head, total, fmt.Errorf("line %d of the export: %w", n, err)
			}
			if err := each(l.Entry); err != nil {
				return head, total, err
			}
		case l.Total != nil && began:
			if *l.Total != total {
				return head, total, fmt.Errorf("the export holds %+v and says %+v: lines are missing", total, *l.Total)
			}
			return head, total, nil
		default:
			return head, total, fmt.Errorf("line %d is none of an export; want what earworm export wrote", n)
		}
	}
}

// write adds one track and what is known of it.
func write(ctx context.Context, s Store, e *entry) error {
	if _, err := s.AddTrack(ctx, e.Track); err != nil {
		return err
	}
	there, err := s.Track(ctx, e.Track.ID)
	if err != nil {
		return err
	}
	if err := addAnalyses(ctx, s, e, there); err != nil {
		return err
	}
	said, err := s.TrackLabels(ctx, e.Track.ID)
	if err != nil {
		return err
	}
	for _, l := range labels.Unsaid(said, e.Labels) {
		if err := s.AddLabel(ctx, l); err != nil {
			return err
		}
	}
	for space, v := range e.Vectors {
		_, err := s.TrackVector(ctx, e.Track.ID, space)
		if errors.Is(err, schema.ErrNotFound) {
			err = s.PutVector(ctx, e.Track.ID, space, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addAnalyses saves those that the store does not have, and leaves the track
// as its newest attempt did.
func addAnalyses(ctx context.Context, s Store, e *entry, there schema.Track) error {
	heard, err := s.TrackAnalyses(ctx, e.Track.ID)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(e.Analyses), func(a schema.Analysis) bool {
		return slices.ContainsFunc(heard, func(h schema.Analysis) bool { return h.ModelVersion == a.ModelVersion })
	})
	slices.SortFunc(missing, older)
	for _, a := range missing {
		if err := s.SaveAnalysis(ctx, a); err != nil {
			return err
		}
	}
	if len(missing) > 0 && len(heard) > 0 && older(missing[len(missing)-1], heard[0]) < 0 {
		newest, err := s.Analysis(ctx, e.Track.ID, heard[0].ModelVersion) // saved again, the track shows it again
		if err == nil {
			err = s.SaveAnalysis(ctx, newest)
		}
		if err != nil {
			return err
		}
	}
	last := e.Track
	if there.Status != schema.Pending && !there.UpdatedAt.Before(last.UpdatedAt) {
		if len(missing) == 0 {
			return nil // the store's own end is newer, and nothing was saved over it
		}
		last = there
	}
	if last.Failure == nil {
		return nil
	}
	return s.SaveFailure(ctx, last.ID, last.ModelVersion, *last.Failure)
}

// importer is who promoted a version that served in the exported store.
const importer = "import"

// serve lets the export's version serve, and the one before it be the one to go
// back to, unless somebody has chosen already.
func serve(ctx context.Context, s Store, want schema.Serving) error {
	now, err := s.Serving(ctx)
	if err != nil || want.ModelVersion == "" {
		return err
	}
	if now.By != importer && (now.By != "" || now.Revision > 1) {
		return nil
	}
	began := now
	for _, version := range []string{want.Previous, want.ModelVersion} {
		if version == "" || version == now.ModelVersion || now.ModelVersion == want.ModelVersion && now.Previous == want.Previous {
			continue
		}
		next, err := s.Promote(ctx, version, importer, now)
		if errors.Is(err, schema.ErrNotFound) {
			continue // of a version that has no analysis any more
		}
		if err != nil {
			return err
		}
		now = next
	}
	if now.Revision == began.Revision && now.By != importer {
		return nil
	}
	for t, err := range s.AllTracks(ctx) {
		if err == nil {
			err = s.RefreshFeatures(ctx, t.ID)
		}
		if err != nil && !errors.Is(err, schema.ErrNotFound) {
			return err
		}
	}
	return nil
}
