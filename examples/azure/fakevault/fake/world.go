package fake

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// clouds is the login hosts and the vault domain of each of Microsoft's clouds.
var clouds = []struct {
	logins []string // the first is the preferred one
	domain string
}{
	{[]string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}, "vault.azure.net"},
	{[]string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}, "vault.azure.cn"},
	{[]string{"login.microsoftonline.us", "login.usgovcloudapi.net"}, "vault.usgovcloudapi.net"},
}

// world is a checked configuration. It does not change.
type world struct {
	config  Config
	tenants []string
	vaults  map[string]*vault   // by host
	logins  map[string][]string // the vault domains of each login host
	first   *vault              // that the fake's own address is
}

type vault struct {
	Vault
	world *world
	names []string // of its secrets, as first written
	limit limiter
}

func newWorld(config Config) (*world, error) {
	w := &world{config: config, vaults: map[string]*vault{}, logins: map[string][]string{}}
	for _, cloud := range clouds {
		for _, login := range cloud.logins {
			w.logins[login] = []string{cloud.domain}
		}
	}
	var errs []error
	for i, p := range config.Principals {
		if p.Tenant == "" || p.ClientID == "" {
			errs = append(errs, fmt.Errorf("principal %d needs a tenant and a client_id", i+1))
		}
		w.tenants = append(w.tenants, strings.ToLower(p.Tenant))
	}
	for host, fault := range config.Certificates {
		if !slices.Contains([]string{Expired, NotYetValid, OtherHost}, fault) {
			errs = append(errs, fmt.Errorf("the certificate of %q is %s, %s or %s", host, Expired, NotYetValid, OtherHost))
		}
	}
	if config.Arc != nil && config.Arc.Keys == "" {
		errs = append(errs, errors.New("arc needs keys, the folder of its key files"))
	}
	for i := range config.Vaults {
		errs = append(errs, w.add(config.Vaults[i]))
	}
	return w, errors.Join(errs...)
}

func (w *world) add(v Vault) error {
	if v.Name == "" || v.Tenant == "" {
		return fmt.Errorf("vault %q needs a name and a tenant", v.Name)
	}
	if !slices.Contains([]string{"", "rbac", "policy"}, v.Model) || !slices.Contains([]string{"", "address", "private"}, v.Firewall) {
		return fmt.Errorf("vault %q: model is rbac or policy, firewall is address or private", v.Name)
	}
	if t := v.Throttle; t != nil && (t.Reads < 1 || t.WindowMS < 1) {
		return fmt.Errorf("vault %q: a throttle needs reads and window_ms", v.Name)
	}
	if v.Domain == "" {
		v.Domain = clouds[0].domain
	}
	if v.Page <= 0 {
		v.Page = 25
	}
	full := &vault{Vault: v, world: w}
	if full.Login == "" {
		full.Login = clouds[0].logins[0]
		for _, cloud := range clouds {
			if cloud.domain == v.Domain {
				full.Login = cloud.logins[0]
			}
		}
	}
	w.logins[full.Login] = append(w.logins[full.Login], full.Domain)
	w.tenants = append(w.tenants, strings.ToLower(v.Tenant))
	full.index()
	w.vaults[strings.ToLower(v.Name+"."+v.Domain)] = full
	if w.first == nil {
		w.first = full
	}
	return nil
}

// serves reports whether the fake serves a host.
func (w *world) serves(host string) bool {
	return w.vaults[host] != nil || w.login(host)
}

// login reports whether a host issues tokens.
func (w *world) login(host string) bool { return loopbackHost(host) || w.logins[host] != nil }

// grants reports whether a login host issues tokens for a vault domain.
func (w *world) grants(login, domain string) bool {
	if !loopbackHost(login) {
		return slices.Contains(w.logins[login], domain)
	}
	for _, domains := range w.logins {
		if slices.Contains(domains, domain) {
			return true
		}
	}
	return false
}

// vaultOf returns the vault at a host. The fake's own address is the first
// vault's.
func (w *world) vaultOf(host, path string) *vault {
	if loopbackHost(host) && (path == "secrets" || strings.HasPrefix(path, "secrets/")) {
		return w.first
	}
	return w.vaults[host]
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
