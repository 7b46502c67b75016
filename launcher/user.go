package launcher

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// User is whom the handler runs as.
type User struct{ UID, GID int }

// maxID is the highest user or group ID; the one above it means none,
// credentials(7).
const maxID = 1<<32 - 2

// ParseUser reads UID[:GID]; nothing is nobody else, nil. Without a GID it is
// the UID, as no list of users is read. Anything but numbers is a RefusedError.
func ParseUser(text string) (*User, error) {
	if text == "" {
		return nil, nil
	}
	uid, gid, both := strings.Cut(text, ":")
	if !both {
		gid = uid
	}
	var u User
	for id, text := range map[*int]string{&u.UID: uid, &u.GID: gid} {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n > maxID {
			return nil, &RefusedError{"", fmt.Sprintf("--user %q is not UID[:GID]", text), "a user is given by number, such as --user 1000:1000; id -u NAME says it"}
		}
		*id = int(n)
	}
	return &u, nil
}

// Check is the error, a RefusedError, where this process may not become the
// user, or where the user could read one of the files in a directory that is
// the launcher's alone. A thread of its own tries it: what the kernel says
// counts, and no bits of a mode.
func (u *User) Check(private []string) error {
	if u == nil {
		return nil
	}
	var files []string
	for _, dir := range private {
		names, _ := os.ReadDir(dir) // one that is not there holds nothing
		for _, name := range names {
			files = append(files, filepath.Join(dir, name.Name()))
		}
	}
	answer := make(chan error)
	go func() {
		runtime.LockOSThread() // without an end: the thread goes with the goroutine
		answer <- u.try(files)
	}()
	return <-answer
}

func (u *User) try(files []string) error {
	if err := u.become(); err != nil {
		return &RefusedError{"", fmt.Sprintf("--user %v: %v", u, err),
			"start the launcher as root, or with CAP_SETUID and CAP_SETGID; or remove --user"}
	}
	for _, file := range files {
		fd, err := unix.Open(file, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		_ = unix.Close(fd)
		return &RefusedError{"", fmt.Sprintf("--user %v: that user can read %q, the launcher's credentials", u, file),
			"mount them with defaultMode 0400, or in a directory that no other user can enter"}
	}
	return nil
}

// become makes this thread the user's, with no group but one and no
// capability: credentials(7), and ambient ones, which outlive that between two
// users that are not root. The goroutine has to be locked to it.
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
	if u.UID == 0 {
		return nil
	}
	return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

func (u *User) String() string { return fmt.Sprintf("%d:%d", u.UID, u.GID) }
