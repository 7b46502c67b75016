package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/env"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
	"github.com/seed45446ece/launcher/resolve/local"
)

// deps holds what sources need besides their declarations.
type deps struct {
	environ      resolve.Environ
	pipes        *file.Pipes
	local        *local.File // of --local, nil without it
	realm        azure.Clouds
	vaults       vaults
	programs     *exec.Programs
	confidential bool // --require-confidential
	listed       kubernetes.Listed
}

// vaults reads all vaults of a task.
type vaults interface {
	Source(spec azure.Spec) resolve.Source
	Forget() // has all secrets read again
}

// openedSource holds a source and the names of the variables that carry its secrets.
type openedSource struct {
	resolve.Source
	variables []string
	wantsAll  bool // all secrets of the project, by the prefix that MLRun before 1.8 uses
}

// openSource opens the source of a declaration whose kind is known.
func openSource(d resolve.Declaration, deps deps) (openedSource, error) {
	switch d.Kind {
	case task.Inline:
		source, err := inline.New(d)
		return openedSource{Source: source}, err
	case task.Env:
		source, err := env.New(d, deps.environ)
		return openedSource{Source: source, variables: source.Variables()}, err
	case task.File:
		source, err := file.New(d, deps.pipes)
		return openedSource{Source: source}, err
	case task.Kubernetes:
		return openKubernetes(d, deps)
	case task.AzureVault:
		return openAzure(d, deps)
	case task.Exec:
		return openExec(d, deps)
	}
	return openedSource{}, fmt.Errorf("internal error: no reader for kind %s", d.Kind)
}

func openKubernetes(d resolve.Declaration, deps deps) (openedSource, error) {
	spec, err := kubernetes.Parse(d.Source)
	spec.Listed = deps.listed
	if deps.local != nil {
		return openedSource{Source: deps.local.Source(spec.Keys, len(spec.Keys) == 0, d.Prefix), variables: spec.Variables(deps.environ)}, err
	}
	if spec.Confidential = deps.confidential; deps.confidential {
		err = errors.Join(err, spec.CheckConfidential(d.At))
	}
	if err == nil && spec.ListsAll() && spec.Prefix == "" && !deps.listed.Known {
		err = &document.Problem{At: d.At, Message: "env_prefix is empty, and nothing lists the keys", Advice: "list them in secrets, or with --" + projectSecretsFlag}
	}
	return openedSource{spec.Source(deps.environ), spec.Variables(deps.environ), spec.ListsAll() && spec.Prefix == keyname.MLRunPrefix}, err
}

func openAzure(d resolve.Declaration, deps deps) (openedSource, error) {
	if deps.local != nil {
		spec, err := azure.Parse(d.Source, deps.realm)
		return openedSource{Source: deps.local.Source(spec.Secrets, spec.Keys() == nil, d.Prefix)}, err
	}
	realm, err := withAuthority(deps.realm, deps.environ)
	spec, parseErr := azure.Parse(d.Source, realm)
	if err := errors.Join(parseErr, err); err != nil {
		return openedSource{}, err
	}
	return openedSource{Source: deps.vaults.Source(spec), variables: azureSecretVariables}, nil
}

// withAuthority returns the realm with the authority of AZURE_AUTHORITY_HOST if
// it has none.
func withAuthority(realm azure.Clouds, environ resolve.Environ) (azure.Clouds, error) {
	const name = "AZURE_AUTHORITY_HOST"
	if realm.Authority != "" || environ[name] == "" {
		return realm, nil
	}
	authority, err := azure.ParseAuthority(environ[name])
	if err != nil {
		return realm, cli.WithHint(fmt.Errorf("variable %s: %w", name, err), "correct or unset it, or set --azure-authority")
	}
	realm.Authority = authority
	return realm, nil
}

// azureSecretVariables hold a secret of Azure's, or hand out the machine's
// identity. The handler does not get them: the launcher may read a vault with
// them.
var azureSecretVariables = []string{
	"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD",
	"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET",
}

// newLocal returns the file of --local, nil without it.
func newLocal(spec *file.Spec, pipes *file.Pipes) *local.File {
	if spec == nil {
		return nil
	}
	return &local.File{Spec: *spec, Pipes: pipes, Match: handler.Matches}
}

// taskSources holds a task's sources and the names of the variables that carry
// their secrets.
type taskSources struct {
	sources   []resolve.Bound
	variables []string
	forget    func() // has remote sources read again
	wantsAll  bool   // a source is for all secrets of the project
}

// openSources opens the source of each declaration. A task without a kubernetes
// source gets one of all keys, as in MLRun. The error holds all problems.
func openSources(declarations []resolve.Declaration, deps deps) (taskSources, error) {
	var problems document.Problems
	carriers := append(deps.environ.WithPrefix(keyname.MLRunPrefix), deps.listed.Names()...) // whatever the task asks for
	t := taskSources{variables: carriers, forget: deps.vaults.Forget}
	declared := false
	for _, d := range declarations {
		declared = declared || d.Kind == task.Kubernetes
		problems.AddErr(t.add(d, deps))
	}
	if !declared {
		problems.AddErr(t.add(resolve.Declaration{Kind: task.Kubernetes, At: document.Position{Origin: "the task"}}, deps))
	}
	return t, problems.Err()
}

// add opens one more source.
func (t *taskSources) add(d resolve.Declaration, deps deps) error {
	kind, err := task.KindOf(d)
	if err != nil {
		return err
	}
	var problems document.Problems
	if deps.confidential && !kind.Confidential {
		names := task.KindNames(func(k task.Kind) bool { return k.Confidential })
		problems.Add(d.At, "use one of "+strings.Join(names, ", "), "--require-confidential refuses the %s source", d.Kind)
	}
	source, err := openSource(d, deps)
	problems.AddErr(err)
	if deps.confidential {
		refuseDefaults(&problems, source.Source)
	}
	declareLocally(deps.local, d, source.Source)
	t.sources = append(t.sources, resolve.Bound{Declaration: d, Source: source.Source, Yields: kind.Yields, Remote: kind.Remote})
	t.variables = append(t.variables, source.variables...)
	t.wantsAll = t.wantsAll || source.wantsAll
	return problems.Err()
}

// refuseVariables returns a problem for each source with env: true. In the socket
// delivery a secret is read when the handler asks, and a variable would not follow.
func refuseVariables(declarations []resolve.Declaration) error {
	var problems document.Problems
	for _, d := range declarations {
		if d.Env {
			problems.Add(d.At, "use another delivery, such as files, or remove env: true", "env: true cannot be used with --deliver socket: a variable is set once")
		}
	}
	return problems.Err()
}

// refuseDefaults adds a problem for each default of a source.
func refuseDefaults(problems *document.Problems, source resolve.Source) {
	for _, d := range resolve.DefaultsOf(source) {
		problems.Add(d.At, "remove the default, or mark the source optional: true", "--require-confidential refuses the default of %s, which is in the task", keyname.Show(d.Key))
	}
}

// declareLocally tells the file of --local which keys another source declares.
func declareLocally(file *local.File, d resolve.Declaration, source resolve.Source) {
	declaring, ok := source.(interface{ Keys() []string })
	if file == nil || !ok {
		return
	}
	for _, key := range declaring.Keys() {
		file.Declare(d.Prefix + key)
	}
}

// credentialFiles returns what --user has to keep from the handler: the files
// that may be mounted for any vault, and the token of workload identity if the
// task has a vault. Without one the token may be meant for the handler.
func (t taskSources) credentialFiles(environ resolve.Environ, directory string) []string {
	files := azure.CredentialFiles(environ, directory)
	isVault := func(b resolve.Bound) bool { return b.Kind == task.AzureVault }
	if token := environ[azure.TokenVariable]; token != "" && slices.ContainsFunc(t.sources, isVault) {
		files = append(files, token)
	}
	return files
}

// separateMissing divides a Resolve error into what stops the start, each with its
// hint, and warnings. With warnMissing, missing keys and secrets that may not be
// read are warnings.
func separateMissing(err error, warnMissing bool) (stop, warning error) {
	if err == nil {
		return nil, nil
	}
	var stops, warnings []error
	for _, e := range document.Unjoin(err) {
		var key *resolve.KeyError
		about := errors.As(e, &key)
		absent, denied := about && errors.Is(e, resolve.ErrAbsent), about && errors.Is(e, resolve.ErrDenied)
		if absent && cli.Hint(e) == "" {
			k, _ := task.FindKind(key.Provider)
			e = cli.WithHint(e, k.IfMissing)
		}
		if warnMissing && (absent || denied) || denied && key.Optional {
			warnings = append(warnings, e)
		} else {
			stops = append(stops, e)
		}
	}
	return errors.Join(stops...), errors.Join(warnings...)
}
