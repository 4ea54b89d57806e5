package watched_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/schema/storetest"
	"earworm/schema/watched"
)

// diary keeps what it is told.
type diary struct {
	begun []string
	ended []error
}

func (d *diary) begin(ctx context.Context, operation string) (context.Context, func(error)) {
	d.begun = append(d.begun, operation)
	return ctx, func(err error) { d.ended = append(d.ended, err) }
}

func open(t *testing.T) schema.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var capital = regexp.MustCompile(`[A-Z]`)

func snake(name string) string {
	return strings.ToLower(strings.TrimPrefix(capital.ReplaceAllString(name, "_$0"), "_"))
}

// Whatever a store can do but close, under its own name, and ended once: an
// operation that is added to schema.Store and not here fails this.
func TestEveryOperationIsTold(t *testing.T) {
	t.Parallel()
	kind := reflect.TypeFor[schema.Store]()
	for method := range kind.Methods() {
		if method.Name == "Close" || method.Name == "Parts" { // no errors, no time
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			t.Parallel()
			var d diary
			s := watched.Store(open(t), d.begin)
			defer s.Close()
			in := []reflect.Value{reflect.ValueOf(t.Context())}
			for j := 1; j < method.Type.NumIn(); j++ {
				in = append(in, reflect.Zero(method.Type.In(j)))
			}
			out := reflect.ValueOf(s).MethodByName(method.Name).Call(in)
			if out[0].Kind() == reflect.Func { // a walk: make it
				for range out[0].Seq2() {
				}
			}
			if want := []string{snake(method.Name)}; !slices.Equal(d.begun, want) || len(d.ended) != 1 {
				t.Errorf("begun %v, ended %v; want %v, ended once", d.begun, d.ended, want)
			}
		})
	}
}

func TestErrorsAreTold(t *testing.T) {
	t.Parallel()
	var d diary
	s := watched.Store(open(t), d.begin)
	defer s.Close()
	if _, err := s.Track(t.Context(), "nobody"); !errors.Is(err, schema.ErrNotFound) || !errors.Is(d.ended[0], schema.ErrNotFound) {
		t.Errorf("returned %v, told %v; want not found twice", err, d.ended)
	}
}

// The time of whoever walks is not the store's.
func TestAWalkIsToldOfAtItsFirstRow(t *testing.T) {
	t.Parallel()
	var d diary
	s := watched.Store(open(t), d.begin)
	defer s.Close()
	for _, id := range []schema.TrackID{"a", "b"} {
		if _, err := s.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///" + string(id), Status: schema.Pending, AddedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	d = diary{}
	rows := 0
	for _, err := range s.AllTracks(t.Context()) {
		rows++
		if err != nil || len(d.ended) != 1 {
			t.Errorf("at row %d: ended %d times, %v; want once", rows, len(d.ended), err)
		}
	}
	if rows != 2 {
		t.Errorf("%d rows; want 2", rows)
	}
}

// It is still a store.
func TestLawsOfAStore(t *testing.T) {
	t.Parallel()
	var silent watched.Begin = func(ctx context.Context, _ string) (context.Context, func(error)) { return ctx, func(error) {} }
	storetest.Run(t, func(t *testing.T) schema.Store { return watched.Store(open(t), silent) })
}
