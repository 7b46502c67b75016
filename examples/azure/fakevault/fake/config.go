package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
)

// Config holds the secrets, who may read them, and how the fake behaves.
type Config struct {
	LatencyMS     int         `json:"latency_ms"`     // of every answer but CONNECT's
	HTTP2         bool        `json:"http2"`          // offered to clients; read at the start only
	TokenLifetime int         `json:"token_lifetime"` // seconds; 0 is 3599, as Entra's without continuous access evaluation
	Principals    []Principal `json:"principals"`
	Vaults        []Vault     `json:"vaults"`
	Faults        []Fault     `json:"faults"`

	Certificates map[string]string `json:"certificates"`  // by host: expired, not-yet-valid or other-host
	UserAssigned bool              `json:"user_assigned"` // the machine's identities: if there are several, a request has to name one
	Arc          *Arc              `json:"arc"`
}

// Arc makes the fake answer like the agent of Azure Arc: with a challenge that
// names a key file, which proves that the client may read it:
// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
type Arc struct {
	Keys  string `json:"keys"`  // the folder that key files are written into
	Named string `json:"named"` // the folder that the challenge names; default the agent's, /var/opt/azcmagent/tokens
}

// Principal is an application that Entra knows.
type Principal struct {
	Tenant      string   `json:"tenant"` // its id, or a domain name
	ClientID    string   `json:"client_id"`
	Secrets     []string `json:"secrets"`
	Expired     []string `json:"expired"`     // secrets that were good once
	Certificate bool     `json:"certificate"` // takes any client assertion of the form of one; nothing is verified
	Federated   string   `json:"federated"`   // the subject of the federated token that it takes; "*" is any
	Managed     bool     `json:"managed"`     // is the machine's identity; the first one is the default
}

// Vault is a Key Vault.
type Vault struct {
	Name     string              `json:"name"`
	Domain   string              `json:"domain"` // default vault.azure.net
	Login    string              `json:"login"`  // the login host of its challenge; default its cloud's
	Tenant   string              `json:"tenant"`
	Model    string              `json:"model"`    // rbac (the default) or policy: who says no
	Firewall string              `json:"firewall"` // address: this address is not let in; private: no public address is
	Access   map[string][]string `json:"access"`   // by client id: get, list
	Page     int                 `json:"page"`     // secrets a page of a list; default 25
	Throttle *Throttle           `json:"throttle"`

	APIVersions []string `json:"api_versions"` // that it knows; default all
	OldForm     bool     `json:"old_form"`     // its challenge says authorization_uri, as older vaults do

	Secrets []Secret `json:"secrets"`
}

// Secret is one version of a secret. The last one of a name is the newest.
type Secret struct {
	Name        string            `json:"name"`
	Value       string            `json:"value"`
	Version     string            `json:"version"`  // default 32 hexadecimal digits made of its place
	Disabled    bool              `json:"disabled"` // attributes.enabled: false
	NotBefore   int64             `json:"nbf"`      // seconds since 1970; 0 is none
	Expires     int64             `json:"exp"`      // seconds since 1970; 0 is none. Azure serves an expired secret too
	ContentType string            `json:"content_type"`
	Managed     bool              `json:"managed"` // backs a certificate: it has a kid
	Tags        map[string]string `json:"tags"`
}

// Throttle answers 429 to more than Reads in a window. Key Vault allows 4,000 in
// 10 s, and does not count the reads that it refuses:
// https://learn.microsoft.com/azure/key-vault/general/overview-throttling
type Throttle struct {
	Reads      int    `json:"reads"`
	WindowMS   int    `json:"window_ms"`
	RetryAfter string `json:"retry_after"` // seconds; window: what is left of it, rounded up; empty: no such header
}

// Parse reads a configuration in YAML or JSON. An unknown field is an error; no
// error holds a value.
func Parse(origin string, text []byte) (Config, error) {
	var config Config
	return config, parse(origin, text, &config)
}

func parse(origin string, text []byte, into any) error {
	node, err := document.Parse(origin, text)
	if err != nil {
		return err
	}
	plain, err := node.AppendJSON(nil)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(plain)))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // its text has the value
		return fmt.Errorf("%s: %q must be a %s", origin, wrong.Field, wrong.Type)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", origin, err)
	}
	return nil
}
