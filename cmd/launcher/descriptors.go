package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
)

// descriptorPath matches a path by which a process opens its own descriptor.
var descriptorPath = regexp.MustCompile(`^/(?:dev|proc/self)/fd/(\d+)$`)

// carriers returns the inherited descriptors that the task or secrets are read
// from. The handler does not inherit them, like the variables that carry secrets
// in: it could read keys that the task does not name.
func carriers(s settings, sources []resolve.Declaration) (descriptors []int) {
	paths := []string{s.task, s.local}
	for _, d := range sources {
		if d.Kind == task.File {
			paths = append(paths, file.PathOf(d))
		}
	}
	for _, path := range paths {
		match := descriptorPath.FindStringSubmatch(path)
		if match == nil {
			continue
		}
		if fd, err := strconv.Atoi(match[1]); err == nil && fd > 2 {
			descriptors = append(descriptors, fd)
		}
	}
	return descriptors
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
