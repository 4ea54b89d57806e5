package labels

import (
	"strings"
	"time"

	"earworm/schema"
)

// Unsaid are the labels, all of one track, that are not among those said, with
// the times at which they will stand: a label of a moment that another has is
// given the next one, and what takes it back follows it.
func Unsaid(said, labels []schema.Label) (missing []schema.Label) {
	at := map[int64]schema.Label{}
	for _, l := range said {
		l = exact(l)
		at[l.At.UnixMilli()] = l
	}
	moved := map[int64]time.Time{}
	for _, l := range labels {
		l = exact(l)
		was := l.At.UnixMilli()
		if to, ok := moved[l.TakesBack.UnixMilli()]; ok && !l.TakesBack.IsZero() {
			l.TakesBack = to
		}
		there, taken := at[l.At.UnixMilli()]
		for taken && there != l {
			l.At = l.At.Add(time.Millisecond)
			there, taken = at[l.At.UnixMilli()]
		}
		moved[was] = l.At
		if !taken {
			at[l.At.UnixMilli()] = l
			missing = append(missing, l)
		}
	}
	return missing
}

// exact is a label as every store and file keeps it: times to the millisecond,
// and a note's lines ended as CSV readers end them.
func exact(l schema.Label) schema.Label {
	l.At, l.TakesBack = l.At.UTC().Truncate(time.Millisecond), l.TakesBack.UTC().Truncate(time.Millisecond)
	l.Note = strings.ReplaceAll(l.Note, "\r\n", "\n")
	return l
}
