package task

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The members of the context that the launcher writes itself. Parse refuses
// them in a task, whose other fields are members of the context as well.
const (
	MemberVersion       = "version"
	MemberSecrets       = "secrets"
	MemberSecretsBase64 = "secrets_base64"
	MemberSecretsEnv    = "secrets_env"
	MemberSecretsFiles  = "secrets_files"
)

// Members returns the names of the members that the launcher writes itself.
func Members() []string {
	return []string{MemberVersion, MemberSecrets, MemberSecretsBase64, MemberSecretsEnv, MemberSecretsFiles}
}

// checkMember refuses a field of a task that is one of Members, or differs from
// one only in letter case, "-" and "_": some JSON readers ignore the case.
func checkMember(problems *document.Problems, f document.Field) bool {
	fold := strings.NewReplacer("_", "", "-", "").Replace
	if !slices.ContainsFunc(Members(), func(member string) bool { return strings.EqualFold(fold(f.Name), fold(member)) }) {
		return true
	}
	problems.Add(f.At, "remove it; secrets belong to spec.secret_sources",
		"field %s is reserved: the launcher writes it into the context", keyname.Show(f.Name))
	return false
}
