package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"earworm/dsp/decode"
	"earworm/schema"
	"earworm/source"
)

// input is one track to work on, or the reason why there is none.
type input struct {
	path    string // as the person wrote it, or as found below a folder they wrote
	uri     string // canonical
	id      schema.TrackID
	failure *schema.Failure // known before any work
}

// expand turns operands into inputs, in their order: files and addresses stand
// for themselves, a folder for the audio below it, by name, and "-" for the
// operands that stdin lists, one a line. The error is of ctx or of stdin.
func expand(ctx context.Context, operands []string, stdin io.Reader) ([]input, error) {
	var found []input
	for _, operand := range operands {
		if operand != "-" {
			found = append(found, expandOne(ctx, operand)...)
			continue
		}
		lines := bufio.NewScanner(stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if line := strings.TrimSuffix(lines.Text(), "\r"); line != "" {
				found = append(found, expandOne(ctx, line)...)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read the list on stdin: %w", err)
		}
	}
	return found, ctx.Err()
}

func expandOne(ctx context.Context, operand string) []input {
	if isURL(operand) {
		return []input{named(operand)}
	}
	info, err := os.Stat(operand)
	switch {
	case err != nil:
		return []input{unusable(operand, err)}
	case !info.IsDir():
		return []input{named(operand)}
	}
	found, others, err := audioBelow(ctx, operand)
	switch {
	case err != nil:
		return append(found, unusable(operand, err))
	case len(found) == 0 && others == 0:
		return []input{refused(operand, schema.NotFound, "the folder is empty")}
	case len(found) == 0:
		return []input{refused(operand, schema.NotFound, "no audio in this folder; looked at "+plural(others, "file"))}
	}
	return found
}

// audioBelow walks a folder by name. Files and folders whose name begins with
// a dot are left out, folders called testdata too: they hold no music.
func audioBelow(ctx context.Context, folder string) (found []input, others int, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch name := entryName(entry); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == folder:
			return err
		case err != nil:
			found = append(found, unusable(path, err))
			return nil
		case path == folder:
			return nil
		case entry.IsDir() && (strings.HasPrefix(name, ".") || name == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || strings.HasPrefix(name, "."):
			return nil
		}
		// A link to a file is a file; one to a folder is not followed.
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			others++
		} else if isAudio(ctx, path) {
			found = append(found, named(path))
		} else {
			others++
		}
		return nil
	})
	return found, others, err
}

func entryName(entry fs.DirEntry) string {
	if entry == nil {
		return ""
	}
	return entry.Name()
}

// audioNames are endings of which a folder's files are taken unread. What such
// a file really holds, decode finds out and says.
var audioNames = []string{
	".wav", ".wave", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".aac", ".aif", ".aiff",
	".aifc", ".wma", ".ape", ".wv", ".mka", ".webm", ".caf", ".au", ".ac3", ".mp2", ".tta", ".mpc", ".w64", ".rf64",
}

// reason is why the input failed, without its name where the message begins
// with it, since the name as the person wrote it stands before.
func (in input) reason() string {
	reason := in.failure.Message
	for _, verb := range []string{"fetch", "decode", "analyse"} {
		reason = strings.TrimPrefix(reason, fmt.Sprintf("%s %q: ", verb, source.Name(in.uri)))
	}
	return reason
}

// tags are what the file calls itself. A file that cannot be read has none:
// why, the worker says.
func (in input) tags() decode.Tags {
	name, local := source.LocalPath(in.uri)
	if !local {
		return decode.Tags{}
	}
	tags, err := decode.ReadTags(name)
	if err != nil {
		return decode.Tags{}
	}
	return tags
}

func isURL(operand string) bool { return strings.Contains(operand, "://") }

func named(path string) input {
	uri, err := source.Canonical(path)
	if err != nil {
		return unusable(path, err)
	}
	return input{path: path, uri: uri, id: schema.TrackIDOf(uri)}
}

func refused(path string, code schema.Code, why string) input {
	in := input{path: path, failure: &schema.Failure{Code: code, Message: why}}
	if uri, err := source.Canonical(path); err == nil {
		in.uri, in.id = uri, schema.TrackIDOf(uri)
	}
	return in
}

// unusable words a file system error without the path, which stands before it.
func unusable(path string, err error) input {
	code := schema.NotFound
	var failure *schema.Failure
	var pathErr *fs.PathError
	switch {
	case errors.As(err, &failure):
		return refused(path, failure.Code, failure.Message)
	case errors.Is(err, fs.ErrNotExist):
		return refused(path, code, "no such file or folder")
	case errors.Is(err, fs.ErrPermission):
		return refused(path, schema.AccessDenied, "permission denied")
	case errors.As(err, &pathErr):
		err = pathErr.Err
	}
	return refused(path, code, err.Error())
}

// isAudio takes a file for audio by the ending of its name, or else by its
// first bytes.
func isAudio(ctx context.Context, path string) bool {
	if slices.Contains(audioNames, strings.ToLower(filepath.Ext(path))) {
		return true
	}
	_, err := decode.Probe(ctx, path)
	return err == nil
}
