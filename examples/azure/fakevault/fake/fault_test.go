package fake_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

func scope() policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}, EnableCAE: true}
}

// read reads one secret, with as many tries.
func read(t *testing.T, s *fake.Server, tries int32) error {
	t.Helper()
	got, err := open(t, s, address, tenant, client, proof, tries).GetSecret(t.Context(), "db-password", "", nil)
	if err == nil {
		require.Equal(t, "newer", *got.Value)
	}
	return err
}

func yes() *bool { return new(true) }

func TestAFaultMeetsTheRequestsThatItFits(t *testing.T) {
	s := start(t)
	for name, fault := range map[string]fake.Fault{
		"429":                  {Kind: fake.Status, Status: 429, Path: "/secrets/*", Count: 3},
		"429 with Retry-After": {Kind: fake.Status, Status: 429, RetryAfter: "0", Path: "/secrets/*", Count: 3},
		"503":                  {Kind: fake.Status, Status: 503, Host: "my-vault.*", Authorized: yes(), Count: 3},
		"reset":                {Kind: fake.Reset, Path: "/secrets/db-password/", Count: 3},
		"Entra 500":            {Kind: fake.Status, Status: 500, Path: "*/token", Method: "POST", Count: 3},
		"no such host":         {Kind: fake.NoSuchHost, Method: "CONNECT", Host: "my-vault.*", Count: 3},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.SetFaults(fault))
			require.NoError(t, read(t, s, 4), "the fourth try is good")
			require.NoError(t, s.SetFaults(fault))
			require.Error(t, read(t, s, 3), "the third is not")
		})
	}
	t.Run("after some", func(t *testing.T) {
		require.NoError(t, s.SetFaults(fake.Fault{Kind: fake.Status, Status: 418, Path: "/secrets/*", Skip: 2, Count: 1}))
		require.NoError(t, read(t, s, 1), "the challenge and the read")
		require.Error(t, read(t, s, 1))
		require.NoError(t, read(t, s, 1))
	})
	t.Run("none", func(t *testing.T) {
		require.NoError(t, s.SetFaults(fake.Fault{Kind: fake.Silent, Path: "/other/*"}))
		require.NoError(t, read(t, s, 1))
	})
}

func TestRetryAfterIsThereByChoice(t *testing.T) {
	s := start(t)
	c := transport(t, s)
	for _, after := range []string{"", "60"} {
		require.NoError(t, s.SetFaults(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: after}))
		for _, target := range []string{address + "/secrets/x", "https://login.microsoftonline.com/" + tenant + "/v2.0/.well-known/openid-configuration"} {
			response, err := c.Get(target)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, 429, response.StatusCode)
			require.Equal(t, after, response.Header.Get("Retry-After"))
		}
	}
}

func TestAFaultIsWhatItSays(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		fault fake.Fault
		says  string
	}{
		"reset":                {fake.Fault{Kind: fake.Reset, Path: "/secrets/*"}, syscall.ECONNRESET.Error()},
		"reset of a tunnel":    {fake.Fault{Kind: fake.Reset, Method: "CONNECT"}, syscall.ECONNRESET.Error()},
		"HTML":                 {fake.Fault{Kind: fake.HTML, Authorized: yes()}, "invalid character '<'"},
		"HTML from Entra":      {fake.Fault{Kind: fake.HTML, Path: "*/token"}, "<!DOCTYPE html>"},
		"malformed":            {fake.Fault{Kind: fake.Malformed, Authorized: yes()}, "unexpected end of JSON input"},
		"token without token":  {fake.Fault{Kind: fake.NoAccessToken, Path: "*/token"}, "response is missing access_token"},
		"token, bad expiry":    {fake.Fault{Kind: fake.BadExpiry, Path: "*/token"}, "eyJ"}, // the SDK shows the token
		"token, malformed":     {fake.Fault{Kind: fake.Malformed, Path: "*/token"}, "eyJ"},
		"a foreign host":       {fake.Fault{Kind: fake.NoSuchHost, Method: "CONNECT", Host: "login.*"}, "no such host"},
		"unauthorized for now": {fake.Fault{Kind: fake.Status, Status: 401, Authorized: yes()}, "401"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.SetFaults(c.fault))
			require.ErrorContains(t, read(t, s, 1), c.says)
		})
	}
}

func TestTheShortChallengeMakesTheSDKPanic(t *testing.T) {
	s := start(t)
	require.NoError(t, s.SetFaults(fake.Fault{Kind: fake.ShortChallenge, Path: "/secrets/*"}))
	require.PanicsWithError(t, "runtime error: index out of range [3] with length 1", func() { _ = read(t, s, 1) })
}

func TestAForeignNextLinkIsInTheAnswer(t *testing.T) {
	s := start(t)
	require.NoError(t, s.SetFaults(fake.Fault{Kind: fake.ForeignNextLink, Path: "/secrets"}))
	pager := good(t, s).NewListSecretPropertiesPager(nil)
	page, err := pager.NextPage(t.Context())
	require.NoError(t, err)
	require.Equal(t, "https://collector.example/secrets?api-version=7.4&$skiptoken=fake", *page.NextLink)
	_, err = pager.NextPage(t.Context())
	require.Error(t, err)
	last := records(t, s)[len(records(t, s))-1]
	require.Equal(t, "collector.example", last.Host, "the SDK goes there")
}

// TestSilence waits for the line in the log, and then for nothing.
func TestSilence(t *testing.T) {
	for name, fault := range map[string]fake.Fault{
		"silent":         {Kind: fake.Silent, Authorized: yes()},
		"silent, token":  {Kind: fake.Silent, Path: "*/token"},
		"silent, tunnel": {Kind: fake.Silent, Method: "CONNECT"},
		"stalled":        {Kind: fake.Stall, Authorized: yes()},
		"slow":           {Kind: fake.Slow, DelayMS: 60_000, Path: "/secrets/*"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			require.NoError(t, s.SetFaults(fault))
			c := good(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := c.GetSecret(ctx, "db-password", "", nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, s.SetFaults())
			_, err = c.GetSecret(t.Context(), "db-password", "", nil)
			require.NoError(t, err)
		})
	}
}

func TestLatencyIsOfEveryRequest(t *testing.T) {
	s := start(t, func(c *fake.Config) { c.LatencyMS = 20 })
	begin := time.Now()
	require.NoError(t, read(t, s, 1))
	require.GreaterOrEqual(t, time.Since(begin), 5*20*time.Millisecond, "5 round trips")
	for _, r := range records(t, s) {
		require.True(t, r.Operation == "connect" || r.TookMS >= 20)
	}
}

func TestAThrottleAnswers429BeyondItsReads(t *testing.T) {
	for after, header := range map[string]string{"": "", "window": "3600", "7": "7"} {
		s := start(t, func(c *fake.Config) {
			c.Vaults[0].Throttle = &fake.Throttle{Reads: 2, WindowMS: 3_600_000, RetryAfter: after}
		})
		c := good(t, s)
		for range 2 {
			_, err := c.GetSecret(t.Context(), "db-password", "", nil)
			require.NoError(t, err)
		}
		for range 2 {
			_, err := c.GetSecret(t.Context(), "db-password", "", nil)
			status, code, _ := inner(t, err)
			require.Equal(t, http.StatusTooManyRequests, status)
			require.Equal(t, "Throttled", code)
		}
		require.Equal(t, 2, s.Counters().Throttled)

		o := options(t, s, 1)
		credential, err := azidentity.NewClientSecretCredential(tenant, client, proof, &azidentity.ClientSecretCredentialOptions{ClientOptions: o})
		require.NoError(t, err)
		token, err := credential.GetToken(t.Context(), scope())
		require.NoError(t, err)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/secrets/db-password?api-version=7.4", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token.Token)
		response, err := o.Transport.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, header, response.Header.Get("Retry-After"))
	}
}

func TestManyAtOnceAreCountedOnce(t *testing.T) {
	s := start(t, func(c *fake.Config) { c.LatencyMS = 20 })
	c := good(t, s)
	_, err := c.GetSecret(t.Context(), "db-password", "", nil)
	require.NoError(t, err)
	s.ResetCounters()
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			_, err := c.GetSecret(context.Background(), "db-password", "", nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	counters := s.Counters()
	require.Equal(t, 16, counters.Reads["my-vault"]["db-password"])
	require.Zero(t, counters.Challenges)
	require.LessOrEqual(t, counters.MostAtOnce, 16)
	require.Greater(t, counters.MostAtOnce, 1)
}

func TestTheAdministration(t *testing.T) {
	s := start(t)
	ask := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.Admin+path, strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	status, _ := ask("PUT", "/faults", "- {kind: status, status: 418, path: '/secrets/*', authorized: true}\n")
	require.Equal(t, 204, status)
	require.ErrorContains(t, read(t, s, 1), "418")
	status, _ = ask("DELETE", "/faults", "")
	require.Equal(t, 204, status)
	require.NoError(t, read(t, s, 1))

	for body, says := range map[string]string{
		`[{"kind": "nonsense"}]`:                  "fault 1: a fault's kind is one of status, slow",
		`[{"kind": "slow"}]`:                      "fault 1: a slow fault needs delay_ms",
		`[{"kind": "no-such-host"}]`:              "fault 1: a fault of method CONNECT is",
		`[{"kind": "html", "method": "CONNECT"}]`: "fault 1: a fault of method CONNECT is",
		`[{"kind": "reset", "pth": "/x"}]`:        `unknown field "pth"`,
		`[{"kind": "reset", "path": 7}]`:          `"path" must be a string`,
		`{`:                                       "faults:",
	} {
		status, text := ask("PUT", "/faults", body)
		require.Equal(t, 400, status)
		require.Contains(t, text, says)
	}

	status, text := ask("GET", "/counters", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"tokens":2`)
	status, _ = ask("DELETE", "/counters", "")
	require.Equal(t, 204, status)
	_, text = ask("GET", "/counters", "")
	require.Contains(t, text, `"tokens":0`)

	status, _ = ask("PUT", "/config", `{"principals": [{"tenant": "`+tenant+`", "client_id": "`+client+`", "secrets": ["rotated"]}],
		"vaults": [{"name": "my-vault", "tenant": "`+tenant+`", "access": {"`+client+`": ["get"]}, "secrets": [{"name": "db-password", "value": "x"}]}]}`)
	require.Equal(t, 204, status)
	require.ErrorContains(t, read(t, s, 1), "AADSTS7000215", "the credential was rotated")
	status, _ = ask("POST", "/revoke", "")
	require.Equal(t, 204, status)
	status, text = ask("PUT", "/config", `{"vaults": [{"name": "x"}]}`)
	require.Equal(t, 400, status)
	require.Contains(t, text, `vault "x" needs a name and a tenant`)
}
