package fake

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// entraRoute returns the function that answers a request to Entra.
func (s *Server) entraRoute(x *exchange, path string) func(*exchange) answer {
	tenant, rest, _ := strings.Cut(path, "/")
	switch rest {
	case "discovery/instance":
		x.operation = discovery
		return s.instanceDiscovery
	case "v2.0/.well-known/openid-configuration":
		x.operation = openid
		return func(x *exchange) answer { return s.openID(x, tenant) }
	case "oauth2/v2.0/token":
		if x.Method == http.MethodPost {
			x.operation = token
			return func(x *exchange) answer { return s.token(x, tenant) }
		}
	}
	return func(*exchange) answer {
		return entraError(http.StatusNotFound, "invalid_request", 900561, "The fake has no such endpoint.")
	}
}

// instanceDiscovery answers that an authority is Microsoft's, with its
// aliases.
func (s *Server) instanceDiscovery(x *exchange) answer {
	endpoint, err := url.Parse(x.URL.Query().Get("authorization_endpoint"))
	if err != nil || !x.world.login(hostOf(endpoint.Host)) {
		return entraError(http.StatusBadRequest, "invalid_instance", 50049, "Unknown or invalid instance.")
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
	var metadata []object
	for _, cloud := range clouds {
		metadata = append(metadata, object{
			"preferred_network": cloud.logins[0], "preferred_cache": cloud.logins[min(1, len(cloud.logins)-1)], "aliases": cloud.logins,
		})
	}
	return reply(http.StatusOK, object{
		"tenant_discovery_endpoint": "https://" + endpoint.Host + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1", "metadata": metadata,
	})
}

// openID answers with a tenant's token endpoint, at the host that was asked.
func (s *Server) openID(x *exchange, tenant string) answer {
	if !x.world.hasTenant(tenant) {
		return noTenant("invalid_tenant", tenant)
	}
	base := "https://" + x.Host + "/" + tenant
	return reply(http.StatusOK, object{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"issuer":                                base + "/v2.0",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"pairwise"},
		"scopes_supported":                      []string{"openid"},
	})
}

// token answers the client credentials flow, and refuses in Entra's order:
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (s *Server) token(x *exchange, tenant string) answer {
	clientID := x.form.Get("client_id")
	scope := resourceScope(x.form.Get("scope"))
	domain, isDefault := strings.CutSuffix(scope, "/.default")
	domain = strings.TrimSuffix(strings.TrimPrefix(domain, "https://"), "/")
	principal := x.world.principal(tenant, clientID)
	switch {
	case !x.world.hasTenant(tenant):
		return noTenant("invalid_request", tenant)
	case clientID == "" || scope == "":
		return entraError(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id' and 'scope'.")
	case x.form.Get("grant_type") != "client_credentials":
		return entraError(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
	case principal == nil:
		return entraError(http.StatusBadRequest, "unauthorized_client", 700016, fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'."+
			" This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."+
			" You may have sent your authentication request to the wrong tenant.", clientID, tenant))
	case !isDefault:
		return entraError(http.StatusBadRequest, "invalid_scope", 1002012, "The provided value for scope "+scope+" is not valid."+
			" Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	case !x.world.grants(x.host, domain):
		return entraError(http.StatusBadRequest, "invalid_resource", 500011, "The resource principal named https://"+domain+
			" was not found in the tenant named "+tenant+".")
	}
	if refusal := principal.prove(x.form, time.Now()); refusal != nil {
		return *refusal
	}
	lifetime := x.world.lifetime()
	return reply(http.StatusOK, object{
		"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime,
		"access_token": s.tokens.make(*principal, domain, lifetime),
	})
}

// resourceScope removes the scopes of OpenID Connect, which Microsoft's
// libraries add.
func resourceScope(scope string) string {
	fields := slices.DeleteFunc(strings.Fields(scope), func(s string) bool {
		return s == "openid" || s == "offline_access" || s == "profile"
	})
	return strings.Join(fields, " ")
}

func (w *world) lifetime() int {
	if w.config.TokenLifetime > 0 {
		return w.config.TokenLifetime
	}
	return 3599
}

func (w *world) hasTenant(tenant string) bool {
	return slices.Contains(w.tenants, strings.ToLower(tenant))
}

func (w *world) principal(tenant, clientID string) *Principal {
	for i := range w.config.Principals {
		p := &w.config.Principals[i]
		if strings.EqualFold(p.Tenant, tenant) && strings.EqualFold(p.ClientID, clientID) {
			return p
		}
	}
	return nil
}

func noTenant(kind, tenant string) answer {
	return entraError(http.StatusBadRequest, kind, 90002, "Tenant '"+tenant+"' not found. Check to make sure you have the correct tenant ID"+
		" and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.")
}

// entraError returns an error in Entra's form:
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func entraError(status int, kind string, code int, text string) answer {
	trace, correlation, now := newID(), newID(), time.Now().UTC().Format("2006-01-02 15:04:05Z")
	return reply(status, object{
		"error":             kind,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", code, text, trace, correlation, now),
		"error_codes":       []int{code}, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", code),
	})
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
