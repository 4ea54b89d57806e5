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
	"strings"
	"syscall"

	"earworm/schema"
)

// notAFolder tells the error of a path that goes through a file, or whose
// name no file system could hold.
func notAFolder(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ELOOP)
}

// local hashes a file where it is.
func (o *Opener) local(ctx context.Context, name string) (*File, error) {
	if err := o.inRoots(name); err != nil {
		return nil, err
	}
	// Asked before opening: opening a FIFO waits for its writer.
	info, err := os.Stat(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, schema.Fail(schema.UnsupportedFormat, "fetch %q: is %s, not a file", name, kind(info.Mode()))
	}
	if info.Size() > o.config.MaxBytes {
		return nil, o.tooLarge(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := copyUpTo(ctx, sum, f, o.config.MaxBytes)
	if errors.Is(err, errTooLarge) {
		return nil, o.tooLarge(name)
	}
	if err != nil {
		return nil, fileError(name, err)
	}
	return &File{Path: name, SHA256: digest(sum), Size: size}, nil
}

// inRoots follows links on both sides, so that none leads out of a root.
func (o *Opener) inRoots(name string) error {
	if len(o.config.Roots) == 0 {
		return nil
	}
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return fileError(name, err)
	}
	for _, root := range o.config.Roots {
		root, err := filepath.EvalSymlinks(root)
		if err != nil {
			continue // a root that is not there holds nothing
		}
		rel, err := filepath.Rel(root, target)
		if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return nil
		}
	}
	return schema.Fail(schema.AccessDenied, "fetch %q: outside the allowed roots", name)
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

var errTooLarge = errors.New("too large")

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
			return size, fmt.Errorf("write: %w", werr)
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
