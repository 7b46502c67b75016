package keyvault

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// forty is a vault with as many secrets, and their source.
func forty(c *fake.Config) (source string) {
	var names []string
	c.Vaults[0].Secrets = nil
	for i := range 40 {
		names = append(names, fmt.Sprintf("s-%d", i))
		c.Vaults[0].Secrets = append(c.Vaults[0].Secrets, fake.Secret{Name: names[i], Value: value})
	}
	return "{name: my-vault, secrets: [" + strings.Join(names, ", ") + "]}"
}

// TestADeadConnectionIsClosed has an HTTP/2 connection that carries nothing any
// more after three answers, and does not end. Each try has more time than the
// deadline: only a ping can find out.
func TestADeadConnectionIsClosed(t *testing.T) {
	var source string
	w := start(t, func(c *fake.Config) { source, c.HTTP2 = forty(c), true })
	w.options.pace.tryLimit, w.options.pace.pingAfter, w.options.pace.pingTimeout = time.Hour, 200*time.Millisecond, 200*time.Millisecond
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Dead, Path: "/secrets/*", Authorized: new(true), Skip: 3, Count: 1}))
	found, err := w.find(source)
	require.NoError(t, err)
	require.Len(t, found, 40)
	for _, f := range found {
		require.NoError(t, f.Err)
	}
	require.Equal(t, 1, strings.Count(w.log(), `"fault":"dead"`), "one connection died")
}

// TestATryMayTakeAThirdOfTheTime checks what follows from the deadline.
func TestATryMayTakeAThirdOfTheTime(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, 15 * time.Second: 5 * time.Second, time.Minute: 20 * time.Second, 90 * time.Second: 30 * time.Second, time.Hour: time.Minute, 0: time.Minute,
	} {
		ctx := t.Context()
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		limit, ok := withTryLimit(ctx, defaultPace()).Value(tryLimitKey{}).(time.Duration)
		require.True(t, ok)
		require.InDelta(t, want, limit, float64(time.Second))
	}
}

func TestAVaultOfAnOlderVersion(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.Vaults[0].APIVersions, c.Vaults[0].Page = []string{"7.3", "7.4"}, 1 })
	found, err := w.find(one)
	err = problemIn(t, found, err)
	require.EqualError(t, err, theOne+": the vault answers 400 (BadParameter)")
	require.Contains(t, hintOf(err), "--azure-api-version")
	for _, source := range []string{one, all} {
		spec := specOf(t, source, realmOf("7.4"))
		found, err := w.ask(t.Context(), New(w.options).Source(spec))
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
	}
}

func TestAnErrorWithAHugeBodyMayPass(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		w := start(t)
		fault := place.at
		fault.Kind, fault.Status, fault.Padding, fault.Count = fake.Status, 500, maxBody+1, 2
		require.NoError(t, w.SetFaults(fault))
		found, err := w.find(place.source)
		require.NoError(t, err, place.name)
		require.Equal(t, "db-password="+value, values(found))
	}
}

func TestASecretDeletedWhileListingIsLeftOut(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		c.Vaults[0].Secrets = append(c.Vaults[0].Secrets, fake.Secret{Name: "gone", Value: value})
	})
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Gone, Path: "/secrets/gone/"}))
	found, err := w.find(all)
	require.NoError(t, err)
	require.Equal(t, "db-password="+value, values(found))
	found, err = w.find("{name: my-vault, secrets: [gone]}")
	require.ErrorIs(t, problemIn(t, found, err), resolve.ErrAbsent, "one that is named is missing")
}

// TestAnAuthorityIsAskedNoMoreOftenThanATokenIs has an authority by one of its
// older names, whose endpoints are asked for. The SDK looks into its cache
// first, by the same requests.
func TestAnAuthorityIsAskedNoMoreOftenThanATokenIs(t *testing.T) {
	t.Parallel()
	realm := azure.Clouds{Authority: "https://login.windows.net/"}
	for name, c := range map[string]struct {
		fault fake.Fault
		want  string
	}{
		"500":       {status(500), aVault + ": no token: login.windows.net answers 500, until the deadline"},
		"malformed": {fake.Fault{Kind: fake.Malformed}, aVault + ": no token: the answer of login.windows.net is not valid JSON, or was cut off, until the deadline"},
		"page":      {fake.Fault{Kind: fake.HTML}, aVault + ": no token: login.windows.net answers with a web page (text/html), not as Azure"},
	} {
		w := start(t)
		c.fault.Path = "*/openid-configuration"
		require.NoError(t, w.SetFaults(c.fault))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := w.ask(ctx, New(w.options).Source(specOf(t, one, realm)))
		cancel()
		require.EqualError(t, err, c.want, name)
		if name == "page" {
			require.Equal(t, 1, w.requests()["openid"])
		}
	}
}
