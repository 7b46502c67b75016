package launcher

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// VariableBin holds the launcher's path for a handler that calls get-secret: the
// launcher may be outside PATH.
const VariableBin = "LAUNCHER_BIN"

// environment returns the handler's environment: the launcher's, without its own
// settings and without the variables that carried secrets in.
func (j Job) environment() ([]string, error) {
	environ := make(map[string]string, len(j.Environ)+len(j.Context.Secrets)+2)
	maps.Copy(environ, j.inherited())
	for _, name := range slices.Concat(strings.Fields(Settings), j.Withhold) {
		delete(environ, name)
	}
	if program, err := os.Executable(); err == nil {
		environ[VariableBin] = program
	}
	environ[handler.Variable] = string(j.Deliver)
	switch j.Deliver {
	case FD: // only the process that becomes the handler knows the number
		delete(environ, handler.Variable)
	case Files:
		environ[handler.Variable] = "files:" + j.directoryPath()
		for _, s := range j.Context.Secrets {
			if name, ok := j.Options.FileVariable(s); ok {
				environ[name] = filepath.Join(j.directoryPath(), s.Key)
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
	if err := j.exported(environ); err != nil {
		return nil, err
	}
	return entries(environ), nil
}

// exported adds the secrets of sources with env: true. The env delivery has all secrets
// as variables anyway.
func (j Job) exported(environ map[string]string) error {
	if j.Deliver == Env {
		return nil
	}
	var secrets []resolve.Secret
	for _, s := range j.Context.Secrets {
		if s.Env {
			secrets = append(secrets, s)
		}
	}
	names, err := Env.Routes(secrets, EnvOptions{Allow: j.Options.Allow})
	for _, e := range document.Unjoin(err) {
		if refused, ok := errors.AsType[*RefusedError](e); ok {
			refused.Advice = strings.Replace(refused.Advice, adviseStdin, "remove env: true from its source", 1)
		}
	}
	for i, s := range secrets {
		environ[names[i]] = string(s.Value.Reveal())
	}
	return err
}

// Exported returns the variable in which a delivery has a secret of a source with
// env: true.
func (EnvOptions) Exported(key string) string { return EnvOptions{}.variable(key) }

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
			return &RefusedError{"", fmt.Sprintf("env: the task and the names of its keys are longer than %d bytes, the limit of a variable", maxVariable), adviseStdin}
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

// environment returns the handler's environment with what only the process that
// becomes the handler knows.
func (e Execution) environment(s Start) []string {
	environ := toStrings(e.Environ)
	if e.Deliver == FD {
		environ = append(environ, handler.Variable+"=fd:"+strconv.Itoa(s.Descriptor))
	}
	if s.Parent != 0 {
		environ = ownSockets(environ, s.Parent, os.Getpid())
	}
	return environ
}

// ownSockets makes sockets that were passed to the supervisor the handler's own,
// sd_listen_fds(3): LISTEN_PID must be the process ID of whom they are for. It
// removes LISTEN_PIDFDID, which identifies the same process in another way.
func ownSockets(environ []string, supervisor, handler int) []string {
	i := slices.Index(environ, "LISTEN_PID="+strconv.Itoa(supervisor))
	if i < 0 {
		return environ
	}
	environ[i] = "LISTEN_PID=" + strconv.Itoa(handler)
	return slices.DeleteFunc(environ, func(entry string) bool { return strings.HasPrefix(entry, "LISTEN_PIDFDID=") })
}

func (j Job) directoryPath() string {
	if j.Directory == nil { // explain makes none
		return ""
	}
	return j.Directory.Path()
}
