// Package azure reads the declaration of an azure_vault source.
//
// It owns the form of the declaration and the names of vaults, and refuses a name
// that would change where a token is sent. It makes no request: package keyvault
// does, so a program can check a task without linking the Azure SDK.
// Data flows document.Node, Clouds -> Spec.
package azure

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Secret is one secret of a vault: its name and version, and the key that a handler
// asks for.
type Secret = keylist.Key

// Spec describes an azure_vault source as declared.
type Spec struct {
	Name       string   // of the vault, or its https URL
	K8sSecret  string   // the Kubernetes Secret with the credentials
	Secrets    []Secret // none, and no Bundle: every secret of the vault
	Bundle     []string // secrets whose value is one JSON object of keys
	Credential string   // auto, mounted, workload, managed or certificate

	Host      string // of the vault, with the port unless it is 443
	Authority string // the https URL of the Entra that issues the token
	Resource  string // what the token is for; "" if only the vault can say

	APIVersion string // of requests to the vault; "" is the SDK's
}

// Credentials lists the ways to authenticate to a vault.
var Credentials = []string{"auto", "mounted", "workload", "managed", "certificate"}

// Parse reads a declaration: a map, or a string that holds a map as a JSON or
// Python literal, as mlrun run -s passes it. The vault must be in one of
// Microsoft's clouds or in one of the operator's domains.
func Parse(n *document.Node, clouds Clouds) (Spec, error) {
	n, err := document.Unwrap(n)
	if err != nil {
		return Spec{}, err
	}
	var problems document.Problems
	spec := Spec{Credential: "auto", APIVersion: clouds.APIVersion}
	if n.Kind != document.Map {
		problems.Add(n.At, "", "an azure_vault source must be a map, not %s", n.Kind)
		return spec, problems.Err()
	}
	for _, f := range n.Fields {
		spec.field(&problems, f, clouds)
	}
	if n.Field("name") == nil {
		problems.Add(n.At, "", "an azure_vault source needs the vault's name")
	}
	return spec, problems.Err()
}

func (s *Spec) field(problems *document.Problems, f document.Field, clouds Clouds) {
	switch f.Name {
	case "name":
		s.name(problems, f.Value, clouds)
	case "k8s_secret":
		if s.K8sSecret = problems.Text(f.Value, "k8s_secret"); f.Value.Kind == document.String && !validK8sSecret(s.K8sSecret) {
			problems.Add(f.Value.At, "use 1 to 253 lower-case letters, digits, hyphens and dots",
				"%s is not the name of a Kubernetes Secret", keyname.Show(s.K8sSecret))
		}
	case "secrets":
		s.secrets(problems, f.Value)
	case "bundle":
		s.Bundle = problems.Texts(f.Value, "bundle")
		for _, name := range s.Bundle {
			checkName(problems, f.Value.At, name)
		}
	case "credential":
		s.Credential = problems.Choice(f.Value, "credential", Credentials)
	default:
		problems.Unknown(f, "an azure_vault source", "name", "k8s_secret", "secrets", "bundle", "credential")
	}
}

func (s *Spec) name(problems *document.Problems, n *document.Node, clouds Clouds) {
	s.Name = problems.Text(n, "name")
	if n.Kind != document.String {
		return
	}
	place, ok := clouds.find(s.Name)
	s.Host, s.Authority, s.Resource = place.host, place.authority, place.resource
	switch {
	case ok:
	case strings.Contains(s.Name, "://"):
		problems.Add(n.At, "use https://NAME.vault.azure.net, or a domain that --azure-domain allows", "%s is not the URL of a vault", keyname.Quote(s.Name))
	default:
		problems.Add(n.At, "use 3 to 24 letters, digits and single hyphens, a letter first",
			"%s is not the name of a vault", keyname.Show(s.Name))
	}
}

// secrets reads the list of keys. An underscore in a key becomes a hyphen in the
// name, as a vault allows no underscores.
func (s *Spec) secrets(problems *document.Problems, n *document.Node) {
	s.Secrets = keylist.Form{
		Source: "an azure_vault source", Version: true, Map: true, CheckName: checkName,
		NameOf: func(key string) string { return strings.ReplaceAll(key, "_", "-") },
	}.Parse(problems, n)
	for _, secret := range s.Secrets {
		if secret.Version != "" && !consistsOf(secret.Version, hexDigits) {
			problems.Add(secret.At, "", "the version of %s is not hexadecimal digits", keyname.Show(secret.Key))
		}
	}
}

const (
	hexDigits = "0123456789abcdef"
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	nameChars = letters + "0123456789-"
)

func consistsOf(s, set string) bool { return s != "" && strings.TrimLeft(s, set) == "" }

func checkName(problems *document.Problems, at document.Position, name string) bool {
	ok := ValidSecret(name)
	if !ok {
		problems.Add(at, "use 1 to 127 letters, digits and hyphens", "%s is not the name of a vault's secret", keyname.Show(name))
	}
	return ok
}

// ValidSecret reports whether a vault's secret can have this name.
func ValidSecret(name string) bool { return len(name) <= 127 && consistsOf(name, nameChars) }

// validVault reports whether a vault can have this name:
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func validVault(name string) bool {
	return len(name) >= 3 && len(name) <= 24 && consistsOf(name, nameChars) && !strings.Contains(name, "--") &&
		strings.ContainsAny(name[:1], letters) && !strings.HasSuffix(name, "-")
}

// validK8sSecret reports whether a Kubernetes Secret can have this name. Such a
// name is no path to another folder.
func validK8sSecret(name string) bool {
	return len(name) <= 253 && consistsOf(name, strings.ToLower(nameChars)+".") && strings.Trim(name, "-.") == name
}

// Keys returns the keys that the source declares, or none if only the vault knows
// them.
func (s Spec) Keys() []string {
	if len(s.Bundle) > 0 {
		return nil
	}
	return keylist.Names(s.Secrets)
}

// Defaults returns the keys that have a default.
func (s Spec) Defaults() []resolve.Default { return keylist.Defaults(s.Secrets) }

// Only returns the source of one key: a declared key, or any key that the vault
// can have if nothing is declared. It reports whether there is one.
func (s Spec) Only(key string) (Spec, bool) {
	i := slices.IndexFunc(s.Secrets, func(secret Secret) bool { return secret.Key == key })
	secret := Secret{Key: key, Name: strings.NewReplacer("_", "-", ".", "-").Replace(key)}
	if i >= 0 {
		secret = s.Secrets[i]
	}
	only := s
	only.Secrets, only.Bundle = []Secret{secret}, nil
	return only, i >= 0 || len(s.Secrets)+len(s.Bundle) == 0 && ValidSecret(secret.Name)
}
