package keyvault

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// discoveryPolicy answers the SDK's request for a tenant's token endpoint. At
// Microsoft's authorities it is documented,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
// so this saves a round trip for each token. It forwards the request if the
// tenant is a domain: only Entra knows its id, which a certificate's assertion
// must name.
type discoveryPolicy struct{}

const discoveryPath = "/v2.0/.well-known/openid-configuration"

func (discoveryPolicy) Do(req *policy.Request) (*http.Response, error) {
	tenant, ok := strings.CutSuffix(req.Raw().URL.Path, discoveryPath)
	if !ok || !isUUID(strings.TrimPrefix(tenant, "/")) {
		return req.Next()
	}
	base := "https://" + req.Raw().URL.Host + tenant
	text, err := json.Marshal(map[string]string{
		"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0",
	})
	return newResponse(req.Raw(), http.StatusOK, http.Header{"Content-Type": {"application/json"}}, string(text)), err
}

// newResponse returns a response without asking a server.
func newResponse(req *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}
}
