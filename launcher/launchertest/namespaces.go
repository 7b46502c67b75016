package launchertest

import (
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// namespaces holds the result of each set of namespaces that was tried, by its
// flags.
var namespaces sync.Map

// NeedsNamespaces skips a test, or fails it, if this user cannot make the
// namespaces that cmd asks for, or cannot mount anything in them.
func NeedsNamespaces(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if cmd.SysProcAttr == nil || cmd.SysProcAttr.Cloneflags == 0 {
		return
	}
	reason, tried := namespaces.Load(cmd.SysProcAttr.Cloneflags)
	if !tried {
		reason = tryNamespaces(cmd.SysProcAttr)
		namespaces.Store(cmd.SysProcAttr.Cloneflags, reason)
	}
	if reason != "" {
		Lacks(t, "user, PID and mount namespaces", "the launcher in a container: "+reason.(string))
	}
}

// tryNamespaces returns why a process with these attributes cannot start and
// mount something, "" if it can.
func tryNamespaces(attributes *syscall.SysProcAttr) string {
	script := "true"
	switch flags := attributes.Cloneflags; {
	case flags&syscall.CLONE_NEWNS != 0 && flags&syscall.CLONE_NEWPID != 0:
		script = "mount -t proc proc /proc"
	case flags&syscall.CLONE_NEWNS != 0:
		script = "mount --make-rprivate / && mount -t tmpfs none /run"
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: attributes.Cloneflags, UidMappings: attributes.UidMappings, GidMappings: attributes.GidMappings,
	}
	if err := cmd.Run(); err != nil {
		return err.Error()
	}
	return ""
}
