package keyvault

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/seed45446ece/launcher/resolve/azure"
)

// credential is how an identity proves itself.
type credential struct {
	azcore.TokenCredential
	tenant, client string            // "" for a managed identity
	print          [sha256.Size]byte // of what was read, to know whether it was replaced
	requests       *tries
}

// The variables of workload identity, as AKS injects them:
// https://learn.microsoft.com/azure/aks/workload-identity-overview
const (
	clientVariable = "AZURE_CLIENT_ID"
	tenantVariable = "AZURE_TENANT_ID"
	tokenVariable  = "AZURE_FEDERATED_TOKEN_FILE"
)

// credentialOf is the credential that a source declares. It is never
// DefaultAzureCredential, which runs programs that it finds on PATH.
func (v *Vaults) credentialOf(spec azure.Spec, i *identity) (credential, error) {
	switch spec.Credential {
	case "workload":
		return v.workload(spec, i)
	case "managed":
		return v.managed(i)
	case "mounted", "certificate":
		return v.mounted(spec, i)
	}
	if _, there := v.directory(spec); there {
		return v.mounted(spec, i)
	}
	if v.options().Environ[tokenVariable] != "" {
		return v.workload(spec, i)
	}
	dir, _ := v.directory(spec)
	return credential{}, &problem{
		text: fmt.Sprintf("no credentials: %s has none of tenant_id, client_id and secret, and variable %s of workload identity is not set", dir, tokenVariable),
		hint: createSecret(spec) + ", and mount it there; or give the pod workload identity; or say credential: managed",
	}
}

// clientOptions is what every credential's client is made with. The authority is one
// of Microsoft's or the operator's, so no instance discovery asks whether it is
// one.
func (v *Vaults) clientOptions(spec azure.Spec, requests *tries) policy.ClientOptions {
	var known []policy.Policy
	if azure.KnownAuthority(spec.Authority) {
		known = append(known, endpoints{})
	}
	return policy.ClientOptions{
		PerRetryPolicies: known,
		Cloud:            cloud.Configuration{ActiveDirectoryAuthorityHost: spec.Authority},
		Transport:        v.http,
		Retry:            policy.RetryOptions{MaxRetries: -1},
		PerCallPolicies:  []policy.Policy{requests},
		Telemetry:        policy.TelemetryOptions{ApplicationID: "launcher"},
	}
}

func (v *Vaults) mounted(spec azure.Spec, i *identity) (credential, error) {
	dir, _ := v.directory(spec)
	files, err := readMounted(dir, spec)
	if err != nil {
		return credential{}, err
	}
	requests := &tries{judge: i.judgeEntra, gate: &gate{}, timeout: tryTimeout}
	c := credential{tenant: files.tenant, client: files.client, print: files.print, requests: requests}
	options := v.clientOptions(spec, requests)
	if files.secret != "" {
		c.TokenCredential, err = azidentity.NewClientSecretCredential(files.tenant, files.client, files.secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	} else {
		c.TokenCredential, err = azidentity.NewClientCertificateCredential(files.tenant, files.client, files.certificates, files.key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	}
	if err != nil { // its text is about arguments
		return credential{}, &problem{text: "the Azure SDK does not take the credentials in " + dir}
	}
	return c, nil
}

func (v *Vaults) workload(spec azure.Spec, i *identity) (credential, error) {
	var missing []string
	for _, name := range []string{clientVariable, tenantVariable, tokenVariable} {
		if v.options().Environ[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return credential{}, &problem{
			text: "no workload identity: not set: " + strings.Join(missing, ", "),
			hint: "label the pod azure.workload.identity/use: \"true\", and its service account must have the annotation azure.workload.identity/client-id",
		}
	}
	tenant, client, file := v.options().Environ[tenantVariable], v.options().Environ[clientVariable], v.options().Environ[tokenVariable]
	if err := checkIDs("variable "+tenantVariable, tenant, "variable "+clientVariable, client); err != nil {
		return credential{}, err
	}
	if _, err := os.Stat(file); err != nil {
		return credential{}, &problem{text: fmt.Sprintf("no workload identity: %s: the service account token %q cannot be read", tokenVariable, file),
			hint: "the pod needs the projected volume azure-identity-token"}
	}
	requests := &tries{judge: i.judgeEntra, gate: &gate{}, timeout: tryTimeout}
	c, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: v.clientOptions(spec, requests), ClientID: client, TenantID: tenant, TokenFilePath: file, DisableInstanceDiscovery: true,
	})
	if err != nil {
		return credential{}, &problem{text: "no workload identity: the Azure SDK does not take its variables"}
	}
	return credential{TokenCredential: c, tenant: tenant, client: client, requests: requests}, nil
}

func (v *Vaults) managed(i *identity) (credential, error) {
	requests := &tries{judge: i.judgeManaged, gate: &gate{}, timeout: managedTimeout}
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: v.clientOptions(azure.Spec{}, requests)}
	client := v.options().Environ[clientVariable]
	if client != "" {
		options.ID = azidentity.ClientID(client)
	}
	c, err := azidentity.NewManagedIdentityCredential(options)
	if err != nil {
		return credential{}, &problem{text: "no managed identity: the Azure SDK does not take its variables"}
	}
	return credential{TokenCredential: c, client: client, requests: requests}, nil
}

// endpoints is the pipeline policy that says where one of Microsoft's
// authorities hands out tokens, which is documented and the same for every
// tenant, https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow:
// a round trip less before each token.
type endpoints struct{}

const discovery = "/v2.0/.well-known/openid-configuration"

// Do implements policy.Policy.
func (endpoints) Do(req *policy.Request) (*http.Response, error) {
	tenant, ok := strings.CutSuffix(req.Raw().URL.Path, discovery)
	if !ok {
		return req.Next()
	}
	base := "https://" + req.Raw().URL.Host + tenant
	text, err := json.Marshal(map[string]string{
		"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0",
	})
	return answer(req.Raw(), http.StatusOK, http.Header{"Content-Type": {"application/json"}}, string(text)), err
}

// answer is a response that no server had to give.
func answer(req *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}
}
