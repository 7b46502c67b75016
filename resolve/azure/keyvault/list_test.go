package keyvault

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

const all = "{name: my-vault, secrets: []}"

// readable returns a world whose vault has some of every kind of secret.
func listedWorld(t *testing.T, page int) *world {
	return start(t, func(c *fake.Config) {
		c.Vaults[0].Page = page
		c.Vaults[0].Secrets = []fake.Secret{
			{Name: "a", Value: "1"}, {Name: "Disabled-Now", Value: value, Disabled: true}, {Name: "b", Value: "old"}, {Name: "b", Value: "2"},
			{Name: "site", Value: "pfx", Managed: true}, {Name: "empty"}, {Name: "z", Value: "3", Expires: 1600000000},
		}
	})
}

func TestAListHasEveryEnabledSecretPageByPage(t *testing.T) {
	for page, pages := range map[int]int{1: 6, 2: 3, 4: 2, 25: 1} {
		w := listedWorld(t, page)
		found, err := w.find(all)
		require.NoError(t, err)
		require.Equal(t, "a=1 b=2 empty= z=3", values(found), "without what is disabled or a certificate's")
		require.Equal(t, map[string]int{"token": 1, "list": pages, "secret": 4}, w.requests())
		require.Equal(t, "https://my-vault.vault.azure.net/secrets/a", found[0].Where)
	}
}

func TestASecretOfACertificateIsReadWhereItIsNamed(t *testing.T) {
	w := listedWorld(t, 2)
	found, err := w.find("{name: my-vault, secrets: [site]}")
	require.NoError(t, err)
	require.Equal(t, "site=pfx", values(found))
	found, err = w.find("{name: my-vault, secrets: [disabled-now]}")
	require.EqualError(t, problemIn(t, found, err), `vault "my-vault": secret "disabled-now" is disabled`)
	require.Equal(t, "run az keyvault secret set-attributes --vault-name my-vault --name disabled-now --enabled true, or name a version that is enabled", hintOf(found[0].Err))
	require.NotErrorIs(t, found[0].Err, resolve.ErrAbsent)
}

// TestATokenThatIsRefusedOnALaterPageIsReplaced has next pages at the vault's
// address with a port, as Key Vault's are.
func TestATokenThatIsRefusedOnALaterPageIsReplaced(t *testing.T) {
	for page := 1; page < 6; page++ {
		w := listedWorld(t, 1)
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: http.StatusUnauthorized, Path: "/secrets", Authorized: new(true), Skip: page, Count: 1}))
		found, err := w.find(all)
		require.NoError(t, err)
		require.Equal(t, "a=1 b=2 empty= z=3", values(found))
		require.Equal(t, 2, w.Counters().Tokens)
	}
}

func TestAVaultWithNothingInItIsNoError(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets = nil })
	found, err := w.find(all)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestASecretThatVanishesBetweenListAndReadIsAbsent(t *testing.T) {
	w := listedWorld(t, 25)
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: http.StatusForbidden, Path: "/secrets/b/", Count: 1}))
	found, err := w.find(all)
	require.NoError(t, err)
	require.Equal(t, "a=1 b! empty= z=3", values(found))
	require.ErrorContains(t, found[1].Err, `vault "my-vault": secret "b": forbidden`)
}

func TestAPageOfAnotherHostIsNotRequested(t *testing.T) {
	w := listedWorld(t, 25)
	w.config.Vaults[1].Name, w.config.Vaults[1].Domain = "collector", "example" // it would answer
	require.NoError(t, w.SetConfig(w.config))
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.ForeignNextLink, Path: "/secrets", Count: 2}))
	found, err := w.find(all)
	require.EqualError(t, err, `vault "my-vault": the next page of its list would be at another host, "collector.example"`)
	require.NotErrorIs(t, err, resolve.ErrUnavailable)
	require.Empty(t, found)
	require.Zero(t, w.Counters().Reads["collector"])
	require.NotContains(t, w.log(), "collector", "not even a connection")
}

func TestHostsAreComparedWithoutCaseAndPort443(t *testing.T) {
	const host = "my-vault.vault.azure.net"
	for other, same := range map[string]bool{
		host: true, host + ":443": true, "My-Vault.vault.azure.net:443": true, "MY-VAULT.VAULT.AZURE.NET": true,
		host + ":8443": false, host + ".": false, host + ":443:443": false, "vault.azure.net": false, "my-vault2.vault.azure.net": false, "": false, ":443": false,
		"my-vault.vault.azure.net.evil.example": false, "m\u212a-vault.vault.azure.net": false, "evil.example": false,
	} {
		require.Equal(t, same, sameHost(other, host), other)
	}
	require.False(t, sameHost("k.example", "\u212a.example"))
	require.False(t, sameHost("s.example", "\u017f.example"))
}

func TestAMalformedListIsAnErrorAndNotAPanic(t *testing.T) {
	t.Parallel()
	item := func(id string) string { return `{"value": [{"id": "` + id + `"}]}` }
	for name, c := range map[string]struct{ list, want string }{
		"good":                     {item("SELF/secrets/a"), ""},
		"the same twice":           {`{"value": [{"id": "SELF/secrets/a"}, {"id": "SELF/secrets/A"}, {}, {"id": null}, null]}`, ""},
		"another's address":        {item("https://evil.example/secrets/a"), ""}, // its name is what counts
		"a name with a separator":  {item("SELF/secrets/..%2f..%2fa"), "its list has an invalid secret name"},
		"a name of dots":           {item("SELF/secrets/.."), "its list has an invalid secret name"},
		"no name":                  {item("SELF/secrets/"), "its list has an invalid secret name"},
		"an id that is none":       {item("SELF"), "the Azure SDK could not use the answer"},
		"an id that is no URL":     {item("%zz"), "the Azure SDK could not use the answer"},
		"a list of something else": {`{"value": "` + sourcetest.Canary + `"}`, "the Azure SDK could not use the answer"},
		"an id that is a number":   {`{"value": [{"id": 1}]}`, "the Azure SDK could not use the answer"},
		"no list":                  {`[]`, "the Azure SDK could not use the answer"},
		"not UTF-8":                {item("SELF/secrets/a\xff"), "is not valid JSON, or was cut off"},
		"a list without an end":    {`{"value": [{"id": "SELF/secrets/a"}], "nextLink": "SELF/secrets?again"}`, "its list repeats the same nextLink"},
		"a next page that is none": {`{"value": [], "nextLink": "%zz"}`, "the Azure SDK could not use the answer"},
		"a next page without TLS":  {`{"value": [], "nextLink": "http://my-vault.vault.azure.net/secrets"}`, "sent an answer that the Azure SDK rejects"},
		"a next page with a user":  {`{"value": [], "nextLink": "https://my-vault.vault.azure.net@evil.example/secrets"}`, `would be at another host, "evil.example"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			found, err := w.ask(ctx, w.script("https://vault.azure.net", w.Direct, c.list))
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, "a=secrets/a", values(found))
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Empty(t, found)
		})
	}
}

func TestAnExpiredSecretIsServedWithANote(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		c.Vaults[0].Secrets = []fake.Secret{
			{Name: "old", Value: "1", Expires: 1600000000}, {Name: "early", Value: "2", NotBefore: 4102444800},
			{Name: "both", Value: "3", NotBefore: 1500000000, Expires: 1600000000}, {Name: "good", Value: "4", NotBefore: 1500000000, Expires: 4102444800},
			{Name: "set", Value: `{"K": "v"}`, Expires: 1600000000},
		}
	})
	found, err := w.find("{name: my-vault, secrets: [old, early, both, good], bundle: [set]}")
	require.NoError(t, err)
	require.Equal(t, "old=1 early=2 both=3 good=4 K=v", values(found))
	const served = ", but the vault still serves it"
	for i, want := range []string{"it expired on 2020-09-13" + served, "it is not valid before 2100-01-01" + served, "it expired on 2020-09-13" + served, "", "it expired on 2020-09-13" + served} {
		require.Equal(t, want, found[i].Note)
	}
}
