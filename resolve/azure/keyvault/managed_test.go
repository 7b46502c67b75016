package keyvault

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// machine is a world with vaults of a domain of their own: the SDK keeps the
// tokens of managed identities for the whole process, by resource.
func machine(t *testing.T, change ...func(*fake.Config)) (*world, func(w *world) ([]resolve.Finding, error)) {
	domain := "vault." + strings.ToLower(rand.Text()) + ".example"
	w := start(t, append(change, func(c *fake.Config) { c.Vaults[0].Domain = domain })...)
	realm := azure.Clouds{Domains: []string{domain}}
	source := "{name: 'https://my-vault." + domain + "', credential: managed, secrets: [db-password]}"
	return w, func(w *world) ([]resolve.Finding, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return w.ask(ctx, New(w.options).Source(specOf(t, source, realm)))
	}
}

func TestAManagedIdentityReadsAVault(t *testing.T) {
	t.Run("by the metadata service", func(t *testing.T) {
		w, read := machine(t)
		found, err := read(w)
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
		require.Equal(t, map[string]int{"managed-identity": 1, "secret": 1}, w.requests())
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
			"no token: the answer of 169.254.169.254 has no token":                      {Kind: fake.NoAccessToken},
			"no token: 169.254.169.254 answers with a web page":                         {Kind: fake.HTML},
			"no token: the answer of 169.254.169.254 is not valid JSON, or was cut off": {Kind: fake.Malformed},
			"no token: the answer of 169.254.169.254 has no token, or no expiry":        {Kind: fake.BadExpiry},
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

// TestNoProxySeesAManagedIdentity has a proxy for everything, and endpoints
// on addresses that are nobody's but the machine's.
func TestNoProxySeesAManagedIdentity(t *testing.T) {
	for name, endpoint := range map[string]string{"the metadata service": "", "App Service": "http://169.254.169.254/msi/token"} {
		t.Run(name, func(t *testing.T) {
			w, read := machine(t)
			if endpoint != "" {
				t.Setenv("IDENTITY_ENDPOINT", endpoint)
				t.Setenv("IDENTITY_HEADER", fake.IdentityHeader)
			}
			other := start(t) // the proxy: it counts what it sees
			w.options.Environ["HTTP_PROXY"] = other.Proxy
			_, _ = read(w)
			require.Positive(t, w.Counters().Requests["managed-identity"]+w.Counters().Requests["other"], "asked directly")
			require.Zero(t, other.Counters().Connections)
		})
	}
}

// TestAManagedIdentityThatIsNotReadyIsRetried has a metadata service that is not ready yet.
func TestAManagedIdentityThatIsNotReadyIsRetried(t *testing.T) {
	for _, status := range []int{404, 410, 429, 500, 503} {
		w, read := machine(t)
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: status, Path: "/metadata/*", Count: 5}))
		found, err := read(w)
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
		require.Equal(t, 6, w.Counters().Requests["managed-identity"])
	}
}

// TestAManagedIdentityHasMicrosoftsWaits checks the waits of the
// documentation, with a fifth of each more or less.
func TestAManagedIdentityHasMicrosoftsWaits(t *testing.T) {
	pace := defaultPace().managed()
	for tried, want := range map[int]time.Duration{1: 2 * time.Second, 2: 6 * time.Second, 3: 14 * time.Second, 4: 30 * time.Second, 5: 30 * time.Second, 99: 30 * time.Second} {
		least, more := pace.jitter(result{}, tried)
		require.Equal(t, want, least+more/2)
		require.Equal(t, want*4/5, least)
	}
	least, more := pace.jitter(result{after: time.Minute}, 1)
	require.Equal(t, []time.Duration{time.Minute, 15 * time.Second}, []time.Duration{least, more}, "unless it asks for another")
}

func TestOneOfSeveralIdentitiesHasToBeNamed(t *testing.T) {
	w, read := machine(t, func(c *fake.Config) {
		c.UserAssigned = true
		c.Principals = append(c.Principals, fake.Principal{Tenant: tenant, ClientID: "33333333-3333-4333-8333-333333333333", Managed: true})
	})
	_, err := read(w)
	require.EqualError(t, err, aVault+": no token: this machine has several managed identities")
	require.Contains(t, hintOf(err), "AZURE_CLIENT_ID")
	w.options.Environ[clientVariable] = application
	_, err = read(w)
	require.NoError(t, err)
}

// TestOnlyASmallKeyFileOfAzureArcIsRead has challenges that name other files.
// That the right one works is a test of the program, which needs the directory.
func TestOnlyASmallKeyFileOfAzureArcIsRead(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, size int) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600))
	}
	put("good.key", arcMaxKey)
	put("large.key", arcMaxKey+1)
	put("other.txt", 1)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder.key", "below"), 0o700))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo.key"), 0o600))
	require.Nil(t, classifyArcChallenge(t.Context(), dir, arcChallenge+dir+"/good.key").problem)
	for path, want := range map[string]string{
		dir + "/large.key": "is larger than 4 KiB", dir + "/missing.key": "is missing", dir + "/folder.key": "is not a regular file", dir + "/fifo.key": "is not a regular file",
		dir + "/other.txt": "not in " + dir, "/etc/shadow": "not in " + dir, dir + "/../x.key": "not in " + dir, dir + "/folder.key/below/x.key": "not in " + dir,
		dir + "//good.key": "not in " + dir, dir + "/./good.key": "not in " + dir, "": "not in " + dir, "good.key": "not in " + dir, `"` + dir + `/good.key"`: "not in " + dir,
	} {
		v := classifyArcChallenge(t.Context(), dir, arcChallenge+path)
		require.NotNil(t, v.problem, path)
		require.ErrorContains(t, v.problem, want, path)
		require.NotErrorIs(t, v.problem, resolve.ErrUnavailable)
		require.NotEmpty(t, v.hint)
	}
}

func TestAKeyFileElsewhereIsRefused(t *testing.T) {
	keys := t.TempDir()
	w, read := machine(t, func(c *fake.Config) { c.Arc = &fake.Arc{Keys: keys, Named: keys} })
	t.Setenv("IDENTITY_ENDPOINT", w.Proxy+"/metadata/identity/oauth2/token")
	t.Setenv("IMDS_ENDPOINT", w.Proxy)
	_, err := read(w)
	require.EqualError(t, err, aVault+": no token: Azure Arc names a key file that is not in /var/opt/azcmagent/tokens")
	require.Equal(t, 1, w.Counters().Requests["managed-identity"], "no key is sent")
}
