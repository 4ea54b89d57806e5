//go:build unix

package decode

import (
	"os/exec"
	"syscall"
)

// inOwnGroup has the end of the context kill a child together with whatever
// the child started.
func inOwnGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
