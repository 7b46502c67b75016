// Package azure is the secret source of an Azure Key Vault.
//
// It owns the form of the declaration and the names that a vault can have; a
// name that would change where a token is sent is refused before any call.
// It does not call Azure yet: Find says so. Data flows document.Node -> Spec.
package azure

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// errNotBuilt is what every azure_vault source answers so far.
type errNotBuilt struct{}

func (errNotBuilt) Error() string { return "not built yet" }
func (errNotBuilt) Hint() string  { return "on a laptop, --local FILE stands in for the vault" }

// Secret is one secret of a vault and the key that a handler asks for.
type Secret struct {
	Key, Name, Version string // version "": the newest
}

// Spec is an azure_vault source as declared.
type Spec struct {
	Name       string   // of the vault, or its https URL
	K8sSecret  string   // the Kubernetes Secret with the credentials
	Secrets    []Secret // none, and no Bundle: every secret of the vault
	Bundle     []string // secrets whose value is one JSON object of keys
	Credential string   // auto, mounted, workload, managed or certificate
}

var fields = []string{"name", "k8s_secret", "secrets", "bundle", "credential"}

var credentials = []string{"auto", "mounted", "workload", "managed", "certificate"}

// Parse reads a declaration's source: a map, or a string that holds a JSON or
// Python literal of one, as mlrun run -s gives it.
func Parse(n *document.Node) (Spec, error) {
	if n.Kind == document.String {
		literal, err := document.ParseLiteral(n.At, n.Text)
		if err != nil {
			return Spec{}, err
		}
		n = literal
	}
	var problems document.Problems
	spec := Spec{Credential: "auto"}
	if n.Kind != document.Map {
		problems.Add(n.At, "", "an azure_vault source must be a map, not %s", n.Kind)
		return spec, problems.Err()
	}
	for _, f := range n.Fields {
		spec.field(&problems, f)
	}
	if n.Field("name") == nil {
		problems.Add(n.At, "", "an azure_vault source needs the vault's name")
	}
	return spec, problems.Err()
}

func (s *Spec) field(problems *document.Problems, f document.Field) {
	switch f.Name {
	case "name":
		if s.Name = problems.Text(f.Value, "name"); f.Value.Kind == document.String && !validVault(s.Name) {
			problems.Add(f.Value.At, "a vault's name is 3 to 24 letters, digits and single hyphens, a letter first",
				"%s is no name of a vault", document.Shown(s.Name))
		}
	case "k8s_secret":
		if s.K8sSecret = problems.Text(f.Value, "k8s_secret"); f.Value.Kind == document.String && !validK8sSecret(s.K8sSecret) {
			problems.Add(f.Value.At, "its name is 1 to 253 lower-case letters, digits, hyphens and dots",
				"%s is no name of a Kubernetes Secret", document.Shown(s.K8sSecret))
		}
	case "secrets":
		s.secrets(problems, f.Value)
	case "bundle":
		s.Bundle = problems.Texts(f.Value, "bundle")
		for _, name := range s.Bundle {
			checkName(problems, f.Value.At, name)
		}
	case "credential":
		s.Credential = problems.Text(f.Value, "credential")
		if f.Value.Kind == document.String && !slices.Contains(credentials, s.Credential) {
			problems.Add(f.Value.At, "one of "+strings.Join(credentials, ", "), "unknown credential")
		}
	default:
		problems.Unknown(f, "an azure_vault source", slices.Clone(fields)...)
	}
}

func (s *Spec) secrets(problems *document.Problems, n *document.Node) {
	if n.Kind != document.List {
		problems.Add(n.At, "", "secrets must be a list, not %s", n.Kind)
	}
	seen := map[string]bool{}
	for _, item := range n.Items {
		secret := parseSecret(problems, item)
		if seen[secret.Key] && secret.Key != "" {
			problems.Add(item.At, "", "%s is twice in secrets", document.Shown(secret.Key))
		}
		seen[secret.Key] = true
		s.Secrets = append(s.Secrets, secret)
	}
}

// parseSecret reads a key, or a map of key, name and version. An underscore,
// which no vault's name can hold, is looked up as a hyphen.
func parseSecret(problems *document.Problems, n *document.Node) Secret {
	secret := Secret{Key: n.Text}
	if n.Kind == document.Map {
		for _, f := range n.Fields {
			switch f.Name {
			case "key":
				secret.Key = problems.Text(f.Value, "key")
			case "name":
				secret.Name = problems.Text(f.Value, "name")
			case "version":
				secret.Version = problems.Text(f.Value, "version")
			default:
				problems.Unknown(f, "a secret of a vault", "key", "name", "version")
			}
		}
	} else if !n.Scalar() {
		problems.Add(n.At, "", "a secret of a vault is a key, or a map, not %s", n.Kind)
		return secret
	}
	if secret.Name == "" {
		secret.Name = strings.ReplaceAll(secret.Key, "_", "-")
	}
	if secret.Key == "" {
		secret.Key = secret.Name
	}
	checkName(problems, n.At, secret.Name)
	if secret.Version != "" && !only(secret.Version, hex) {
		problems.Add(n.At, "", "the version of %s is not hexadecimal digits", document.Shown(secret.Key))
	}
	return secret
}

const (
	hex     = "0123456789abcdef"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	names   = letters + "0123456789-"
)

func only(s, set string) bool { return s != "" && strings.TrimLeft(s, set) == "" }

func checkName(problems *document.Problems, at document.Position, name string) {
	if len(name) > 127 || !only(name, names) {
		problems.Add(at, "a secret's name is 1 to 127 letters, digits and hyphens", "%s is no name of a vault's secret", document.Shown(name))
	}
}

// domains are those of the public and the sovereign clouds.
var domains = []string{".vault.azure.net", ".vault.azure.cn", ".vault.usgovcloudapi.net"}

// validVault reports whether name is a vault's name, or an https URL of one in
// a known domain with nothing after it.
func validVault(name string) bool {
	if u, err := url.Parse(name); err == nil && u.Scheme == "https" {
		for _, domain := range domains {
			if vault, ok := strings.CutSuffix(strings.ToLower(u.Host), domain); ok && strings.TrimSuffix(name, "/") == "https://"+u.Host {
				return validVault(u.Host[:len(vault)]) // as written: a Kelvin sign is a k in lower case
			}
		}
		return false
	}
	return len(name) >= 3 && len(name) <= 24 && only(name, names) && !strings.Contains(name, "--") &&
		strings.ContainsAny(name[:1], letters) && !strings.HasSuffix(name, "-")
}

// validK8sSecret reports whether name is a DNS subdomain, which is what a
// Kubernetes object is called: no path can be made of it.
func validK8sSecret(name string) bool {
	return len(name) <= 253 && only(name, strings.ToLower(names)+".") && strings.Trim(name, "-.") == name
}

// Keys is the keys that the source declares; none where the vault has to be
// asked for them.
func (s Spec) Keys() []string {
	if len(s.Bundle) > 0 {
		return nil
	}
	var keys []string
	for _, secret := range s.Secrets {
		keys = append(keys, secret.Key)
	}
	return keys
}

// Find is an error of the source as a whole: it is not built yet.
func (s Spec) Find(context.Context) ([]resolve.Finding, error) { return nil, errNotBuilt{} }
