package launcher

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
)

// pristine lists the variables that --pristine keeps, besides those of the pod's
// services: programs misbehave without them.
const pristine = `PATH HOME USER LOGNAME SHELL TERM TMPDIR TZ LANG LANGUAGE LC_* HOSTNAME KUBERNETES_*`

// inherited returns the launcher's variables that the handler may get: all of
// them, or with --pristine the few that programs expect and the command's own.
func (j Job) inherited() resolve.Environ {
	if !j.Pristine {
		return j.Environ
	}
	kept := resolve.Environ{}
	for name, value := range j.Environ {
		if matches(pristine, name) || j.isService(name) || slices.Contains(j.Command.Needed, name) {
			kept[name] = value
		}
	}
	return kept
}

// isService reports whether Kubernetes sets the variable for a service: one that
// has a NAME_SERVICE_HOST too.
func (j Job) isService(name string) bool {
	for _, part := range []string{"_SERVICE_HOST", "_SERVICE_PORT", "_PORT"} {
		service, rest, ok := strings.Cut(name, part)
		if _, isService := j.Environ[service+"_SERVICE_HOST"]; ok && isService && (rest == "" || rest[0] == '_') {
			return true
		}
	}
	return false
}
