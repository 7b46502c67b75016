package keyvault

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// machine is a world with vaults of a domain of their own: the SDK keeps the
// tokens of managed identities for the whole process, by resource.
func machine(t *testing.T, change ...func(*fake.Config)) (*world, func(w *world) ([]resolve.Finding, error)) {
	domain := "vault." + strings.ToLower(rand.Text()) + ".example"
	w := start(t, append(change, func(c *fake.Config) { c.Vaults[0].Domain = domain })...)
	realm := azure.Realm{Domains: []string{domain}}
	source := "{name: 'https://my-vault." + domain + "', credential: managed, secrets: [db-password]}"
	return w, func(w *world) ([]resolve.Finding, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return w.ask(ctx, New(w.options).Source(specOf(t, source, realm)))
	}
}

func TestAMachineHasAnIdentity(t *testing.T) {
	t.Run("by the metadata service", func(t *testing.T) {
		w, read := machine(t)
		found, err := read(w)
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
		require.Equal(t, map[string]int{"managed-identity": 1, "secret": 1}, w.asked())
	})
	t.Run("of a name", func(t *testing.T) {
		w, read := machine(t)
		w.options.Environ[clientVariable] = application
		_, err := read(w)
		require.NoError(t, err)
		w.options.Environ[clientVariable] = "22222222-2222-4222-8222-222222222222"
		_, err = read(w)
		require.EqualError(t, err, aVault+": no token: the managed identity is not assigned to this machine")
	})
	t.Run("by App Service", func(t *testing.T) {
		w, read := machine(t)
		t.Setenv("IDENTITY_ENDPOINT", w.Proxy+"/msi/token")
		t.Setenv("IDENTITY_HEADER", "another")
		_, err := read(w)
		require.EqualError(t, err, aVault+": no token: the managed identity endpoint answers 401")
		t.Setenv("IDENTITY_HEADER", fake.IdentityHeader)
		_, err = read(w)
		require.NoError(t, err)
	})
	t.Run("that has no permission", func(t *testing.T) {
		w, read := machine(t, func(c *fake.Config) { c.Vaults[0].Access = nil })
		found, err := read(w)
		require.ErrorContains(t, problemIn(t, found, err), "the managed identity has no permission to get secrets")
	})
	t.Run("that answers with nothing of use", func(t *testing.T) {
		for want, fault := range map[string]fake.Fault{
			"no token: no managed identity answers at 169.254.169.254":                  {Kind: fake.Reset},
			"no token: the managed identity endpoint answers 404":                       {Kind: fake.Status, Status: http.StatusNotFound},
			"no token: the managed identity endpoint answers 429":                       {Kind: fake.Status, Status: http.StatusTooManyRequests},
			"no token: the managed identity endpoint answers 500":                       {Kind: fake.Status, Status: http.StatusInternalServerError},
			"no token: the managed identity endpoint answers 403":                       {Kind: fake.Status, Status: http.StatusForbidden},
			"no token: the answer of 169.254.169.254 has none":                          {Kind: fake.NoAccessToken},
			"no token: what answers at 169.254.169.254 is a page":                       {Kind: fake.HTML},
			"no token: the answer of 169.254.169.254 is not valid JSON, or was cut off": {Kind: fake.Malformed},
			"no token: the answer of 169.254.169.254 has none, or not when it e":        {Kind: fake.BadExpiry},
		} {
			w, read := machine(t)
			fault.Path = "/metadata/*"
			require.NoError(t, w.SetFaults(fault))
			_, err := read(w)
			require.ErrorContains(t, err, want)
			require.Equal(t, fault.Status != http.StatusForbidden && fault.Kind != fake.HTML, errors.Is(err, resolve.ErrUnavailable), want)
			if errors.Is(err, resolve.ErrUnavailable) {
				require.Greater(t, w.Counters().Requests["managed-identity"], 3, want)
			}
		}
	})
}
