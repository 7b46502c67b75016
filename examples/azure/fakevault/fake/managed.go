package fake

import (
	"cmp"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// metadataHost is the instance metadata service of every Azure machine:
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
const metadataHost = "169.254.169.254"

// IdentityHeader is the IDENTITY_HEADER that the App Service endpoint asks for;
// its IDENTITY_ENDPOINT is the proxy's address and /msi/token.
const IdentityHeader = "fakevault"

// managedRoute answers for the metadata service and, at the fake's own address,
// for App Service's endpoint.
func (s *Server) managedRoute(x *exchange, at string) func(*exchange) answer {
	refused := func(status int, text string) func(*exchange) answer {
		return func(*exchange) answer {
			return reply(status, object{"error": "invalid_request", "error_description": text})
		}
	}
	metadata := x.host == metadataHost && at == "metadata/identity/oauth2/token"
	if x.host != metadataHost && x.world.config.Arc != nil && at == "metadata/identity/oauth2/token" {
		x.operation = managed
		return s.arc
	}
	if !metadata && (x.host == metadataHost || at != "msi/token") {
		return refused(http.StatusNotFound, "The fake has no such endpoint")
	}
	x.operation = managed
	switch {
	case metadata && x.Header.Get("Metadata") != "true":
		return refused(http.StatusBadRequest, "Required metadata header not specified")
	case !metadata && x.Header.Get("X-Identity-Header") != IdentityHeader:
		return refused(http.StatusUnauthorized, "The identity header is not the one of this process")
	}
	return s.managedIdentity
}

// arc answers like the agent of Azure Arc. Each key is valid for one request.
func (s *Server) arc(x *exchange) answer {
	arc := x.world.config.Arc
	key, _ := strings.CutPrefix(x.Header.Get("Authorization"), "Basic ")
	if key != "" && s.arcKeys.CompareAndDelete(key, true) {
		return s.managedIdentity(x)
	}
	key = newID()
	name := newID() + ".key"
	if err := os.WriteFile(filepath.Join(arc.Keys, name), []byte(key), 0o600); err != nil {
		return reply(http.StatusInternalServerError, object{"error": "server_error", "error_description": "The fake cannot write its key file"})
	}
	s.arcKeys.Store(key, true)
	a := reply(http.StatusUnauthorized, object{"error": "unauthorized_client", "error_description": "Missing Basic Authorization header"})
	a.header.Set("WWW-Authenticate", "Basic realm="+path.Join(cmp.Or(arc.Named, "/var/opt/azcmagent/tokens"), name))
	return a
}

func (s *Server) managedIdentity(x *exchange) answer {
	query := x.URL.Query()
	if x.world.config.UserAssigned && query.Get("client_id") == "" && x.world.managed() > 1 {
		return reply(http.StatusBadRequest, object{"error": "invalid_request",
			"error_description": "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"})
	}
	domain := strings.TrimSuffix(strings.TrimPrefix(query.Get("resource"), "https://"), "/")
	for _, p := range x.world.config.Principals {
		if wanted := query.Get("client_id"); !p.Managed || wanted != "" && !strings.EqualFold(wanted, p.ClientID) {
			continue
		}
		lifetime := x.world.lifetime()
		expires := time.Now().Add(time.Duration(lifetime) * time.Second).Unix()
		return reply(http.StatusOK, object{
			"access_token": s.tokens.make(p, domain, lifetime), "client_id": p.ClientID, "resource": query.Get("resource"),
			"expires_in": strconv.Itoa(lifetime), "expires_on": strconv.FormatInt(expires, 10), "token_type": "Bearer",
		})
	}
	return reply(http.StatusBadRequest, object{"error": "invalid_request", "error_description": "Identity not found"})
}

// managed returns the number of the machine's identities.
func (w *world) managed() (n int) {
	for _, p := range w.config.Principals {
		if p.Managed {
			n++
		}
	}
	return n
}
