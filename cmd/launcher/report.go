package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// newReport returns the report of this process. In a pod, errors and warnings go
// to the container's termination log too.
func newReport(inPod bool) cli.Report {
	report := cli.Report{Program: "launcher", Out: standardError{}}
	if inPod {
		report.Log = &terminationLog{path: "/dev/termination-log"} // the default; a pod may have it elsewhere
	}
	return report
}

// end reports an error and returns the exit status for it.
func (p *program) end(err error) int {
	status := p.report.End(err)
	if _, notFound := errors.AsType[*launcher.NotFoundError](err); notFound {
		return cli.StatusNotFound
	}
	if _, cannotRun := errors.AsType[*launcher.CannotRunError](err); cannotRun {
		return cli.StatusCannotRun
	}
	return status
}

// standardError writes to descriptor 2 without os.File, whose write to a pipe
// that nobody reads ends the program by SIGPIPE and so changes its status.
type standardError struct{}

func (standardError) Write(text []byte) (int, error) {
	if err := supervise.WriteAll(2, text); err != nil {
		return 0, err
	}
	return len(text), nil
}

// standardOutput writes to descriptor 1. It keeps its error, which the printer of help
// ignores. If nobody reads the output, the status is that of SIGPIPE, without a message:
// os.File would end a program that blocks the signal with status 2.
type standardOutput struct{ err error }

func (o *standardOutput) Write(text []byte) (int, error) {
	err := supervise.WriteAll(1, text)
	switch {
	case errors.Is(err, unix.EPIPE):
		o.err = cli.ExitStatus(128 + int(unix.SIGPIPE))
	case err != nil:
		o.err = fmt.Errorf("write standard output: %w", err)
	default:
		return len(text), nil
	}
	return 0, o.err
}

// terminationLog appends to the file whose last 4,096 bytes Kubernetes shows of a
// container that has ended. Kubernetes creates the file before the container starts.
// What does not fit is only in the container's log, and the last line says so.
type terminationLog struct {
	path string // "" once the file is full
}

const (
	maxTermination = 4096
	moreMessages   = "launcher: see the container's log for more messages\n"
)

func (l *terminationLog) Write(text []byte) (int, error) {
	if l.path == "" {
		return len(text), nil
	}
	fd, err := unix.Open(l.path, unix.O_WRONLY|unix.O_APPEND|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	var file unix.Stat_t
	if unix.Fstat(fd, &file) == nil && file.Size+int64(len(text)) > int64(maxTermination-len(moreMessages)) {
		l.path, text = "", []byte(moreMessages)
	}
	n, err := unix.Write(fd, text)
	_ = unix.Close(fd)
	return n, err
}
