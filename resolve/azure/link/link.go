// Package link has the Azure SDK linked for the source that is to read a vault.
//
// It owns nothing for long: it makes the client that such a source needs, asks
// it nothing, and answers as azure.Spec does, that this is not built.
package link

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// source is a Spec, with what the linker would leave out if nobody held it.
type source struct {
	azure.Spec
	held []any
}

// New is a source that is not built; its errors are the SDK's about the
// client's form.
func New(spec azure.Spec) (resolve.Source, error) {
	var credential azcore.TokenCredential
	credential, err := azidentity.NewClientSecretCredential("none", "none", "none", nil)
	if err != nil {
		return nil, err
	}
	client, err := azsecrets.NewClient("https://none.vault.azure.net", credential, nil)
	if err != nil {
		return nil, err
	}
	return source{spec, []any{client.GetSecret, client.NewListSecretPropertiesPager,
		azidentity.NewWorkloadIdentityCredential, azidentity.NewManagedIdentityCredential, azidentity.NewClientCertificateCredential}}, nil
}
