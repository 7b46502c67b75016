//go:build linux && (amd64 || arm64) && !portable

package launcher

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// Check returns a RefusedError if this process may not become the user, or if
// the user can read one of the files, which are the launcher's credentials. A
// thread of its own becomes the user and opens them: what the kernel answers
// counts, not a mode. A file that belongs to the user counts as readable, as its
// owner can change its mode.
func (u *User) Check(credentials []string) error {
	if u == nil {
		return nil
	}
	answer := make(chan error)
	go func() {
		runtime.LockOSThread() // without an end: the thread goes with the goroutine
		answer <- u.try(credentials)
	}()
	return <-answer
}

func (u *User) try(credentials []string) error {
	if err := u.become(); err != nil {
		advice := "start the launcher as root, or with CAP_SETUID and CAP_SETGID; or remove --user"
		if os.Geteuid() == 0 { // capabilities(7), user_namespaces(7)
			advice = "give the container CAP_SETUID and CAP_SETGID, and choose an ID that its user namespace maps (/proc/self/uid_map)"
		}
		return &RefusedError{"", fmt.Sprintf("--user %v: %v", u, err), advice}
	}
	for _, file := range credentials {
		if u.canRead(file) {
			return &RefusedError{"", fmt.Sprintf("--user %v: that user can read %q, the launcher's credentials", u, file),
				"mount them with defaultMode 0400; for a service account's token, set the pod's securityContext.fsGroup"}
		}
	}
	return nil
}

// canRead reports whether this thread, which is the user's, can read a file. A
// directory is none: it may have the name of a Kubernetes Secret.
func (u *User) canRead(file string) bool {
	var st unix.Stat_t
	if unix.Stat(file, &st) == nil {
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFDIR:
			return false
		case int(st.Uid) == u.UID:
			return true
		}
	}
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}

// becomeForGood makes this thread the user's for the program that it is about to
// execute. The session keyring is a new one: the launcher's may hold its user's
// keys. A kernel or a seccomp filter without keyrings gives the handler none.
func (u *User) becomeForGood() error {
	if err := u.become(); err != nil {
		return err
	}
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	if err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("join a session keyring: %w", err)
	}
	return nil
}

// become makes this thread the user's, with no supplementary group and without
// capabilities that outlive execve(2) or the end of being root: the inheritable
// and ambient ones go, and those in effect too unless the user is root. The
// bounding set stays the container's. The goroutine has to be locked to the
// thread. The process stays one that nobody can trace: a change of user takes
// that from fs.suid_dumpable, proc_sys_fs(5).
func (u *User) become() error {
	_, _, err := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0)
	if err == 0 {
		_, _, err = unix.RawSyscall(unix.SYS_SETRESGID, uintptr(u.GID), uintptr(u.GID), uintptr(u.GID))
	}
	if err == 0 {
		_, _, err = unix.RawSyscall(unix.SYS_SETRESUID, uintptr(u.UID), uintptr(u.UID), uintptr(u.UID))
	}
	if err != 0 {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	return u.dropCapabilities()
}

// dropCapabilities changes this thread's sets. The kernel takes a capability from
// the ambient set with the inheritable one, capabilities(7).
func (u *User) dropCapabilities() error {
	header, sets, err := capabilities()
	if err != nil {
		return err
	}
	for i := range sets {
		sets[i].Inheritable = 0
		if u.UID != 0 {
			sets[i] = unix.CapUserData{}
		}
	}
	return unix.Capset(&header, &sets[0])
}

func capabilities() (unix.CapUserHeader, [2]unix.CapUserData, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	err := unix.Capget(&header, &sets[0])
	return header, sets, err
}

const adviseOwnership = "give the container CAP_CHOWN and CAP_DAC_OVERRIDE, or use --deliver stdin"

// checkOwnership returns a RefusedError if this process cannot give the user a
// directory, or cannot delete what the user then has in it.
func (u *User) checkOwnership() error {
	if u == nil || u.UID == os.Geteuid() {
		return nil
	}
	_, sets, err := capabilities()
	if err != nil {
		return err
	}
	const needed = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE
	if sets[0].Effective&needed != needed {
		return &RefusedError{"", fmt.Sprintf("--user %v: the launcher cannot give it a directory: operation not permitted", u), adviseOwnership}
	}
	return nil
}

// owner returns whom files for the user belong to.
func (u *User) owner() (uid, gid int) {
	if u == nil {
		return tmpfs.Keep, tmpfs.Keep
	}
	return u.UID, u.GID
}

// GiveDescriptor gives the user, if not nil, what a descriptor is open on: a pipe
// or a terminal of the launcher's. Without that, or if the launcher lacks
// CAP_CHOWN, the handler can use it, but not open it again as /dev/stdout.
func (u *User) GiveDescriptor(fd int) error {
	if u == nil {
		return nil
	}
	if err := unix.Fchown(fd, u.UID, u.GID); err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("--user %v: give it a descriptor: %w", u, err)
	}
	return nil
}

// give gives the directory to the user, if not nil.
func give(directory *Directory, u *User) error {
	if u == nil {
		return nil
	}
	if err := directory.Give(u.UID, u.GID); err != nil {
		return &RefusedError{"", fmt.Sprintf("--user %v: give it %s: %v", u, directory.Path(), err), adviseOwnership}
	}
	return nil
}
