package keyvault

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
)

// The places where something can go wrong, and the source that gets there.
var places = []struct {
	name, source, operation string
	at                      fake.Fault
}{
	{"token", one, "token", fake.Fault{Path: "*/oauth2/v2.0/token"}},
	{"list", all, "list", fake.Fault{Path: "/secrets", Authorized: new(true)}},
	{"read", one, "secret", fake.Fault{Path: "/secrets/db-password/"}},
}

const (
	login  = "login.microsoftonline.com"
	where  = "my-vault.vault.azure.net"
	aVault = `vault "my-vault"`
	theOne = `vault "my-vault": secret "db-password"`
)

// answered is a fault that is an answer, and its message by place.
type answered struct {
	fault             fake.Fault
	token, list, read string
	unavailable       bool // it may pass
}

func status(code int) fake.Fault { return fake.Fault{Kind: fake.Status, Status: code} }

var answers = map[string]answered{
	"500":       {status(500), "no token: " + login + " answers 500", aVault + ": the vault answers 500", theOne + ": the vault answers 500", true},
	"503":       {status(503), "no token: " + login + " answers 503", aVault + ": the vault answers 503", theOne + ": the vault answers 503", true},
	"408":       {status(408), "no token: " + login + " answers 408", aVault + ": the vault answers 408", theOne + ": the vault answers 408", true},
	"reset":     {fake.Fault{Kind: fake.Reset}, "no token: " + login + ": connection reset by peer", aVault + ": " + where + ": connection reset by peer", aVault + ": " + where + ": connection reset by peer", true},
	"malformed": {fake.Fault{Kind: fake.Malformed}, "no token: the answer of " + login + " is not valid JSON, or was cut off", aVault + ": the answer of " + where + " is not valid JSON, or was cut off", theOne + ": the answer of " + where + " is not valid JSON, or was cut off", true},
	"no token":  {fake.Fault{Kind: fake.NoAccessToken}, "no token: the answer of " + login + " has no token, or no expiry", "", "", true},
	"no expiry": {fake.Fault{Kind: fake.BadExpiry}, "no token: the answer of " + login + " has no token, or no expiry", "", "", true},
	"302":       {status(302), "", aVault + ": the vault answers 302 (Found)", theOne + ": the vault answers 302 (Found)", false},
	"400":       {status(400), "", aVault + ": the vault answers 400 (BadRequest)", theOne + ": the vault answers 400 (BadRequest)", false},
	"403":       {status(403), "", aVault + ": forbidden without a reason", theOne + ": forbidden without a reason", false},
	"418":       {status(418), "", aVault + ": the vault answers 418 without a reason", theOne + ": the vault answers 418 without a reason", false},
	"page": {fake.Fault{Kind: fake.HTML}, "no token: " + login + " answers with a web page (text/html), not as Azure", aVault + ": " + where + " answers with a web page (text/html), not as Azure",
		theOne + ": " + where + " answers with a web page (text/html), not as Azure", false},
	"short challenge": {fake.Fault{Kind: fake.ShortChallenge}, "no token: " + login + " answers 401", aVault + " answers with an invalid challenge", aVault + " answers with an invalid challenge", false},
}

func TestEveryMalformedAnswerHasItsOwnMessage(t *testing.T) {
	for name, c := range answers {
		for i, want := range []string{c.token, c.list, c.read} {
			if want == "" {
				continue
			}
			if i == 0 {
				want = aVault + ": " + want
			}
			place, fault := places[i], c.fault
			fault.Path, fault.Authorized = place.at.Path, place.at.Authorized
			t.Run(name+" at the "+place.name, func(t *testing.T) {
				t.Parallel()
				w := start(t)
				require.NoError(t, w.SetFaults(fault))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if c.unavailable {
					ctx, cancel = context.WithTimeout(t.Context(), time.Second)
					want += ", until the deadline"
				}
				defer cancel()
				found, err := w.ask(ctx, w.source(place.source))
				err = problemIn(t, found, err)
				require.EqualError(t, err, want)
				require.NotEmpty(t, hintOf(err))
				require.Equal(t, c.unavailable, errors.Is(err, resolve.ErrUnavailable))
				require.NotErrorIs(t, err, resolve.ErrAbsent)
				if !c.unavailable {
					require.Equal(t, 1, w.requests()[place.operation])
				} else {
					require.Greater(t, w.requests()[place.operation], 8, "whatever may pass is retried until the deadline")
				}
			})
			if !c.unavailable {
				continue
			}
			t.Run(name+" at the "+place.name+" is tried again", func(t *testing.T) {
				w, fault := start(t), fault
				fault.Count = 2
				require.NoError(t, w.SetFaults(fault))
				found, err := w.find(place.source)
				require.NoError(t, err)
				require.Equal(t, "db-password="+value, values(found))
			})
		}
	}
}

// TestASilentServerIsReportedAtTheDeadline has a time for one request that is
// far below the deadline.
func TestASilentServerIsReportedAtTheDeadline(t *testing.T) {
	for i, want := range []string{"no token: no answer from " + login, "no answer from " + where, "no answer from " + where} {
		for _, fault := range []fake.Fault{{Kind: fake.Silent}, {Kind: fake.Stall}, {Kind: fake.Slow, DelayMS: 60_000}} {
			place := places[i]
			t.Run(fault.Kind+" at the "+place.name, func(t *testing.T) {
				t.Parallel()
				w := start(t)
				w.options.pace.tryLimit = time.Second
				fault.Path, fault.Authorized = place.at.Path, place.at.Authorized
				require.NoError(t, w.SetFaults(fault))
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				found, err := w.ask(ctx, w.source(place.source))
				err = problemIn(t, found, err)
				require.EqualError(t, err, aVault+": "+want+", until the deadline")
				require.Contains(t, hintOf(err), "--timeout")
				require.ErrorIs(t, err, resolve.ErrUnavailable)
				require.Greater(t, w.requests()[place.operation], 1, "a try has a time of its own")
			})
		}
	}
}

func TestAProxyThatRefusesToConnectIsNamed(t *testing.T) {
	t.Parallel()
	for host, what := range map[string]string{"login.*": "no token: ", "my-vault.*": ""} {
		name := map[string]string{"": where, "no token: ": login}[what]
		w := start(t)
		fault := fake.Fault{Kind: fake.NoSuchHost, Method: http.MethodConnect, Host: host}
		require.NoError(t, w.SetFaults(fault))
		found, err := w.findBriefly(one)
		err = problemIn(t, found, err)
		require.EqualError(t, err, aVault+": "+what+"the proxy does not connect to "+name+`: 502 "no such host", until the deadline`)
		require.Greater(t, strings.Count(w.log(), `"method":"CONNECT"`), 8)
		require.Contains(t, hintOf(err), "check the vault's name")
		require.ErrorIs(t, err, resolve.ErrUnavailable)

		fault.Count = 2
		require.NoError(t, w.SetFaults(fault))
		w.requireRead()
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Reset, Method: http.MethodConnect, Host: host}))
		found, err = w.findBriefly(one)
		require.EqualError(t, problemIn(t, found, err), aVault+": "+what+"the proxy to "+name+": connection reset by peer, until the deadline")
		require.Equal(t, hintProxy, hintOf(problemIn(t, found, err)))

		w.options.pace.tryLimit = 200 * time.Millisecond
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Silent, Method: http.MethodConnect, Host: host}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		found, err = w.ask(ctx, w.source(one))
		cancel()
		require.EqualError(t, problemIn(t, found, err), aVault+": "+what+"no answer from the proxy to "+name+", until the deadline")
	}
}

func TestAnInvalidProxyIsReported(t *testing.T) {
	t.Parallel()
	none := listen(t, "SSH-2.0-OpenSSH_9.6\r\n")
	const (
		refused = `the proxy to ` + login + `: connection refused`
		noURL   = `variable HTTPS_PROXY is not the URL of a proxy`
	)
	for address, want := range map[string]string{
		"http://user:%s@127.0.0.1:1":      refused,
		"127.0.0.1:1":                     refused,
		"http://user:%s@proxy.invalid:80": `(no such host: the proxy to ` + login + `|the name of the proxy to ` + login + ` could not be looked up)`,
		"http://user:%s@" + none:          `the proxy to ` + login + ` does not answer as a proxy`,
		"https://" + none:                 `the proxy to ` + login + ` does not speak TLS`,
		"http://" + listen(t, ""):         `the proxy to ` + login + ` closed the connection before its answer was complete`,
		"://%s":                           noURL,
		"http://u:" + proof + "%@proxy":   noURL,
		"http://u:" + proof + "/1@proxy":  noURL, // the host ends at the stroke
		"http://u:12/" + proof + "@proxy": noURL,
		"u:12?" + proof + "@proxy":        noURL,
		"http://":                         noURL,
		"a b":                             noURL,
		"mailto://u@" + none:              noURL,
	} {
		w := start(t)
		w.options.Environ["HTTPS_PROXY"] = strings.ReplaceAll(address, "%s", url.QueryEscape(proof))
		_, err := w.findBriefly(one)
		require.Regexp(t, "^"+aVault+": no token: "+want+"(, until the deadline)?$", err.Error())
		switch {
		case want == noURL:
			require.Contains(t, hintOf(err), "http://HOST:PORT")
			require.NotErrorIs(t, err, resolve.ErrUnavailable)
			require.Empty(t, w.log(), "the proxy is not gone past")
		case !strings.Contains(want, "looked up"):
			require.Equal(t, hintProxy, hintOf(err))
		}
	}
	w := start(t)
	w.options.Environ["https_proxy"], w.options.Environ["HTTPS_PROXY"] = "http://u:p/@x", ""
	_, err := w.find(one)
	require.EqualError(t, err, aVault+": no token: variable https_proxy is not the URL of a proxy")
	w = start(t)
	w.options.Environ["HTTP_PROXY"] = "://" // is not for https
	w.requireRead()
}

// listen is the address of a server that says the same to every connection, and
// ends it.
func listen(t *testing.T, says string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = io.WriteString(conn, says)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestOnlyAMissingSecretIsAbsent(t *testing.T) {
	t.Parallel()
	w := start(t)
	found, err := w.find("{name: my-vault, secrets: [NOT_THERE, db-password, {key: OLD, name: db-password, version: ffff}]}")
	require.NoError(t, err)
	require.Equal(t, "NOT_THERE! db-password="+value+" OLD!", values(found))
	require.EqualError(t, found[0].Err, `vault "my-vault": secret "NOT-THERE" does not exist`)
	require.Equal(t, "run az keyvault secret set --vault-name my-vault --name NOT-THERE --file FILE, or mark the source optional: true", hintOf(found[0].Err))
	require.EqualError(t, found[2].Err, `vault "my-vault": secret "db-password", version "ffff" does not exist`)
	require.Contains(t, hintOf(found[2].Err), "list-versions")
	for _, i := range []int{0, 2} {
		require.ErrorIs(t, found[i].Err, resolve.ErrAbsent)
	}
	for _, place := range places { // a secret's too, where its code is not SecretNotFound
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 404, Path: place.at.Path, Authorized: place.at.Authorized}))
		found, err := w.findBriefly(place.source)
		require.NotErrorIs(t, problemIn(t, found, err), resolve.ErrAbsent)
	}
}

func TestARefusalSaysWhichPermissionToGive(t *testing.T) {
	for name, c := range map[string]struct {
		change             func(*fake.Vault)
		source, want, hint string
	}{
		"roles":            {func(v *fake.Vault) { v.Access = nil }, one, theOne + ": application " + application + " has no permission to get secrets", `--role "Key Vault Secrets User" --assignee ` + application},
		"roles, list":      {func(v *fake.Vault) { v.Access[application] = []string{"get"} }, all, aVault + ": application " + application + " has no permission to list secrets", "--role \"Key Vault Secrets User\""},
		"policies":         {func(v *fake.Vault) { v.Access, v.Model = nil, "policy" }, one, theOne + ": application " + application + " has no permission to get secrets", "run az keyvault set-policy --name my-vault --spn " + application + " --secret-permissions get"},
		"policies, list":   {func(v *fake.Vault) { v.Access, v.Model = nil, "policy" }, all, aVault + ": application " + application + " has no permission to list secrets", "--secret-permissions get list"},
		"an address":       {func(v *fake.Vault) { v.Firewall = "address" }, one, aVault + ": its firewall blocks this pod", "private endpoint"},
		"a private vault":  {func(v *fake.Vault) { v.Firewall = "private" }, all, aVault + " does not accept public addresses (ForbiddenByConnection)", "privatelink.vaultcore.azure.net"},
		"a disabled one":   {func(v *fake.Vault) { v.Secrets[1].Disabled = true }, one, theOne + " is disabled", "run az keyvault secret set-attributes --vault-name my-vault --name db-password --enabled true"},
		"another's tenant": {func(v *fake.Vault) { v.Tenant = otherTenant }, one, aVault + `: it is in tenant "` + otherTenant + `", and application ` + application + ` in tenant "` + tenant + `"`, "an application of the vault's tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, func(config *fake.Config) { c.change(&config.Vaults[0]) })
			found, err := w.find(c.source)
			err = problemIn(t, found, err)
			require.EqualError(t, err, c.want)
			require.Contains(t, hintOf(err), c.hint)
			require.NotErrorIs(t, err, resolve.ErrUnavailable)
			require.NotErrorIs(t, err, resolve.ErrAbsent)
		})
	}
}

func TestAMissingVaultIsNamed(t *testing.T) {
	t.Parallel()
	w := start(t)
	found, err := w.findBriefly("{name: my-valut, secrets: [a]}")
	require.EqualError(t, problemIn(t, found, err), `vault "my-valut": the proxy does not connect to my-valut.vault.azure.net: 502 "no such host", until the deadline`)
}
