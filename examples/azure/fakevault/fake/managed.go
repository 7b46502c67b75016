package fake

import (
	"net/http"
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
func (s *Server) managedRoute(x *exchange, path string) func(*exchange) answer {
	refused := func(status int, text string) func(*exchange) answer {
		return func(*exchange) answer {
			return reply(status, object{"error": "invalid_request", "error_description": text})
		}
	}
	metadata := x.host == metadataHost && path == "metadata/identity/oauth2/token"
	if !metadata && (x.host == metadataHost || path != "msi/token") {
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

func (s *Server) managedIdentity(x *exchange) answer {
	query := x.URL.Query()
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
