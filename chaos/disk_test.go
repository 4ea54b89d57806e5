//go:build chaos

package chaos

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a folder on a file system of its own.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a small disk, which wants the rights to: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// full fills a disk to its last byte; the function it returns makes room again.
func full(t *testing.T, folder string) (room func()) {
	t.Helper()
	path := filepath.Join(folder, "filler")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{1 << 16, 1 << 10, 1} {
		for block := make([]byte, size); ; {
			if _, err := file.Write(block); err != nil {
				break
			}
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestDownloadDiskFull: no room for what is fetched from the web, for longer than
// the retries of a job take.
func TestDownloadDiskFull(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks() / 2
	folder := f.music(n)
	web := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(web.Close)
	var addresses []string
	names, err := filepath.Glob(filepath.Join(folder, "*.wav"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		addresses = append(addresses, web.URL+"/"+filepath.Base(name))
	}
	f.env = append(f.env, "EARWORM_ALLOW_PRIVATE=true") // the server is on this machine
	f.enqueue(program, addresses...)
	disk := smallDisk(t, "3m")
	var room func()
	f.amid(n/10, func() { f.start(4, []string{"TMPDIR=" + disk}, "--refill", "1m") }, func() { room = full(t, disk) })
	<-time.After(wait(15*time.Second, 3*time.Minute))
	room()
	f.account(nil)
	f.stop()
	f.noRemains(disk)
}

// TestStoreDiskFull: the disk of an SQLite store is full in the middle of the
// work of two processes.
func TestStoreDiskFull(t *testing.T) {
	t.Parallel()
	f := bare(t)
	disk := smallDisk(t, "30m")
	f.onSQLite(filepath.Join(disk, "earworm.db"))
	n := tracks() / 2
	f.fill(n)
	var room func()
	f.amid(n/10, func() { f.start(2, nil, "--refill", "1m") }, func() { room = full(t, disk) })
	<-time.After(wait(20*time.Second, 3*time.Minute))
	room()
	f.account(nil)
	f.stop()
}
