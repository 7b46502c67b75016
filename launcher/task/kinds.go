package task

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The names of the kinds of secret sources.
const (
	Inline     = "inline"
	Env        = "env"
	File       = "file"
	Kubernetes = "kubernetes"
	AzureVault = "azure_vault"
	Exec       = "exec"
)

// Kind describes one kind of secret source.
type Kind struct {
	Name string

	Confidential bool   // --require-confidential accepts it
	Yields       bool   // it gives way to kinds that do not, whatever their order, as in MLRun
	Remote       bool   // reading it takes a network, or a program
	RunsProgram  bool   // the declaration names a program to run
	HoldsValues  bool   // the declaration itself holds values
	ReadByClient bool   // MLRun reads it when the task is submitted, not in the pod
	IfMissing    string // the hint for a key that it lacks, "" if it has its own
}

// InPod reports whether a kind that the client reads may be left to the pod,
// which has variables and files of its own.
func (k Kind) InPod() bool { return k.ReadByClient && !k.HoldsValues }

// kinds is the table of all kinds, in the order of messages.
var kinds = [...]Kind{
	{Name: Inline, HoldsValues: true, ReadByClient: true, IfMissing: "give it a value in the task; MLRun's client writes null for a variable that it did not find when it submitted the task"},
	{Name: Env, ReadByClient: true, IfMissing: "set the variable, or mark the source optional: true"},
	{Name: File, ReadByClient: true, IfMissing: "add it to the file, or mark the source optional: true"},
	{Name: Kubernetes, Confidential: true, Yields: true, IfMissing: "add the key to the project's Secret and to the pod, or mark the source optional: true"},
	{Name: AzureVault, Confidential: true, Yields: true, Remote: true},
	{Name: Exec, Confidential: true, Remote: true, RunsProgram: true, IfMissing: "add it to the store, or mark the source optional: true"},
}

// Kinds returns all kinds of secret sources.
func Kinds() []Kind { return slices.Clone(kinds[:]) }

// FindKind returns the kind of that name, and false if there is none.
func FindKind(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds[:], func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// KindNames returns the names of the kinds that match.
func KindNames(match func(Kind) bool) []string {
	var names []string
	for _, k := range kinds {
		if match(k) {
			names = append(names, k.Name)
		}
	}
	return names
}

// KindOf returns the kind of a declaration, and a problem if it is unknown.
func KindOf(d resolve.Declaration) (Kind, error) {
	k, ok := FindKind(d.Kind)
	if ok {
		return k, nil
	}
	all := KindNames(func(Kind) bool { return true })
	return k, &document.Problem{At: d.At, Message: "unknown kind of secret source " + keyname.Show(d.Kind),
		Advice: suggest.Hint("use one of "+strings.Join(all, ", "), d.Kind, "", all...)}
}
