package azure

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// cloud is one of Microsoft's: the domain of its vaults, and where it hands out
// tokens, https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
type cloud struct{ domain, authority string }

// clouds has the public one first.
var clouds = []cloud{
	{"vault.azure.net", "https://login.microsoftonline.com/"},
	{"vault.azure.cn", "https://login.partner.microsoftonline.cn/"},
	{"vault.usgovcloudapi.net", "https://login.microsoftonline.us/"},
}

// Realm is where vaults and tokens may be, as the operator says; a task cannot.
type Realm struct {
	// Authority is the https URL of the Entra that hands out tokens; "" is that
	// of the vault's cloud.
	Authority string

	// Domains is further domains of vaults, or hosts with a port: a private
	// cloud's, an emulator's.
	Domains []string
}

// KnownAuthority reports whether an authority is one of Microsoft's clouds'.
func KnownAuthority(authority string) bool { return Realm{Authority: authority}.cloud() >= 0 }

// CheckAuthority refuses what is not the https URL of a host alone.
func CheckAuthority(authority string) error {
	u, err := url.Parse(authority)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.TrimSuffix(authority, "/") != "https://"+u.Host {
		return fmt.Errorf("%q is not the https URL of a host, such as %s", authority, clouds[0].authority)
	}
	return nil
}

// CheckDomain refuses what is neither a domain nor a host and its port.
func CheckDomain(domain string) error {
	if u, err := url.Parse("https://" + domain); err != nil || u.Host != domain || u.Hostname() == "" || strings.Trim(domain, ".") != domain {
		return fmt.Errorf("%q is not a domain such as vault.example.com, or a host and its port", domain)
	}
	return nil
}

// address is where a vault is.
type address struct {
	host      string // with the port, where it is not https's own
	authority string
	resource  string // that a token is asked for; "" where the vault's challenge says it
}

// find is the address of a vault by its name, or by its https URL with nothing
// after the host.
func (r Realm) find(name string) (address, bool) {
	if validVault(name) {
		c := clouds[max(r.cloud(), 0)]
		return r.in(c, strings.ToLower(name)+"."+c.domain), true
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "https" || strings.TrimSuffix(name, "/") != "https://"+u.Host {
		return address{}, false
	}
	host := strings.ToLower(u.Host)
	for _, c := range clouds {
		if vault, ok := strings.CutSuffix(host, "."+c.domain); ok {
			return r.in(c, host), validVault(u.Host[:len(vault)]) // as written: a Kelvin sign is a k in lower case
		}
	}
	extra := slices.ContainsFunc(r.Domains, func(domain string) bool {
		domain = strings.ToLower(domain)
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
	authority := r.Authority
	if authority == "" {
		authority = clouds[0].authority
	}
	return address{host: host, authority: authority}, extra && only(u.Hostname(), names+".:")
}

// cloud is the place among clouds of the authority, -1 where it is none of
// theirs: a pod in a sovereign cloud has AZURE_AUTHORITY_HOST.
func (r Realm) cloud() int {
	return slices.IndexFunc(clouds, func(c cloud) bool {
		return strings.TrimSuffix(strings.ToLower(r.Authority), "/") == strings.TrimSuffix(c.authority, "/")
	})
}

func (r Realm) in(c cloud, host string) address {
	a := address{host: host, authority: r.Authority, resource: "https://" + c.domain}
	if a.authority == "" {
		a.authority = c.authority
	}
	return a
}
