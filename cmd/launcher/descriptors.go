package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/memfd"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
)

// carriers returns the inherited descriptors that the task or secrets are read
// from, and the context of a launcher that started this one. The handler does not
// inherit them, like the variables that carry secrets in: it could read keys that
// the task does not name.
func carriers(s settings, sources []resolve.Declaration, environ resolve.Environ) (descriptors []int) {
	number, _ := strings.CutPrefix(environ[handler.Variable], "fd:")
	if fd, err := strconv.Atoi(number); err == nil && memfd.IsSealed(fd) { // and not another file by now
		descriptors = append(descriptors, fd)
	}
	paths := []string{s.task, s.local}
	for _, d := range sources {
		if d.Kind == task.File {
			paths = append(paths, file.PathOf(d))
		}
	}
	for _, path := range paths {
		if fd := descriptorOf(path); fd > 2 {
			descriptors = append(descriptors, fd)
		}
	}
	return descriptors
}

// descriptorOf returns the descriptor that a process opens again by this path, -1 for
// none.
func descriptorOf(path string) int {
	for _, directory := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if number, ok := strings.CutPrefix(path, directory); ok {
			if fd, err := strconv.Atoi(number); err == nil {
				return fd
			}
		}
	}
	return -1
}

// defaultDelivery returns stdin if a flag has the launcher read standard input:
// then it has nothing to lose, and it carried the task or secrets in.
func (s settings) defaultDelivery() launcher.Delivery {
	const stdin = "/dev/stdin"
	reads := s.task == cli.StandardInput || s.task == stdin || strings.Contains(s.local, stdin) ||
		slices.ContainsFunc(s.secrets, func(source string) bool {
			return strings.HasPrefix(source, "file=") && strings.Contains(source, stdin)
		})
	if reads {
		return launcher.Stdin
	}
	return launcher.DefaultDelivery()
}
