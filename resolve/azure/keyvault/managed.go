package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/seed45446ece/launcher/resolve/file"
)

// classifyManaged returns the result of a request for a managed identity's
// token,
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
func (i *identity) classifyManaged(req *http.Request, resp *http.Response, body []byte, err error) result {
	if err != nil {
		r := classifyError(req, err, noTokenPrefix)
		if r.retryable {
			r = unavailable("no token: no managed identity answers at "+req.URL.Hostname(), "use a managed identity only on an Azure machine, and credential: workload in a pod on AKS")
		}
		return r
	}
	switch status := resp.StatusCode; {
	case status == http.StatusOK:
		return checkToken(resp, body, req.URL.Hostname())
	case status == http.StatusUnauthorized && req.Header.Get("Authorization") == "" && strings.HasPrefix(resp.Header.Get(authenticate), arcChallenge):
		return classifyArcChallenge(req.Context(), arcKeys, resp.Header.Get(authenticate))
	case status == http.StatusBadRequest:
		return badRequest(body)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusNotFound, status == http.StatusGone, status >= 500:
		return unavailable(fmt.Sprintf("no token: the managed identity endpoint answers %d", status), "allow more time with --timeout: the endpoint may be busy or not ready")
	}
	return refusal(fmt.Sprintf("no token: the managed identity endpoint answers %d", resp.StatusCode), "check what answers at that address, and IDENTITY_HEADER")
}

// badRequest classifies a 400. It does not show the description.
func badRequest(body []byte) result {
	var wrong struct {
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(body, &wrong) // another body has no description
	if strings.Contains(wrong.Description, "Multiple user assigned identities exist") {
		return refusal("no token: this machine has several managed identities", "set AZURE_CLIENT_ID to the client id of the one to use")
	}
	return refusal("no token: the managed identity is not assigned to this machine",
		"assign one with az vm identity assign or az vmss identity assign; if there are several, choose one with AZURE_CLIENT_ID")
}

// Azure Arc proves that a caller may read a key file that it names in a
// challenge: https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
const (
	arcChallenge = "Basic realm="
	arcKeys      = "/var/opt/azcmagent/tokens"
	arcMaxKey    = 4096
)

// classifyArcChallenge checks the key file that Azure Arc's challenge names.
// The SDK reads the file and sends it as Authorization: Basic, so it must be a
// small regular file in the documented directory.
func classifyArcChallenge(ctx context.Context, keys, challenge string) result {
	path := strings.TrimPrefix(challenge, arcChallenge)
	if filepath.Dir(path) != keys || filepath.Ext(path) != ".key" || filepath.Clean(path) != path {
		return refusal("no token: Azure Arc names a key file that is not in "+keys, "check what answers at IDENTITY_ENDPOINT")
	}
	text, err := file.Read(ctx, path)
	switch {
	case ctx.Err() != nil:
		return result{problem: errDeadline}
	case errors.Is(err, fs.ErrNotExist):
		return refusal(fmt.Sprintf("no token: Azure Arc's key file %q is missing", path), "mount "+keys+" into the container")
	case err != nil:
		return refusal(fmt.Sprintf("no token: Azure Arc's key file %q %s", path, reason(err)), "add the launcher's user to the group himds")
	case len(text) > arcMaxKey:
		return refusal(fmt.Sprintf("no token: Azure Arc's key file %q is larger than 4 KiB", path), "check what answers at IDENTITY_ENDPOINT")
	}
	return result{}
}
