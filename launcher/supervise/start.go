//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

// start starts both processes and sends them what they need. Signals that come
// from its begin on wait for the loop.
func (s *supervisor) start() error {
	strings := takeStrings() // before a child shows them too
	defer clear(strings)
	if err := sigstate.BlockAll(); err != nil {
		return err
	}
	sigstate.RequeueAll()
	ReserveThreads(3) // before there is a directory to leave behind
	if !isInit() {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	directory := ""
	if s.Config.Directory != nil {
		var err error
		if s.directory, err = s.Config.Directory(); err != nil {
			return err
		}
		directory = s.directory.Reference()
	}
	s.tty = terminal{fd: -1, group: unix.Getpgrp()}
	if !s.NewSession {
		s.tty = openTerminal()
	}
	p, err := s.newPipes()
	if err == nil {
		err = s.startChildren(p)
	}
	if err != nil {
		return fmt.Errorf("start the handler's process: %w", err)
	}
	p.closeChildEnds()
	return s.tell(directory, strings)
}

// startChildren starts the process that becomes the handler, in a process group
// of its own, and the companion, in a session of its own, so that no terminal
// interrupts it. If this process dies before the handler starts, the kernel
// kills the first; the companion ends when its link does.
func (s *supervisor) startChildren(p pipes) (err error) {
	program, err := Self()
	if err != nil {
		return err
	}
	s.given = s.tty.ours()
	s.handler, err = fork(program, HandlerProcess, p.handler, &syscall.SysProcAttr{
		Setsid: s.NewSession, Setpgid: !s.NewSession, Foreground: s.given, Ctty: s.tty.fd, Pdeathsig: syscall.SIGKILL,
	})
	if err == nil && s.Companion {
		s.companion, err = fork(program, CompanionProcess, p.companion, &syscall.SysProcAttr{Setsid: true})
	}
	return err
}

// fork starts this program as the role, with an empty environment, and with its
// arguments saying no more than where its descriptors are.
func fork(program string, role Role, files childFiles, attributes *syscall.SysProcAttr) (int, error) {
	args := []string{string(role)}
	for _, fd := range files.passed {
		args = append(args, strconv.Itoa(fd))
		if fd < 0 {
			continue
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return 0, err
		}
		defer unix.CloseOnExec(fd)
	}
	return syscall.ForkExec(program, args, &syscall.ProcAttr{Files: files.standard[:], Sys: attributes})
}

// tell sends the children what this process was started with. The one that
// resolves the secrets gets the arguments and the environment: the companion, if
// there is one.
func (s *supervisor) tell(directory string, block []byte) error {
	header := message{Signals: s.Signals, Directory: directory, Companion: s.companion > 0}
	for _, child := range []struct{ link, pid int }{{s.handlerLink, s.handler}, {s.companionLink, s.companion}} {
		if child.pid == 0 {
			continue
		}
		resolves := child.pid == s.companion || s.companion == 0
		var strings []byte
		if header.Arguments = 0; resolves {
			header.Arguments, strings = len(os.Args), block
		}
		if err := header.send(child.link, strings); err != nil {
			return fmt.Errorf("start the handler's process: send it the task: %w", err)
		}
	}
	return nil
}

// execFilename is AT_EXECFN of getauxval(3).
const execFilename = 31

// Self returns a path of this program.
func Self() (string, error) {
	const link = "/proc/self/exe" // right even if the file was deleted or replaced
	if unix.Access(link, unix.X_OK) == nil {
		return link, nil
	}
	vector, err := unix.Auxv()
	if err != nil {
		return "", err
	}
	for _, entry := range vector {
		if entry[0] == execFilename {
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&entry[1]))), nil // on the initial stack
		}
	}
	return "", fmt.Errorf("find this program: %w", unix.ENOENT)
}
