package keyvault

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// credential proves an identity. No verb prints its secrets, as closures hold
// them.
type credential struct {
	ids
	getToken func(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error)
	content  resolve.Value // all files that it was read from
	retry    *retryPolicy
}

// differs reports whether the files changed since the other credential was
// read.
func (c credential) differs(before credential) bool {
	return !bytes.Equal(c.content.Reveal(), before.content.Reveal())
}

// The variables of workload identity, as AKS injects them:
// https://learn.microsoft.com/azure/aks/workload-identity-overview
const (
	clientVariable = "AZURE_CLIENT_ID"
	tenantVariable = "AZURE_TENANT_ID"
)

// directory returns the directory of a source's credentials. It reports
// whether one of the files exists.
func (v *Vaults) directory(spec azure.Spec) (string, bool) {
	o := v.options()
	return spec.Directory(o.Environ, o.Credentials)
}

// newCredential returns the credential that a source declares. It never uses
// DefaultAzureCredential, which runs programs that it finds on PATH.
func (v *Vaults) newCredential(ctx context.Context, spec azure.Spec, i *identity) (credential, error) {
	switch spec.Credential {
	case "workload":
		return v.workload(ctx, spec, i)
	case "managed":
		return v.managed(i)
	case "mounted", "certificate":
		return v.mounted(ctx, spec, i)
	}
	dir, there := v.directory(spec)
	if there {
		return v.mounted(ctx, spec, i)
	}
	if v.options().Environ[azure.TokenVariable] != "" {
		return v.workload(ctx, spec, i)
	}
	advice := createSecret(spec, azure.SecretFile) + ", and mount it there, or use workload identity or credential: managed"
	if v.options().Environ["KUBERNETES_SERVICE_HOST"] == "" {
		advice = "outside a cluster, use --local FILE in place of the vault, or --azure-credentials DIR with files tenant_id, client_id and secret"
	}
	return credential{}, &problem{
		text: fmt.Sprintf("no credentials: %q has no tenant_id, client_id or secret, and variable %s is not set", dir, azure.TokenVariable),
		hint: advice,
	}
}

// clientOptions returns the options of a credential's client.
func (v *Vaults) clientOptions(spec azure.Spec, requests *retryPolicy, web *http.Client) policy.ClientOptions {
	policies := []policy.Policy{timeoutPolicy{}}
	if azure.PreferredAuthority(spec.Authority) {
		policies = append(policies, discoveryPolicy{})
	}
	return policy.ClientOptions{
		PerRetryPolicies: policies,
		Cloud:            cloud.Configuration{ActiveDirectoryAuthorityHost: spec.Authority},
		Transport:        web,
		Retry:            policy.RetryOptions{MaxRetries: -1},
		PerCallPolicies:  []policy.Policy{requests},
		Telemetry:        policy.TelemetryOptions{ApplicationID: "launcher"},
	}
}

// entra returns the retry policy and the client options for requests to Entra.
func (v *Vaults) entra(spec azure.Spec, i *identity) (*retryPolicy, policy.ClientOptions) {
	pace := v.options().pace
	requests := &retryPolicy{prefix: noTokenPrefix, classify: i.classifyEntra, throttle: &throttle{}, pace: pace}
	return requests, v.clientOptions(spec, requests, v.web.proxied)
}

func (v *Vaults) mounted(ctx context.Context, spec azure.Spec, i *identity) (credential, error) {
	dir, _ := v.directory(spec)
	files, err := readMounted(ctx, dir, spec)
	if err != nil {
		return credential{}, err
	}
	requests, options := v.entra(spec, i)
	var sdk azcore.TokenCredential
	if files.key == nil {
		sdk, err = azidentity.NewClientSecretCredential(files.tenant, files.client, string(files.secret.Reveal()),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	} else {
		sdk, err = azidentity.NewClientCertificateCredential(files.tenant, files.client, files.certificates, files.key(),
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	}
	if err != nil { // its text is about the SDK's arguments
		return credential{}, &problem{text: fmt.Sprintf("no credentials: the Azure SDK rejects those in %q", dir), hint: hintCertificate}
	}
	return credential{files.ids, sdk.GetToken, files.content, requests}, nil
}

// workload returns the identity of the pod's service account. It reads the
// token file itself: the SDK would wait forever on a FIFO, and keep a token
// for minutes after it was replaced.
func (v *Vaults) workload(ctx context.Context, spec azure.Spec, i *identity) (credential, error) {
	environ := v.options().Environ
	var missing []string
	for _, name := range []string{clientVariable, tenantVariable, azure.TokenVariable} {
		if environ[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return credential{}, &problem{
			text: "no workload identity: not set: " + strings.Join(missing, ", "),
			hint: "label the pod azure.workload.identity/use: \"true\", and its service account must have the annotation azure.workload.identity/client-id",
		}
	}
	who, path := ids{environ[tenantVariable], environ[clientVariable]}, environ[azure.TokenVariable]
	if err := who.check("variable "+tenantVariable, "variable "+clientVariable); err != nil {
		return credential{}, err
	}
	assertion, p := serviceAccountToken(ctx, path)
	if p != nil {
		return credential{}, p
	}
	requests, options := v.entra(spec, i)
	sdk, err := azidentity.NewClientAssertionCredential(who.tenant, who.client,
		func(ctx context.Context) (string, error) {
			text, p := serviceAccountToken(ctx, path)
			if p != nil {
				return "", requests.failed(p)
			}
			return text, nil
		}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		return credential{}, &problem{text: "no workload identity: the Azure SDK rejects its variables"}
	}
	return credential{who, sdk.GetToken, resolve.NewValue([]byte(assertion)), requests}, nil
}

func (v *Vaults) managed(i *identity) (credential, error) {
	requests := &retryPolicy{prefix: noTokenPrefix, classify: i.classifyManaged, throttle: &throttle{}, pace: v.options().pace.managed()}
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: v.clientOptions(azure.Spec{}, requests, v.web.direct)}
	client := v.options().Environ[clientVariable]
	if client != "" {
		options.ID = azidentity.ClientID(client)
	}
	c, err := azidentity.NewManagedIdentityCredential(options)
	if err != nil {
		return credential{}, &problem{text: "no managed identity: the Azure SDK rejects its variables"}
	}
	return credential{ids{"", client}, c.GetToken, resolve.Value{}, requests}, nil
}
