package azure

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// cloud is one of Microsoft's: the domain of its vaults, and where it hands out
// tokens, https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
// An authority has older names, which AKS still gives to pods.
type cloud struct {
	domain, authority string
	aliases           []string
}

// clouds has the public one first.
var clouds = []cloud{
	{"vault.azure.net", "https://login.microsoftonline.com/", []string{"https://login.windows.net/", "https://login.microsoft.com/", "https://sts.windows.net/"}},
	{"vault.azure.cn", "https://login.partner.microsoftonline.cn/", []string{"https://login.chinacloudapi.cn/"}},
	{"vault.usgovcloudapi.net", "https://login.microsoftonline.us/", []string{"https://login.usgovcloudapi.net/"}},
}

// Realm is where vaults and tokens may be, as the operator says; a task cannot.
type Realm struct {
	// Authority is the https URL of the Entra that hands out tokens; "" is that
	// of the vault's cloud.
	Authority string

	// Domains is further domains of vaults, or hosts with a port: a private
	// cloud's, an emulator's.
	Domains []string

	// APIVersion is the api-version of requests to vaults; "" is the SDK's.
	APIVersion string
}

// KnownAuthority reports whether an authority is one of Microsoft's clouds', by
// any of its names.
func KnownAuthority(authority string) bool { return Realm{Authority: authority}.cloud() >= 0 }

// PreferredAuthority reports whether an authority is one of Microsoft's clouds'
// by the name that its documentation has.
func PreferredAuthority(authority string) bool {
	return slices.ContainsFunc(clouds, func(c cloud) bool { return sameAuthority(authority, c.authority) })
}

func sameAuthority(a, b string) bool {
	return strings.TrimSuffix(strings.ToLower(a), "/") == strings.TrimSuffix(b, "/")
}

// ParseAuthority returns the https URL of an authority, which may be written as
// a host only, as Microsoft's SDKs take AZURE_AUTHORITY_HOST. It refuses
// anything else. The error does not repeat a URL that may hold a password.
func ParseAuthority(text string) (string, error) {
	host, ok := withoutScheme(text)
	switch {
	case ok && validHost(host):
		return "https://" + host + "/", nil
	case strings.Contains(text, "@"):
		return "", fmt.Errorf("it is not the https URL of a host, such as %s, and nothing more", clouds[0].authority)
	}
	return "", fmt.Errorf("%q is not the https URL of a host, such as %s", text, clouds[0].authority)
}

// withoutScheme returns what follows "https://", or the whole text if it has no
// scheme, without a slash at the end. It reports false for another scheme.
func withoutScheme(text string) (string, bool) {
	const scheme = "https://"
	if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = text[len(scheme):]
	}
	return strings.TrimSuffix(text, "/"), !strings.Contains(text, "://")
}

// CheckAPIVersion refuses what cannot be an api-version, such as "7.4" or
// "2025-07-01".
func CheckAPIVersion(version string) error {
	if len(version) > 32 || !only(version, names+".") {
		return fmt.Errorf("%q is not an api-version such as 7.4 or 2025-07-01", version)
	}
	return nil
}

// CheckDomain refuses what is neither a domain nor a host and its port.
func CheckDomain(domain string) error {
	if !validHost(domain) {
		return fmt.Errorf("%q is not a domain such as vault.example.com, or a host and its port", domain)
	}
	return nil
}

// validHost reports whether a text is a host, with or without a port, and can
// be nothing else within a URL.
func validHost(host string) bool {
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || strings.HasSuffix(host, ":") {
		return false
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
	}
	name := u.Hostname()
	if strings.HasPrefix(host, "[") {
		_, err := netip.ParseAddr(name)
		return err == nil && only(name, "0123456789abcdefABCDEF:.")
	}
	return only(name, names+"._") && strings.Trim(name, ".-") == name && !strings.Contains(name, "..")
}

// address is where a vault is.
type address struct {
	host      string // with the port, where it is not https's own
	authority string
	resource  string // that a token is asked for; "" where the vault's challenge says it
}

// find returns the address of a vault by its name, its host, or its https URL
// with nothing after the host. The port of https may be written.
func (r Realm) find(name string) (address, bool) {
	if validVault(name) {
		c := clouds[max(r.cloud(), 0)]
		return r.in(c, strings.ToLower(name)+"."+c.domain), true
	}
	written, ok := withoutScheme(name)
	if !ok || !validHost(written) {
		return address{}, false
	}
	host := strings.TrimSuffix(strings.ToLower(written), ":443") // it is all ASCII
	for _, c := range clouds {
		if vault, ok := strings.CutSuffix(host, "."+c.domain); ok {
			return r.in(c, host), validVault(vault)
		}
	}
	extra := slices.ContainsFunc(r.Domains, func(domain string) bool {
		domain = strings.TrimSuffix(strings.ToLower(domain), ":443")
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
	authority := r.Authority
	if authority == "" {
		authority = clouds[0].authority
	}
	return address{host: host, authority: authority}, extra
}

// cloud is the place among clouds of the authority, -1 where it is none of
// theirs: a pod in a sovereign cloud has AZURE_AUTHORITY_HOST.
func (r Realm) cloud() int {
	same := func(authority string) bool { return sameAuthority(r.Authority, authority) }
	return slices.IndexFunc(clouds, func(c cloud) bool { return same(c.authority) || slices.ContainsFunc(c.aliases, same) })
}

func (r Realm) in(c cloud, host string) address {
	a := address{host: host, authority: r.Authority, resource: "https://" + c.domain}
	if a.authority == "" {
		a.authority = c.authority
	}
	return a
}
