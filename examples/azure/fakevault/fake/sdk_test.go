package fake_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

func TestASecretIsReadWithTheStepsThatTheSDKTakes(t *testing.T) {
	s := start(t)
	c := good(t, s)
	got, err := c.GetSecret(t.Context(), "db-password", "", nil)
	require.NoError(t, err)
	require.Equal(t, "newer", *got.Value)
	require.Equal(t, "db-password", got.ID.Name())
	require.Equal(t, "secret discovery openid token secret", steps(t, s))
	require.Equal(t, "/secrets/db-password/", records(t, s)[1].Path)

	got, err = c.GetSecret(t.Context(), "DB-Password", "4387e9f3d6e14c459867679a90fd0f79", nil)
	require.NoError(t, err)
	require.Equal(t, value, *got.Value)
	counters := s.Counters()
	require.Equal(t, 1, counters.Tokens)
	require.Equal(t, 1, counters.Challenges)
	require.Equal(t, map[string]map[string]int{"my-vault": {"db-password": 1, "DB-Password": 1}}, counters.Reads)
	require.Equal(t, 2, counters.Connections, "one to Entra, one to the vault")
	require.Equal(t, 3, counters.Requests["secret"])
}

func TestASecretHasItsAttributes(t *testing.T) {
	c := good(t, start(t))
	dated, err := c.GetSecret(t.Context(), "dated", "", nil)
	require.NoError(t, err, "an expired secret is served")
	require.Equal(t, int64(1600000000), dated.Attributes.Expires.Unix())
	require.Equal(t, int64(1500000000), dated.Attributes.NotBefore.Unix())
	require.True(t, *dated.Attributes.Enabled)
	require.Nil(t, dated.Managed)
	site, err := c.GetSecret(t.Context(), "site", "", nil)
	require.NoError(t, err)
	require.True(t, *site.Managed)
	require.Equal(t, address+"/keys/site/"+site.ID.Version(), string(*site.KID))
	require.Equal(t, "application/x-pkcs12", *site.ContentType)
}

func TestAListIsPagedAndHasNoValues(t *testing.T) {
	for page, requests := range map[int]int{1: 4, 2: 2, 3: 2, 4: 1, 0: 1} {
		s := start(t, func(c *fake.Config) { c.Vaults[0].Page = page })
		pager := good(t, s).NewListSecretPropertiesPager(nil)
		var names []string
		var pages int
		for ; pager.More(); pages++ {
			got, err := pager.NextPage(t.Context())
			require.NoError(t, err)
			if got.NextLink != nil {
				require.Contains(t, *got.NextLink, address+":443/secrets?", "as Key Vault writes it")
			}
			for _, item := range got.Value {
				names = append(names, item.ID.Name())
				require.Equal(t, item.ID.Name() != "retired", *item.Attributes.Enabled)
				require.Equal(t, item.ID.Name() == "site", item.Managed != nil)
				require.Empty(t, item.ID.Version())
			}
		}
		require.Equal(t, []string{"db-password", "retired", "dated", "site"}, names)
		require.Equal(t, requests, pages)
	}
}

func TestEveryCredentialGetsAToken(t *testing.T) {
	s := start(t)
	o := options(t, s, 1)
	read := func(t *testing.T, credential azcore.TokenCredential, err error) {
		require.NoError(t, err)
		got, err := with(t, o, address, credential).GetSecret(t.Context(), "db-password", "", nil)
		require.NoError(t, err)
		require.Equal(t, "newer", *got.Value)
	}
	t.Run("certificate", func(t *testing.T) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		require.NoError(t, err)
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		credential, err := azidentity.NewClientCertificateCredential(tenant, client, []*x509.Certificate{cert}, key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: o})
		read(t, credential, err)
	})
	t.Run("workload", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte(serviceAccount(t, "system:serviceaccount:jobs:train")), 0o600))
		t.Setenv("AZURE_TENANT_ID", tenant)
		t.Setenv("AZURE_CLIENT_ID", client)
		t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: o})
		read(t, credential, err)
		require.NoError(t, os.WriteFile(file, []byte(serviceAccount(t, "system:serviceaccount:jobs:other")), 0o600))
		credential, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: o})
		require.NoError(t, err)
		_, err = with(t, o, address, credential).GetSecret(t.Context(), "db-password", "", nil)
		require.ErrorContains(t, err, "AADSTS700213")
	})
}

// TestAManagedIdentityReadsAVault has vaults of a domain of their own, as the SDK keeps
// managed identities' tokens for the whole process, by resource and client id.
func TestAManagedIdentityReadsAVault(t *testing.T) {
	identity := func(t *testing.T) (*fake.Server, func(azidentity.ManagedIDKind) error) {
		domain := "vault." + strings.ToLower(rand.Text()) + ".example"
		s := start(t, func(c *fake.Config) { c.Vaults[0].Domain = domain })
		o := options(t, s, 1)
		return s, func(id azidentity.ManagedIDKind) error {
			credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: o, ID: id})
			require.NoError(t, err)
			_, err = with(t, o, "https://my-vault."+domain, credential).GetSecret(t.Context(), "db-password", "", nil)
			return err
		}
	}
	t.Run("by the metadata service", func(t *testing.T) {
		s, read := identity(t)
		require.NoError(t, read(nil))
		require.NoError(t, read(azidentity.ClientID(client)))
		require.ErrorContains(t, read(azidentity.ClientID("no-such-identity")), "the requested identity isn't assigned to this resource")
		require.Equal(t, "secret managed-identity secret secret managed-identity secret secret managed-identity", steps(t, s))
	})
	t.Run("by App Service", func(t *testing.T) {
		s, read := identity(t)
		t.Setenv("IDENTITY_ENDPOINT", s.Proxy+"/msi/token")
		t.Setenv("IDENTITY_HEADER", fake.IdentityHeader)
		require.NoError(t, read(nil))
		t.Setenv("IDENTITY_HEADER", "another")
		require.ErrorContains(t, read(azidentity.ClientID(client)), "RESPONSE 401")
	})
}

func TestSovereignCloudsHaveTheirOwnHosts(t *testing.T) {
	for domain, authority := range map[string]cloud.Configuration{
		"vault.azure.cn": cloud.AzureChina, "vault.usgovcloudapi.net": cloud.AzureGovernment, "vault.azure.net": cloud.AzurePublic,
	} {
		s := start(t, func(c *fake.Config) { c.Vaults[0].Domain = domain })
		o := options(t, s, 1)
		o.Cloud = authority
		credential, err := azidentity.NewClientSecretCredential(tenant, client, proof, &azidentity.ClientSecretCredentialOptions{ClientOptions: o})
		require.NoError(t, err)
		got, err := with(t, o, "https://my-vault."+domain, credential).GetSecret(t.Context(), "db-password", "", nil)
		require.NoError(t, err)
		require.Equal(t, "newer", *got.Value)
		if domain != "vault.azure.net" {
			_, err = open(t, s, "https://my-vault."+domain, tenant, client, proof, 1).GetSecret(t.Context(), "db-password", "", nil)
			require.ErrorContains(t, err, "AADSTS500011", "the public cloud's Entra knows no vaults of another")
		}
	}
}

func TestItWorksWithoutTheProxyByAnAuthorityHost(t *testing.T) {
	s := start(t)
	t.Setenv("AZURE_AUTHORITY_HOST", s.Direct)
	o := options(t, s, 1)
	o.Transport.(*http.Client).Transport.(*http.Transport).Proxy = nil
	credential, err := azidentity.NewClientSecretCredential(tenant, client, proof,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	require.NoError(t, err)
	c, err := azsecrets.NewClient(s.Direct, credential, &azsecrets.ClientOptions{ClientOptions: o, DisableChallengeResourceVerification: true})
	require.NoError(t, err)
	got, err := c.GetSecret(t.Context(), "db-password", "", nil)
	require.NoError(t, err)
	require.Equal(t, "newer", *got.Value)
	pager := c.NewListSecretPropertiesPager(nil)
	_, err = pager.NextPage(t.Context())
	require.NoError(t, err)
	require.Equal(t, "secret openid token secret list", steps(t, s))
}

func TestHTTP2IsOfferedWhereItIsAskedFor(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s := start(t, func(c *fake.Config) { c.HTTP2 = http2 })
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/secrets/x", nil)
		require.NoError(t, err)
		response, err := transport(t, s).Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http2, response.ProtoMajor == 2)
	}
}
