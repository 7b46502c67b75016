package keyvault

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// hundred is secrets s-0 to s-99, and a source that names them all.
func hundred() (secrets []fake.Secret, source string) {
	var names []string
	for i := range 100 {
		secrets = append(secrets, fake.Secret{Name: fmt.Sprintf("s-%d", i), Value: fmt.Sprintf("%s-%d", value, i)})
		names = append(names, secrets[i].Name)
	}
	return secrets, "{name: my-vault, secrets: [" + strings.Join(names, ", ") + "]}"
}

func TestAHundredSecretsNeedOneTokenAndOneGetEach(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		secrets, source := hundred()
		w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets, c.LatencyMS, c.HTTP2 = secrets, 5, http2 })
		found, err := w.find(source)
		require.NoError(t, err)
		for i, f := range found {
			require.NoError(t, f.Err)
			require.Equal(t, secrets[i].Name+"="+secrets[i].Value, values(found[i:i+1]))
		}
		counters := w.Counters()
		require.Equal(t, 1, counters.Tokens)
		require.LessOrEqual(t, counters.Challenges, 1, "what opens the connection")
		require.Len(t, counters.Reads["my-vault"], 100)
		for name, times := range counters.Reads["my-vault"] {
			require.Equal(t, 1, times, name)
		}
		require.Equal(t, map[string]int{"token": 1, "secret": 100}, w.requests(), "nothing that is known is asked for")
	}
}

// TestReadsAreLimitedToParallel uses a vault that never answers, so every read
// that started is under way.
func TestReadsAreLimitedToParallel(t *testing.T) {
	_, source := hundred()
	for _, parallel := range []int{1, 3, 16} {
		w := start(t)
		w.options.Parallel = parallel
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Silent, Path: "/secrets/*"}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan []resolve.Finding)
		go func() {
			found, _ := w.source(source).Find(ctx)
			done <- found
		}()
		w.await(func(c fake.Counters) bool { return c.Statuses[0] >= parallel })
		cancel()
		require.Len(t, <-done, 100)
		require.Equal(t, parallel, w.Counters().Statuses[0])
	}
}

func TestNamesMayDifferInCaseAndHaveVersions(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		c.Vaults[0].Secrets = []fake.Secret{{Name: "my-key", Value: "1", Version: "aa"}, {Name: "my-key", Value: "2", Version: "bb"}}
	})
	found, err := w.find("{name: MY-vault, secrets: [MY_KEY, my-key, {key: OLD, name: My-Key, version: aa}, {key: NEW, name: my-key, version: bb}]}")
	require.NoError(t, err)
	require.Equal(t, "MY_KEY=2 my-key=2 OLD=1 NEW=2", values(found))
	require.Equal(t, "https://my-vault.vault.azure.net/secrets/MY-KEY", found[0].Where)
	require.Equal(t, "https://my-vault.vault.azure.net/secrets/My-Key/aa", found[2].Where)
	require.Equal(t, 3, w.requests()["secret"])
}

func TestSourcesOfOneVaultShareItsReads(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.LatencyMS = 20 })
	vaults := New(w.options)
	var bound []resolve.Bound
	for range 5 {
		for _, source := range []string{one, "{name: My-Vault, secrets: [{key: K, name: DB-password}]}", "{name: 'https://my-vault.vault.azure.net/', secrets: []}"} {
			bound = append(bound, resolve.Bound{Source: vaults.Source(specOf(t, source, azure.Clouds{})), Remote: true})
		}
	}
	resolution, err := resolve.Resolve(t.Context(), bound)
	require.NoError(t, err)
	require.Len(t, resolution.Secrets, 2)
	require.Equal(t, map[string]int{"token": 1, "list": 5, "secret": 1}, w.requests())
	require.LessOrEqual(t, w.Counters().Challenges, 1)
}

func TestTwoVaultsOfACloudShareATokenAndAreReadAtTheSameTime(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.LatencyMS = 50 })
	vaults := New(w.options)
	resolution, err := resolve.Resolve(t.Context(), []resolve.Bound{
		{Source: vaults.Source(specOf(t, one, azure.Clouds{})), Remote: true},
		{Source: vaults.Source(specOf(t, "{name: other, secrets: [elsewhere]}", azure.Clouds{})), Remote: true},
	})
	require.NoError(t, err)
	require.Len(t, resolution.Secrets, 2)
	require.Equal(t, 1, w.Counters().Tokens)
	require.GreaterOrEqual(t, w.Counters().MostAtOnce, 2)
}

func TestVaultsOfTwoCloudsNeedATokenEach(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		for _, domain := range []string{"vault.azure.cn", "vault.usgovcloudapi.net"} {
			vault := c.Vaults[0]
			vault.Domain = domain
			c.Vaults = append(c.Vaults, vault)
		}
	})
	vaults := New(w.options)
	for _, domain := range []string{"vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"} {
		found, err := w.ask(t.Context(), vaults.Source(specOf(t, "{name: 'https://my-vault."+domain+"', secrets: [db-password]}", azure.Clouds{})))
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
	}
	require.Equal(t, 3, w.Counters().Tokens)
	// A pod in a sovereign cloud has its authority in a variable, by an older name.
	found, err := w.ask(t.Context(), vaults.Source(specOf(t, one, azure.Clouds{Authority: "https://login.chinacloudapi.cn/"})))
	require.NoError(t, err)
	require.Equal(t, "https://my-vault.vault.azure.cn/secrets/db-password", found[0].Where)
	require.Equal(t, 1, w.requests()["openid"], "what an older name leads to is asked for")
}

func TestASourceThatEndsDoesNotEndAnothersRead(t *testing.T) {
	w := start(t)
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Silent, Path: "/secrets/db-password/", Count: 1}))
	vaults := New(w.options)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		found, err := vaults.Source(specOf(t, one, azure.Clouds{})).Find(ctx)
		first <- problemIn(t, found, err)
	}()
	w.await(func(c fake.Counters) bool { return c.Statuses[0] == 1 })
	joined := make(chan struct{})
	var second sync.WaitGroup
	second.Go(func() {
		close(joined)
		found, err := w.ask(t.Context(), vaults.Source(specOf(t, one, azure.Clouds{})))
		require.NoError(t, err)
		require.Equal(t, "db-password="+value, values(found))
	})
	<-joined
	cancel()
	require.ErrorIs(t, <-first, resolve.ErrUnavailable)
	second.Wait()
}

// await waits until the fake has been asked so far.
func (w *world) await(enough func(fake.Counters) bool) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return enough(w.Counters()) }, time.Minute, time.Millisecond)
}

func TestAReadThatFailedIsTriedByTheNextFind(t *testing.T) {
	w := start(t)
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 400, Path: "/secrets/db-password/", Count: 1}))
	source := w.source(one)
	found, err := w.ask(t.Context(), source)
	require.ErrorContains(t, problemIn(t, found, err), `vault "my-vault": secret "db-password": the vault answers 400`)
	found, err = w.ask(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, "db-password="+value, values(found))
}

func TestTheSpreadIsWaitedForOnce(t *testing.T) {
	w := start(t)
	w.options.Spread = time.Nanosecond
	w.requireRead()
	w.options.Spread = 1 << 62
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	source := w.source(one)
	for range 2 {
		_, err := w.ask(ctx, source)
		require.EqualError(t, err, aVault+": the deadline ends within the wait of --azure-spread")
		require.ErrorIs(t, err, resolve.ErrUnavailable)
	}
	require.Equal(t, 1, w.Counters().Tokens, "of the first, and none in the time of the spread")
}

func TestNoSourcePrintsACredentialOrAToken(t *testing.T) {
	w := start(t)
	w.options.Environ["CANARY"] = value
	vaults := New(w.options)
	found, err := w.ask(t.Context(), vaults.Source(specOf(t, one, azure.Clouds{})))
	require.NoError(t, err)
	require.Equal(t, "db-password="+value, values(found))
	for _, printed := range append(insides(vaults), vaults, found) {
		text := sourcetest.Printed(printed)
		sourcetest.RequireHidden(t, text, sourcetest.Canary)
		require.NotContains(t, text, jwt, "a token")
	}
}

func insides(v *Vaults) (all []any) {
	for client := range maps.Values(v.clients) {
		all = append(all, client, client.auth, client.retry)
		client.reads.Range(func(_, r any) bool {
			all = append(all, r, *r.(*sharedAnswer))
			return true
		})
	}
	for identity := range maps.Values(v.identities) {
		all = append(all, identity, identity.credential, &identity.credential)
	}
	return all
}

func TestASourceThatFailsReportsEveryKey(t *testing.T) {
	w := start(t)
	w.put(azure.SecretFile, "wrong")
	source := "{name: my-vault, secrets: [DB_PASSWORD, {key: OLD, name: db-password, version: ffff}], bundle: [set]}"
	found, err := w.find(source)
	require.ErrorContains(t, err, "AADSTS7000215")
	require.Equal(t, "DB_PASSWORD! OLD! set!", values(found))
	const at = "https://my-vault.vault.azure.net/secrets/"
	require.Equal(t, []string{at + "DB-PASSWORD", at + "db-password/ffff", at + "set"}, []string{found[0].Where, found[1].Where, found[2].Where})

	r, err := resolve.Resolve(t.Context(), []resolve.Bound{{Source: w.source(source), Declaration: resolve.Declaration{Kind: "azure_vault"}}})
	require.Len(t, document.Unjoin(err), 1, "it is said once")
	require.Len(t, r.Rows, 3)
	for _, row := range r.Rows {
		require.Equal(t, resolve.Failed, row.State)
	}
	found, err = w.find(all)
	require.ErrorContains(t, err, "AADSTS7000215")
	require.Empty(t, found, "nobody knows the keys")
}

// TestTwoVaultsThatShareABadCredentialAreBothNamed has one problem with them.
func TestTwoVaultsThatShareABadCredentialAreBothNamed(t *testing.T) {
	w := start(t)
	w.put(azure.SecretFile, "wrong")
	vaults := New(w.options)
	for _, name := range []string{"my-vault", "other"} {
		_, err := w.ask(t.Context(), vaults.Source(specOf(t, "{name: "+name+", secrets: [a]}", azure.Clouds{})))
		require.ErrorContains(t, err, `vault "`+name+`": no token: the client secret`)
	}
	require.Equal(t, 1, w.requests()["token"])
}
