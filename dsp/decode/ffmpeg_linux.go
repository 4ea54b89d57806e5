package decode

import (
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a child may use at most. Decoding takes a fifth of the memory.
const (
	childMemory = 2 << 30 // bytes of address space
	childFiles  = 64
)

// handOver has a child inherit a file and returns the name it has there: the
// child needs no way to the file's folder.
func handOver(c *exec.Cmd, f *os.File, path string) string {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return path
	}
	c.ExtraFiles = []*os.File{f}
	return "/proc/self/fd/3"
}

// isolation is the index of the first of networks that this machine may allow.
var isolation atomic.Int32

// networks are the ways to start a child without a network, the strictest
// first: alone where root may, within a user's own namespace, not at all.
var networks = []func(*syscall.SysProcAttr){
	func(a *syscall.SysProcAttr) { a.Cloneflags = syscall.CLONE_NEWNET },
	func(a *syscall.SysProcAttr) {
		a.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	},
	func(*syscall.SysProcAttr) {},
}

// start starts what prepare makes, without a network where the machine allows
// that: containers mostly do not, and have policies of their own.
func start(prepare func() (*exec.Cmd, error)) (*exec.Cmd, error) {
	for {
		way := isolation.Load()
		c, err := prepare()
		if err != nil {
			return nil, err
		}
		networks[way](c.SysProcAttr)
		err = c.Start()
		if err == nil || int(way) == len(networks)-1 || !refused(err) {
			return c, err
		}
		isolation.CompareAndSwap(way, way+1)
	}
}

// refused tells that a namespace was not to be had.
func refused(err error) bool {
	for _, number := range []error{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSPC, syscall.ENOSYS, syscall.EUSERS} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// limit bounds a child that has just begun: its memory, its processor time,
// its open files. It can write no file and leave no core.
func limit(child *os.Process, timeout time.Duration) error {
	for resource, most := range map[int]uint64{
		unix.RLIMIT_AS:     childMemory,
		unix.RLIMIT_CPU:    uint64(timeout/time.Second) + 5,
		unix.RLIMIT_NOFILE: childFiles,
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_CORE:   0,
	} {
		if err := unix.Prlimit(child.Pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return err
		}
	}
	return nil
}
