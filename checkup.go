package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"earworm/cnn"
	"earworm/queue"
	"earworm/schema/cassandra"
	"earworm/schema/sqlite"
)

// leastFree is how much of a disk ought to be left before it is worth a word.
const leastFree = 1 << 30

func (d *doctorConfig) weights(context.Context) []finding {
	model, err := cnn.Load()
	if err != nil {
		return []finding{{"weights", bad, err.Error(), "the binary is damaged: install it anew"}}
	}
	return []finding{{"weights", good, model.Version(), ""}}
}

func (d *doctorConfig) ffmpeg(ctx context.Context) []finding {
	if d.work.decoder == "native" {
		return []finding{{"ffmpeg", good, "not wanted: --decoder is native", ""}}
	}
	const install = "install ffmpeg, or name it by --ffmpeg; without it AAC, M4A, Opus, AIFF and WMA fail as unsupported_format"
	missing := warning
	if d.work.decoder == "ffmpeg" {
		missing = bad
	}
	program := d.work.ffmpeg
	if program == "" {
		program = "ffmpeg"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return []finding{{"ffmpeg", missing, "not found", install}}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "-version").Output()
	if err != nil {
		return []finding{{"ffmpeg", bad, path + " does not run: " + err.Error(), install}}
	}
	version, _, _ := bytes.Cut(said, []byte(" Copyright"))
	return []finding{{"ffmpeg", good, string(bytes.TrimPrefix(version, []byte("ffmpeg version "))) + " at " + path, ""}}
}

func (d *doctorConfig) temp(context.Context) []finding {
	folder := os.TempDir()
	if err := writable(folder); err != nil {
		return []finding{{"temp", bad, err.Error(), "downloads go there: make it writable, or set TMPDIR to a folder that is"}}
	}
	return []finding{disk("temp", folder, d.work.maxBytes, "a download of --max-bytes would not fit: free some, or set TMPDIR to a larger disk")}
}

// disk looks at what is free where a folder is.
func disk(check, folder string, least int64, advice string) finding {
	free, err := freeBytes(folder)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return finding{check, good, folder, ""}
	case err != nil:
		return finding{check, warning, err.Error(), ""}
	case free < least:
		return finding{check, warning, fmt.Sprintf("%s has %s free", folder, gibibytes(free)), advice}
	}
	return finding{check, good, fmt.Sprintf("%s, %s free", folder, gibibytes(free)), ""}
}

func gibibytes(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }

func (d *doctorConfig) roots(context.Context) (found []finding) {
	for _, root := range d.work.sources.roots {
		f := finding{"roots", good, root, ""}
		if _, err := os.ReadDir(root); err != nil {
			f = finding{"roots", bad, err.Error(), "no file below it can be analysed: mount it, or take it out of --roots"}
		}
		found = append(found, f)
	}
	return found
}

func (d *doctorConfig) catalogue(ctx context.Context) []finding {
	if d.store.fleet() {
		return d.cassandra(ctx)
	}
	path, err := d.store.file()
	if err != nil {
		return []finding{{"store", bad, err.Error(), "--store PATH says where the store is"}}
	}
	err = sqlite.Examine(ctx, path)
	folder := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []finding{d.newStore(path)}
	case err != nil:
		return []finding{{"store", bad, err.Error(), "move the file away and restore the last backup; docs/operations.md says how"}}
	}
	if err := writable(folder); err != nil {
		return []finding{{"store", bad, err.Error(), "SQLite writes beside the file: make the folder writable"}}
	}
	return []finding{
		{"store", good, "sqlite at " + path + ", whole", ""},
		disk("disk", folder, leastFree, "a full disk stops the store, and damages nothing: free some"),
	}
}

// newStore looks at where a store is to be made.
func (d *doctorConfig) newStore(path string) finding {
	folder := filepath.Dir(path)
	for { // the nearest folder that is there
		if _, err := os.Stat(folder); err == nil || filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	if err := writable(folder); err != nil {
		return finding{"store", bad, err.Error(), "the store is to be made there: make it writable, or name another place by --store"}
	}
	return finding{"store", good, "sqlite at " + path + ", made at first use", ""}
}

func (d *doctorConfig) cassandra(ctx context.Context) (found []finding) {
	nodes, err := cassandra.Examine(ctx, d.store.cassandra)
	for _, n := range nodes {
		f := finding{"cassandra", good, fmt.Sprintf("%s at %s, %s", n.Version, n.Address, n.Memtable), ""}
		if unfit := n.Fit(); errors.Is(unfit, cassandra.ErrMemtable) {
			f = finding{"cassandra", bad, unfit.Error(), "set memtable.configurations.default to a TrieMemtable in its cassandra.yaml and restart it; docs/operations.md has the lines"}
		} else if unfit != nil {
			f = finding{"cassandra", bad, unfit.Error(), "upgrade it"}
		}
		found = append(found, f)
	}
	switch {
	case errors.Is(err, cassandra.ErrOlder):
		return append(found, finding{"keyspace", bad, err.Error(), "earworm migrate brings it up to date"})
	case errors.Is(err, cassandra.ErrNewer):
		return append(found, finding{"keyspace", bad, err.Error(), "bring this earworm up to the version of the others"})
	case err != nil && len(nodes) == 0:
		return append(found, finding{"cassandra", bad, err.Error(), "start it, or see that --cassandra, its port, the password, --cassandra-ca and the way there are right"})
	case err != nil:
		return append(found, finding{"keyspace", bad, err.Error(), "see that --cassandra-username may read and write the keyspace"})
	}
	return append(found, finding{"keyspace", good, d.store.cassandra.Keyspace + ", up to date", ""})
}

// maxSkew is how far clocks may be apart before leases are taken for ended.
const maxSkew = 10 * time.Second

func (d *doctorConfig) jobs(ctx context.Context) (found []finding) {
	if d.queue.redis == "" {
		return []finding{{"redis", good, "not wanted: the queue is in the process of earworm serve", ""}}
	}
	q, err := d.queue.open(ctx, queue.Config{})
	if err != nil {
		return []finding{{"redis", bad, err.Error(), "start it, or see that --redis, its password, --redis-ca and the way there are right"}}
	}
	defer q.Close()
	s, err := q.Examine(ctx)
	if err != nil {
		return []finding{{"redis", bad, err.Error(), "see that its user may run INFO and TIME"}}
	}
	found = append(found, finding{"redis", good, d.queue.name() + ", version " + s.Version, ""})
	if s.Limited && s.Eviction != "noeviction" {
		found = append(found, finding{
			"redis", bad, "maxmemory-policy is " + s.Eviction + ": a full Redis drops jobs",
			"CONFIG SET maxmemory-policy noeviction: then it refuses new jobs, and none is lost",
		})
	}
	if !s.Persists {
		found = append(found, finding{
			"redis", warning, "it keeps no append-only file: after a restart the queue is empty",
			"appendonly yes in redis.conf; without it pending tracks are enqueued again when a worker starts",
		})
	}
	if s.ClockSkew.Abs() > maxSkew {
		found = append(found, finding{
			"clock", bad, fmt.Sprintf("Redis's clock is %v off this machine's", s.ClockSkew.Round(time.Second)),
			"keep both by NTP: jobs of this machine would be taken for lost, or lost ones for alive",
		})
	}
	return found
}
