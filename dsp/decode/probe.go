package decode

import (
	"context"
	"fmt"
	"math"
	"time"
)

// probeTime is what telling a file's format may take: a few reads.
const probeTime = 5 * time.Second

// Probe tells what a file is from its header, without decoding any of it.
// Errors are those of Open, ErrUnsupported for what is no audio among them.
func Probe(ctx context.Context, path string) (Info, error) {
	f, size, err := openFile(path, math.MaxInt64)
	if err != nil {
		return Info{}, fmt.Errorf("probe %q: %w", path, err)
	}
	defer f.Close()
	w := newWatch(ctx, probeTime)
	w.begin()
	t, err := examine(&guardedFile{f, w}, size)
	if err != nil {
		return Info{}, fmt.Errorf("probe %q: %w", path, err)
	}
	return t.info, nil
}
