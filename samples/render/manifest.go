package render

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"earworm/schema"
)

// Item is a line of the manifest: an excerpt and what is known of it. Fields
// that its source does not know are left out.
type Item struct {
	Audio  string `json:"audio"` // file in the manifest's folder: 22,050 Hz, mono, 16 bits
	Source string `json:"source"`
	Piece  string `json:"piece"`
	Font   string `json:"font"`
	Drums  string `json:"drums,omitempty"` // kit that played most of the drums; "" where the font or a machine did
	Split  string `json:"split"`           // "train" or "valid"
	Genre  string `json:"genre,omitempty"`

	Nothing bool `json:"nothing,omitempty"` // no music: there is nothing to be known

	TempoBPM  float64      `json:"tempo_bpm,omitempty"` // of Beats
	Key       schema.Key   `json:"key,omitempty"`
	Meter     schema.Meter `json:"meter,omitzero"`      // as written
	Beats     []float64    `json:"beats,omitempty"`     // s, rising: felt beats
	Positions []int        `json:"positions,omitempty"` // one a beat, 1 the downbeat; absent where bars are unsure

	TuningCents float64  `json:"tuning_cents"` // of the whole recording against A4 = 440 Hz
	Weight      float64  `json:"weight"`
	Augment     []string `json:"augment,omitempty"`
}

const manifestName = "manifest.ndjson"

// manifest is the file that says which items are there. A line stands for an
// item whose audio is whole.
type manifest struct {
	dir   string
	file  *os.File
	items map[string]Item
}

// openManifest reads what an earlier run left. A last line that was cut short
// is dropped: its item is rendered again.
func openManifest(dir string) (*manifest, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	m := &manifest{dir: dir, items: map[string]Item{}}
	path := filepath.Join(dir, manifestName)
	items, whole, err := ReadManifest(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, i := range items {
		m.items[i.Audio] = i
	}
	if m.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	if err := m.file.Truncate(whole); err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	if _, err := m.file.Seek(whole, 0); err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	return m, nil
}

// ReadManifest reads a manifest, and how many of its bytes are whole lines:
// a run may be writing the last. A whole line that is no item is an error.
func ReadManifest(path string) (items []Item, whole int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read manifest: %w", err)
	}
	for number := 1; ; number++ {
		end := slices.Index(data[whole:], '\n')
		if end < 0 {
			return items, whole, nil
		}
		var i Item
		if err := json.Unmarshal(data[whole:whole+int64(end)], &i); err != nil {
			return nil, 0, fmt.Errorf("read manifest %q: line %d: %w", path, number, err)
		}
		items = append(items, i)
		whole += int64(end) + 1
	}
}

func (m *manifest) has(i int) bool {
	_, ok := m.items[fmt.Sprintf("%06d.wav", i)]
	return ok
}

// count is how many of the first n items are there.
func (m *manifest) count(n int) int {
	count := 0
	for i := range n {
		if m.has(i) {
			count++
		}
	}
	return count
}

// add appends an item; the caller has seen to it that its audio is whole.
func (m *manifest) add(i Item) error {
	line, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if _, err := m.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	m.items[i.Audio] = i
	return nil
}

func (m *manifest) close() error { return m.file.Close() }

// finish writes the manifest anew in order, so that it does not tell how many
// jobs or runs made it.
func (m *manifest) finish() error {
	if err := m.close(); err != nil {
		return fmt.Errorf("finish manifest: %w", err)
	}
	all := make([]Item, 0, len(m.items))
	for _, i := range m.items {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b Item) int { return cmp.Compare(a.Audio, b.Audio) })
	path := filepath.Join(m.dir, manifestName)
	f, err := os.Create(path + ".new")
	if err != nil {
		return fmt.Errorf("finish manifest: %w", err)
	}
	out := bufio.NewWriter(f)
	lines := json.NewEncoder(out)
	for _, i := range all {
		if err := lines.Encode(i); err != nil {
			return errors.Join(fmt.Errorf("finish manifest: %w", err), f.Close())
		}
	}
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("finish manifest: %w", err)
	}
	return os.Rename(path+".new", path)
}
