package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes the store, as it is at one moment, to a new file at path, while
// others read and write. The file has its name only once it is whole and on
// disk. fs.ErrExist, wrapped, where the path is taken.
func (s *Store) Backup(ctx context.Context, path string) error {
	return s.wrap(fmt.Sprintf("back up to %q", path), s.backup(ctx, path))
}

func (s *Store) backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".earworm-backup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	part := filepath.Join(folder, "part")
	// A reader refuses it by query_only; in its place it holds up this process's
	// writes, not those of others.
	if _, err := s.w.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := synced(part); err != nil {
		return err
	}
	return os.Link(part, path) // unlike a rename, it replaces nothing
}

// synced makes sure that a file has reached its disk.
func synced(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
