package launcher

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// environment returns the handler's environment: the launcher's, without its own
// settings and without the variables that carried secrets in.
func (j Job) environment() ([]string, error) {
	environ := make(map[string]string, len(j.Environ)+len(j.Context.Secrets)+2)
	maps.Copy(environ, j.inherited())
	for _, name := range slices.Concat(strings.Fields(Settings), j.Withhold) {
		delete(environ, name)
	}
	environ[handler.Variable] = string(j.Deliver)
	switch j.Deliver {
	case FD:
		environ[handler.Variable] = "fd:3"
	case Files:
		environ[handler.Variable] = "files:" + j.directoryPath()
		for _, s := range j.Context.Secrets {
			if j.Options.Files {
				environ[j.Options.FileVariable(s.Key)] = filepath.Join(j.directoryPath(), s.Key)
			}
		}
	case Socket:
		environ[handler.Variable] = "unix:" + filepath.Join(j.directoryPath(), socketName)
	case Env:
		routes, err := j.Deliver.Routes(j.Context.Secrets, j.Options)
		if err != nil {
			return nil, err
		}
		if err := j.variables(environ, routes); err != nil {
			return nil, err
		}
	}
	return entries(environ), nil
}

// variables adds the variables of the env delivery. It fails if one would be too
// long, or as JSON does, and never changes a value.
func (j Job) variables(environ map[string]string, routes []string) error {
	text, err := j.Context.JSONWithout(task.MemberSecretsEnv, routes)
	if err != nil {
		return err
	}
	environ[handler.VariableJSON] = string(text)
	if j.Options.Prefix == keyname.MLRunPrefix {
		if err := j.Context.addMLRun(environ); err != nil {
			return err
		}
	}
	for _, name := range []string{handler.VariableJSON, task.ExecConfig} {
		if len(name)+1+len(environ[name]) > maxVariable {
			return &RefusedError{"", fmt.Sprintf("env: the task and the names of its keys are longer than the %d bytes of a variable", maxVariable), adviseStdin}
		}
	}
	for i, s := range j.Context.Secrets {
		environ[routes[i]] = string(s.Value.Reveal())
	}
	return nil
}

func entries(environ resolve.Environ) []string {
	entries := make([]string, 0, len(environ))
	for name, value := range environ {
		entries = append(entries, name+"="+value)
	}
	slices.Sort(entries)
	return entries
}

func (j Job) directoryPath() string {
	if j.Directory == nil { // explain makes none
		return ""
	}
	return j.Directory.Path()
}
