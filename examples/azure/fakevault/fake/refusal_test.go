package fake_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

func TestEntraRefusesAsEntraDoes(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		tenant, client, secret string
		status, code           int
		kind                   string
	}{
		"wrong secret":   {tenant, client, "wrong", 401, 7000215, "invalid_client"},
		"expired secret": {tenant, client, "expired", 401, 7000222, "invalid_client"},
		"no such app":    {tenant, "22222222-2222-4222-8222-222222222222", proof, 400, 700016, "unauthorized_client"},
		"no such tenant": {"00000000-0000-4000-8000-000000000000", client, proof, 400, 90002, "invalid_tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, s, 1)
			credential, err := azidentity.NewClientSecretCredential(c.tenant, c.client, c.secret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: o, AdditionallyAllowedTenants: []string{"*"}})
			require.NoError(t, err)
			_, err = credential.GetToken(t.Context(), scope())
			failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.status, failed.RawResponse.StatusCode)
			var body struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
				Codes       []int  `json:"error_codes"`
			}
			require.NoError(t, json.NewDecoder(failed.RawResponse.Body).Decode(&body))
			require.Equal(t, c.kind, body.Error)
			require.Equal(t, []int{c.code}, body.Codes)
			require.NotContains(t, body.Description, proof)
		})
	}
}

// inner is the status, the code and the inner code of a vault's refusal, of
// which the SDK has the first two.
func inner(t *testing.T, err error) (int, string, string) {
	t.Helper()
	refused, ok := errors.AsType[*azcore.ResponseError](err)
	require.True(t, ok, "%v", err)
	text, err := io.ReadAll(refused.RawResponse.Body)
	require.NoError(t, err)
	var body struct {
		Error struct {
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal(text, &body))
	return refused.StatusCode, refused.ErrorCode, body.Error.Inner.Code
}

func TestTheVaultRefusesAsAVaultDoes(t *testing.T) {
	none := func(c *fake.Config) { c.Vaults[0].Access = nil }
	for name, c := range map[string]struct {
		change func(*fake.Config)
		secret string
		status int
		code   string
		inner  string
	}{
		"no such secret":  {nil, "nope", 404, "SecretNotFound", ""},
		"a bad name":      {nil, "a_b", 400, "BadParameter", ""},
		"disabled":        {nil, "retired", 403, "Forbidden", "SecretDisabled"},
		"no role":         {none, "db-password", 403, "Forbidden", "ForbiddenByRbac"},
		"no policy":       {func(c *fake.Config) { none(c); c.Vaults[0].Model = "policy" }, "db-password", 403, "Forbidden", "ForbiddenByPolicy"},
		"firewall":        {func(c *fake.Config) { c.Vaults[0].Firewall = "address" }, "db-password", 403, "Forbidden", "ForbiddenByFirewall"},
		"private network": {func(c *fake.Config) { c.Vaults[0].Firewall = "private" }, "db-password", 403, "Forbidden", "ForbiddenByConnection"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			if c.change != nil {
				s = start(t, c.change)
			}
			_, err := good(t, s).GetSecret(t.Context(), c.secret, "", nil)
			status, code, inside := inner(t, err)
			require.Equal(t, c.status, status)
			require.Equal(t, c.code, code)
			require.Equal(t, c.inner, inside)
		})
	}
}

func TestGetAndListArePermissionsOfTheirOwn(t *testing.T) {
	s := start(t, func(c *fake.Config) { c.Vaults[0].Access = map[string][]string{client: {"get"}} })
	c := good(t, s)
	_, err := c.GetSecret(t.Context(), "db-password", "", nil)
	require.NoError(t, err)
	_, err = c.NewListSecretPropertiesPager(nil).NextPage(t.Context())
	_, _, inside := inner(t, err)
	require.Equal(t, "ForbiddenByRbac", inside)
}

func TestAVersionThatIsNotThereIsNotFound(t *testing.T) {
	_, err := good(t, start(t)).GetSecret(t.Context(), "db-password", "00000000000000000000000000000000", nil)
	status, code, _ := inner(t, err)
	require.Equal(t, 404, status)
	require.Equal(t, "SecretNotFound", code)
}

func TestAnUnknownVaultIsNoHost(t *testing.T) {
	s := start(t)
	_, err := open(t, s, "https://no-vault.vault.azure.net", tenant, client, proof, 1).GetSecret(t.Context(), "db-password", "", nil)
	require.ErrorContains(t, err, "no such host")
	require.Equal(t, map[string]int{"connect": 1}, s.Counters().Requests)
}

func TestItIsNoProxyToAnythingElse(t *testing.T) {
	s := start(t)
	for _, target := range []string{"https://example.com/", "http://example.com/", "http://my-vault.vault.azure.net/secrets/db-password"} {
		response, err := transport(t, s).Get(target)
		if err == nil {
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusBadGateway, response.StatusCode)
		}
	}
	require.Equal(t, 3, s.Counters().Statuses[http.StatusBadGateway])
}

func TestATokenOfAnotherTenantIsRefused(t *testing.T) {
	other := "33333333-3333-4333-8333-333333333333"
	s := start(t, func(c *fake.Config) { c.Vaults[0].Tenant = other })
	_, err := good(t, s).GetSecret(t.Context(), "db-password", "", nil)
	require.ErrorContains(t, err, "AdditionallyAllowedTenants", "the SDK stops at the challenge")
	require.Equal(t, "secret", steps(t, s))
}

func TestARevokedTokenIsRefusedAndTheSDKDoesNotGetAnother(t *testing.T) {
	s := start(t)
	c := good(t, s)
	_, err := c.GetSecret(t.Context(), "db-password", "", nil)
	require.NoError(t, err)
	s.Revoke()
	_, err = c.GetSecret(t.Context(), "db-password", "", nil)
	status, _, _ := inner(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "secret discovery openid token secret secret secret", steps(t, s))
}

func TestTheLogHoldsNeitherTokenNorValue(t *testing.T) {
	s := start(t)
	c := good(t, s)
	_, err := c.GetSecret(t.Context(), "db-password", "4387e9f3d6e14c459867679a90fd0f79", nil)
	require.NoError(t, err)
	_, err = open(t, s, address, tenant, client, "wrong-canary", 1).GetSecret(t.Context(), "db-password", "", nil)
	require.Error(t, err)
	text, err := os.ReadFile(s.Log)
	require.NoError(t, err)
	require.NotEmpty(t, text)
	for _, canary := range []string{proof, value, "wrong-canary", "eyJ", "Bearer"} {
		require.NotContains(t, string(text), canary)
	}
	authorized := 0
	for _, r := range records(t, s) {
		require.NotZero(t, r.Connection)
		if r.Authorized {
			authorized++
		}
	}
	require.Equal(t, 1, authorized)
}
