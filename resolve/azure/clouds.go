package azure

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// cloud is one of Microsoft's: the domain of its vaults, and the Entra that issues
// their tokens, https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
// The aliases are older names of the authority, which AKS still gives to pods.
type cloud struct {
	domain, authority string
	aliases           []string
}

// microsoftClouds starts with the public cloud.
var microsoftClouds = []cloud{
	{"vault.azure.net", "https://login.microsoftonline.com/", []string{"https://login.windows.net/", "https://login.microsoft.com/", "https://sts.windows.net/"}},
	{"vault.azure.cn", "https://login.partner.microsoftonline.cn/", []string{"https://login.chinacloudapi.cn/"}},
	{"vault.usgovcloudapi.net", "https://login.microsoftonline.us/", []string{"https://login.usgovcloudapi.net/"}},
}

// Clouds holds the places of vaults and tokens. The operator sets them; a task
// cannot.
type Clouds struct {
	Authority  string   // the https URL of the Entra that issues tokens; "" uses the vault's cloud
	Domains    []string // further domains of vaults, or hosts with a port
	APIVersion string   // the api-version of requests to vaults; "" uses the SDK's
}

// KnownAuthority reports whether an authority belongs to one of Microsoft's
// clouds, by any of its names.
func KnownAuthority(authority string) bool { return Clouds{Authority: authority}.index() >= 0 }

// PreferredAuthority reports whether an authority belongs to one of Microsoft's
// clouds, by its documented name.
func PreferredAuthority(authority string) bool {
	return slices.ContainsFunc(microsoftClouds, func(c cloud) bool { return sameAuthority(authority, c.authority) })
}

func sameAuthority(a, b string) bool {
	return strings.TrimSuffix(strings.ToLower(a), "/") == strings.TrimSuffix(b, "/")
}

// ParseAuthority returns the https URL of an authority. It accepts a host too, as
// Microsoft's SDKs do in AZURE_AUTHORITY_HOST. The error does not repeat a URL
// that may hold a password.
func ParseAuthority(text string) (string, error) {
	host, ok := withoutScheme(text)
	switch {
	case ok && validHost(host):
		return "https://" + host + "/", nil
	case strings.Contains(text, "@"):
		return "", fmt.Errorf("it is not the https URL of a host, such as %s", microsoftClouds[0].authority)
	}
	return "", fmt.Errorf("%q is not the https URL of a host, such as %s", text, microsoftClouds[0].authority)
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

// CheckAPIVersion returns an error unless the text may be an api-version, such as
// "7.4" or "2025-07-01".
func CheckAPIVersion(version string) error {
	if len(version) > 32 || !consistsOf(version, nameChars+".") {
		return fmt.Errorf("%q is not an api-version such as 7.4 or 2025-07-01", version)
	}
	return nil
}

// CheckDomain returns an error unless the text is a domain, or a host and a port.
func CheckDomain(domain string) error {
	if !validHost(domain) {
		return fmt.Errorf("%q is not a domain such as vault.example.com, or a host and its port", domain)
	}
	return nil
}

// validHost reports whether a text is a host, with or without a port, and cannot
// change the rest of a URL.
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
		return err == nil && consistsOf(name, "0123456789abcdefABCDEF:.")
	}
	return consistsOf(name, nameChars+"._") && strings.Trim(name, ".-") == name && !strings.Contains(name, "..")
}

// address is the place of a vault.
type address struct {
	host      string // with the port, unless it is 443
	authority string
	resource  string // what a token is requested for; "" if only the vault's challenge says it
}

// find returns the address of a vault by its name, its host, or its https URL
// with nothing after the host. It accepts port 443.
func (c Clouds) find(name string) (address, bool) {
	if validVault(name) {
		cloud := microsoftClouds[max(c.index(), 0)]
		return c.address(cloud, strings.ToLower(name)+"."+cloud.domain), true
	}
	written, ok := withoutScheme(name)
	if !ok || !validHost(written) {
		return address{}, false
	}
	host := strings.TrimSuffix(strings.ToLower(written), ":443") // it is all ASCII
	for _, cloud := range microsoftClouds {
		if vault, ok := strings.CutSuffix(host, "."+cloud.domain); ok {
			return c.address(cloud, host), validVault(vault)
		}
	}
	allowed := slices.ContainsFunc(c.Domains, func(domain string) bool {
		domain = strings.TrimSuffix(strings.ToLower(domain), ":443")
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
	return address{host: host, authority: cmp.Or(c.Authority, microsoftClouds[0].authority)}, allowed
}

// index returns the place of the authority's cloud in microsoftClouds, or -1.
func (c Clouds) index() int {
	same := func(authority string) bool { return sameAuthority(c.Authority, authority) }
	return slices.IndexFunc(microsoftClouds, func(c cloud) bool { return same(c.authority) || slices.ContainsFunc(c.aliases, same) })
}

func (c Clouds) address(in cloud, host string) address {
	return address{host: host, authority: cmp.Or(c.Authority, in.authority), resource: "https://" + in.domain}
}
