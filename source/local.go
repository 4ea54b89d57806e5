package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"earworm/schema"
)

// notAFolder tells the error of a path that goes through a file, or whose
// name no file system could hold.
func notAFolder(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ELOOP)
}

// local hashes a file where it is.
func (o *Opener) local(ctx context.Context, name string) (_ *File, err error) {
	f, err := o.openLocal(name)
	if err != nil {
		return nil, err
	}
	keep := false
	defer func() {
		if !keep {
			f.Close()
		}
	}()
	// Asked of what is open now, whatever the name stands for by this time.
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, notAFile(name, info.Mode())
	}
	if info.Size() > o.config.MaxBytes {
		return nil, o.tooLarge(name)
	}
	sum := sha256.New()
	size, err := copyUpTo(ctx, sum, f, o.config.MaxBytes)
	if errors.Is(err, errTooLarge) {
		return nil, o.tooLarge(name)
	}
	if err != nil {
		return nil, fileError(name, err)
	}
	file := &File{Path: name, SHA256: digest(sum), Size: size}
	if open := fmt.Sprintf("/proc/self/fd/%d", f.Fd()); len(o.config.Roots) > 0 && exists(open) {
		// Whoever decodes reads this very file: its name may lead out of the
		// roots a moment later.
		file.Path, file.remove, keep = open, f.Close, true
	}
	return file, nil
}

// openLocal opens a file, in one of the roots where there are any. It does not
// wait, as the opening of a FIFO would, nor wake a device.
func (o *Opener) openLocal(name string) (*os.File, error) {
	if len(o.config.Roots) > 0 {
		return o.openInRoots(name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, notAFile(name, info.Mode())
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fileError(name, err)
	}
	return f, nil
}

// openInRoots follows links on both sides, so that one root may link into
// another, and opens what they lead to through the root that holds it: a link
// that is put there in the meantime leads nowhere.
func (o *Opener) openInRoots(name string) (*os.File, error) {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	for _, path := range o.config.Roots {
		path, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue // a root that is not there holds nothing
		}
		rel, err := filepath.Rel(path, target)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		return openBelow(path, rel, name)
	}
	return nil, schema.Fail(schema.AccessDenied, "fetch %q: outside the allowed roots", name)
}

func openBelow(path, rel, name string) (*os.File, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer root.Close()
	info, err := root.Stat(rel)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, notAFile(name, info.Mode())
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fileError(name, err)
	}
	return f, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func notAFile(name string, mode fs.FileMode) *schema.Failure {
	return schema.Fail(schema.UnsupportedFormat, "fetch %q: is %s, not a file", name, kind(mode))
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

var (
	errTooLarge = errors.New("too large")
	errWrite    = errors.New("write")
)

// copyUpTo copies at most limit bytes, and is errTooLarge where there are more.
// It looks at ctx between blocks.
func copyUpTo(ctx context.Context, dst io.Writer, src io.Reader, limit int64) (int64, error) {
	block := make([]byte, 256<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return size, err
		}
		n, err := src.Read(block)
		size += int64(n)
		if size > limit {
			return size, errTooLarge
		}
		if _, werr := dst.Write(block[:n]); werr != nil {
			return size, fmt.Errorf("%w: %w", errWrite, werr)
		}
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

func digest(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
