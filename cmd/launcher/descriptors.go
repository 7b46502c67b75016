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
	paths := []string{s.task}
	if s.local != nil {
		paths = append(paths, s.local.Path)
	}
	for _, d := range sources {
		if spec, err := file.ParseSpec(d.Source, d.At); d.Kind == task.File && err == nil {
			paths = append(paths, spec.Path)
		}
	}
	for _, path := range paths {
		if fd := file.Descriptor(path); fd > 2 {
			descriptors = append(descriptors, fd)
		}
	}
	return descriptors
}

// defaultDelivery returns stdin if a flag has the launcher read standard input:
// then it has nothing to lose, and it carried the task or secrets in.
func (s settings) defaultDelivery() launcher.Delivery {
	isStdin := func(source string) bool {
		path, ok := strings.CutPrefix(source, task.File+"=")
		return ok && (file.Descriptor(path) == 0 || strings.Contains(path, `"/dev/stdin"`)) // as it is, or in JSON
	}
	if s.task == cli.StandardInput || file.Descriptor(s.task) == 0 || s.local != nil && file.Descriptor(s.local.Path) == 0 ||
		slices.ContainsFunc(s.secrets, isStdin) {
		return launcher.Stdin
	}
	return launcher.DefaultDelivery()
}
