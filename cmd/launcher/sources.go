package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/env"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
	"github.com/seed45446ece/launcher/resolve/local"
)

// kind is one kind of secret source.
type kind struct {
	name         string
	confidential bool
	remote       bool   // it is asked over a network
	absent       string // what to do where it has not got a key
	open         func(resolve.Declaration, surroundings) (opened, error)
}

// surroundings is what a source may need besides its declaration.
type surroundings struct {
	environ      resolve.Environ
	local        string // the file of --local
	realm        azure.Clouds
	vault        vaults
	confidential bool // --require-confidential
}

// vaults is all vaults of a task.
type vaults interface {
	Source(spec azure.Spec) resolve.Source
	Forget() // has all secrets read again
}

// opened is a source, and the variables that carry its secrets in.
type opened struct {
	resolve.Source
	variables []string
	vault     *azure.Spec // of a vault that is asked
}

// kinds is the table of sources.
var kinds = []kind{
	{"inline", false, false, "give it a value in the task", openInline},
	{"env", false, false, "set the variable, or mark the source optional: true", openEnv},
	{"file", false, false, "add it to the file, or mark the source optional: true", openFile},
	{"kubernetes", true, false, "add the key to the project's Secret and to the pod, or mark the source optional: true", openKubernetes},
	{"azure_vault", true, true, "", openAzure},
}

func kindOf(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

func kindNames() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

func openInline(d resolve.Declaration, _ surroundings) (opened, error) {
	source, err := inline.New(d)
	return opened{Source: source}, err
}

func openEnv(d resolve.Declaration, around surroundings) (opened, error) {
	source, err := env.New(d, around.environ)
	return opened{Source: source, variables: source.Variables()}, err
}

func openFile(d resolve.Declaration, _ surroundings) (opened, error) {
	source, err := file.New(d)
	return opened{Source: source}, err
}

func openKubernetes(d resolve.Declaration, around surroundings) (opened, error) {
	spec, err := kubernetes.Parse(d.Source)
	if around.local != "" {
		return opened{Source: localSource(around.local, spec.Keys), variables: spec.Variables(around.environ)}, err
	}
	if spec.Confidential = around.confidential; around.confidential {
		err = errors.Join(err, spec.CheckConfidential(d.At))
	}
	return opened{Source: spec.Source(around.environ), variables: spec.Variables(around.environ)}, err
}

func openAzure(d resolve.Declaration, around surroundings) (opened, error) {
	if around.local != "" {
		spec, err := azure.Parse(d.Source, around.realm)
		return opened{Source: localSource(around.local, spec.Keys())}, err
	}
	realm, err := withAuthority(around.realm, around.environ)
	spec, wrong := azure.Parse(d.Source, realm)
	if err := errors.Join(wrong, err); err != nil {
		return opened{}, err
	}
	return opened{around.vault.Source(spec), azureSecrets, &spec}, nil
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
		return realm, advised{fmt.Errorf("variable %s: %w", name, err), "correct or unset it, or set --azure-authority"}
	}
	realm.Authority = authority
	return realm, nil
}

// azureSecrets is the variables that hold a secret of Azure's, or that hand out
// the machine's identity. The handler does not get them: the launcher may read a
// vault with them.
var azureSecrets = []string{
	"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD",
	"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET",
}

func localSource(path string, keys []string) resolve.Source {
	return local.Source{Path: path, Keys: keys, Match: handler.Match}
}

// bound is a task's sources, and the variables that carry their secrets.
type bound struct {
	sources   []resolve.Bound
	variables []string
	forget    func() // has remote sources look again

	// credentialFiles is the files that vaults are read with, those that exist.
	credentialFiles []string
}

// bind finds the source of each declaration. A task without a kubernetes source
// has that of all keys, as in MLRun. All problems are in the error.
func bind(declarations []resolve.Declaration, around surroundings, s settings) (bound, error) {
	var problems document.Problems
	b := bound{variables: around.environ.WithPrefix(kubernetes.Prefix), forget: around.vault.Forget} // whatever the task asks for
	project := true
	for _, d := range declarations {
		project = project && d.Kind != "kubernetes"
		k, ok := kindOf(d.Kind)
		switch {
		case !ok:
			problems.Add(d.At, "one of "+kindNames(), "unknown kind of secret source %s", document.Shown(d.Kind))
			continue
		case s.requireConfidential && !k.confidential:
			problems.Add(d.At, "use kubernetes or azure_vault", "--require-confidential refuses the %s source", d.Kind)
		}
		source, err := k.open(d, around)
		problems.Join(err)
		b.add(d, k, source)
		if source.vault != nil {
			b.credentialFiles = append(b.credentialFiles, source.vault.CredentialFiles(around.environ, s.azureCredentials)...)
		}
	}
	slices.Sort(b.credentialFiles)
	b.credentialFiles = slices.Compact(b.credentialFiles)
	if project {
		k, _ := kindOf("kubernetes")
		d := resolve.Declaration{Kind: k.name, At: document.Position{Origin: "the task"}}
		source, err := k.open(d, around)
		problems.Join(err)
		b.add(d, k, source)
	}
	return b, problems.Err()
}

func (b *bound) add(d resolve.Declaration, k kind, source opened) {
	b.sources = append(b.sources, resolve.Bound{Declaration: d, Source: source.Source, Confidential: k.confidential, Remote: k.remote})
	b.variables = append(b.variables, source.variables...)
}

// advised is an error with what to do about it.
type advised struct {
	error
	advice string
}

func (a advised) Hint() string  { return a.advice }
func (a advised) Unwrap() error { return a.error }

// split takes a Resolve error apart: what stops the start, each with its
// advice, and what is only a warning: missing keys if they are let through, and
// with them secrets that are there and may not be read.
func split(err error, warnMissing bool) (stop, warning error) {
	if err == nil {
		return nil, nil
	}
	var stops, warnings []error
	for _, e := range document.Flatten(err) {
		var key *resolve.KeyError
		about := errors.As(e, &key)
		absent, denied := about && errors.Is(e, resolve.ErrAbsent), about && errors.Is(e, resolve.ErrDenied)
		if absent && hint(e) == "" {
			k, _ := kindOf(key.Provider)
			e = advised{e, k.absent}
		}
		if warnMissing && (absent || denied) || denied && key.Optional {
			warnings = append(warnings, e)
		} else {
			stops = append(stops, e)
		}
	}
	return errors.Join(stops...), errors.Join(warnings...)
}
