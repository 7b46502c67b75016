package main

import (
	"os"
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

// carriers returns the inherited descriptors that the task or secrets are
// read from, and the context of a launcher that started this one. The handler does
// not inherit them, like the variables that carry secrets in: it could read keys
// that the task does not name.
func carriers(s settings, sources []resolve.Declaration, environ resolve.Environ) (descriptors []int) {
	number, _ := strings.CutPrefix(environ[handler.Variable], "fd:")
	if fd, err := strconv.Atoi(number); err == nil && memfd.IsSealed(fd) { // and not another file by now
		descriptors = append(descriptors, fd)
	}
	for _, path := range s.paths(sources) {
		if fd := file.Descriptor(path); fd > 2 || fd == 0 && canBeReadAgain(os.Stdin) {
			descriptors = append(descriptors, fd)
		}
	}
	return descriptors
}

// canBeReadAgain reports whether a file is regular: unlike a pipe or a terminal it
// still has all its text after it was read.
func canBeReadAgain(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// paths returns the paths of the task, of --local and of the file sources.
func (s settings) paths(sources []resolve.Declaration) []string {
	paths := []string{s.task}
	if s.task == cli.StandardInput {
		paths[0] = "/dev/stdin"
	}
	if s.local != nil {
		paths = append(paths, s.local.Path)
	}
	for _, d := range sources {
		if d.Kind != task.File {
			continue
		}
		if source, err := file.New(d, nil); err == nil {
			paths = append(paths, source.Path)
		}
	}
	return paths
}

// defaultDelivery returns stdin if a flag has the launcher read standard input:
// then it has nothing to lose, and it carried the task or secrets in.
func (s settings) defaultDelivery() launcher.Delivery {
	var sources []resolve.Declaration
	for _, flag := range s.secrets {
		if d, err := task.ParseSource("--secrets", flag); err == nil { // else readTask reports it
			sources = append(sources, d)
		}
	}
	if slices.ContainsFunc(s.paths(sources), func(path string) bool { return file.Descriptor(path) == 0 }) {
		return launcher.Stdin
	}
	return launcher.DefaultDelivery()
}
