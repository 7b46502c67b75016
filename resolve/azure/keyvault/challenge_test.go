package keyvault

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve/azure"
)

func realmOf(version string) azure.Clouds { return azure.Clouds{APIVersion: version} }

// TestAChallengeOfTheOlderFormIsRead has a token refused in the middle, by a
// challenge that says authorization_uri.
func TestAChallengeOfTheOlderFormIsRead(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.Vaults[0].OldForm = true })
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 401, Path: "/secrets/db-password/", Authorized: new(true), Count: 1}))
	w.requireRead()
	require.Equal(t, 2, w.Counters().Tokens, "another one after the first was refused")

	w = start(t, func(c *fake.Config) { c.Vaults[0].OldForm, c.Vaults[0].Tenant = true, otherTenant })
	found, err := w.find(one)
	require.ErrorContains(t, problemIn(t, found, err), `it is in tenant "`+otherTenant+`"`, "the same checks")
}

const tenantURL = "https://login.microsoftonline.com/" + tenant

// headers are challenges, and what is in them; "" for none.
var headers = map[string]string{
	`Bearer authorization="` + tenantURL + `", resource="https://vault.azure.net"`:                     "https://vault.azure.net",
	`Bearer authorization_uri="` + tenantURL + `", resource="https://vault.azure.net"`:                 "https://vault.azure.net",
	`Bearer authorization_uri="` + tenantURL + `",resource="https://vault.azure.net"`:                  "https://vault.azure.net",
	`Bearer resource=https://vault.azure.net, authorization_uri=` + tenantURL:                          "https://vault.azure.net",
	`Bearer authorization="` + tenantURL + `" scope="https://vault.azure.net/.default"`:                "https://vault.azure.net",
	`Bearer authorization="` + tenantURL + `", authorization_uri="short", resource="https://a"`:        "https://a",
	`Bearer authorization="short", resource="https://vault.azure.net"`:                                 "",
	`Bearer authorization_uri="short", resource="https://vault.azure.net"`:                             "",
	`Bearer authorization_uri="http://login.microsoftonline.com/` + tenant + `", resource="https://a"`: "",
	`Bearer authorization="https://login.microsoftonline.com", resource="https://vault.azure.net"`:     "",
	`Bearer authorization="https://login.microsoftonline.com//", resource="https://vault.azure.net"`:   "",
	`Bearer xauthorization="` + tenantURL + `", resource="https://vault.azure.net"`:                    "",
	`Bearer authorization="` + tenantURL + `"`:                                                         "",
	`Bearer authorization="` + tenantURL + `, resource="https://a"`:                                    "",
	`Bearer authorization="` + tenantURL + `", resource="https://vault.azure.net?a=b"`:                 "",
	`Basic realm=/var/opt/azcmagent/tokens/x.key`:                                                      "",
	`PKeyAuth Authority="` + tenantURL + `"`:                                                           "",
	``:                                                                                                 "",
}

func TestAChallengeIsRead(t *testing.T) {
	for header, want := range headers {
		c, ok := parseChallenge(header)
		require.Equal(t, want != "", ok, header)
		if ok {
			require.Equal(t, challenge{tenantURL, want}, c, header)
		}
	}
}

// FuzzChallenge reads what a vault sends. What is passed on to the SDK says the
// same again, and has what the SDK counts on: a tenant after the third slash.
func FuzzChallenge(f *testing.F) {
	for header := range headers {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseChallenge(header)
		if !ok {
			return
		}
		again, ok := parseChallenge(c.String())
		require.True(t, ok, "%q", c)
		require.Equal(t, c, again)
		require.True(t, strings.HasPrefix(strings.ToLower(c.authority), "https://"), "%q", c)
		require.GreaterOrEqual(t, len(strings.Split(c.authority, "/")), 4, "%q", c)
		require.Len(t, strings.Split(c.String(), " "), 3, "%q", c)
		require.Len(t, strings.Split(c.String(), "="), 3, "%q", c)
	})
}
