package keyvault_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestWhatIsAskedOfAzure counts requests: one token, at most one challenge, each
// name once, over either protocol.
func TestWhatIsAskedOfAzure(t *testing.T) {
	add, keys := azuretest.FullVault(100)
	for name, c := range map[string]struct {
		flags []string
		want  map[string]int
	}{
		"one secret":          {azuretest.Vault("full-vault", "key-7"), map[string]int{"key-7": 1}},
		"a hundred":           {azuretest.Vault("full-vault", keys...), times(1, keys...)},
		"all that there is":   {azuretest.Vault("full-vault", []string{}...), times(1, keys...)},
		"one name, two cases": {append(azuretest.Vault("full-vault", "key-7", "KEY-7"), azuretest.Vault("full-vault", "key-7")...), map[string]int{"key-7": 1}},
		"one by one":          {append(azuretest.Vault("full-vault", keys...), "--azure-parallel", "1"), times(1, keys...)},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", name, http2), func(t *testing.T) {
				pod := azuretest.NewPod(t, add, func(c *fake.Config) { c.HTTP2 = http2 })
				got := pod.Run(t, c.flags, "probe", "secret", "key-7")
				require.Equal(t, launchertest.Result{Stdout: "canary-value-7"}, got)
				asked := pod.Counters()
				require.Equal(t, 1, asked.Tokens)
				require.Equal(t, 1, asked.Requests["token"])
				require.Zero(t, asked.Requests["discovery"])
				require.LessOrEqual(t, asked.Challenges, 1)
				require.Equal(t, c.want, asked.Reads["full-vault"])
			})
		}
	}
}

func times(n int, keys ...string) map[string]int {
	all := map[string]int{}
	for _, key := range keys {
		all[key] = n
	}
	return all
}

// TestTwoVaultsHaveOneToken is two sources of one credential, side by side.
func TestTwoVaultsHaveOneToken(t *testing.T) {
	add, _ := azuretest.FullVault(1)
	pod := azuretest.NewPod(t, add)
	got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), azuretest.Vault("full-vault", "key-0")...), "probe", "secret", "key-0")
	require.Equal(t, launchertest.Result{Stdout: "canary-value-0"}, got)
	require.Equal(t, 1, pod.Counters().Tokens)
}

// TestASecretTakesThreeRoundTrips finds the longest row of requests, each of
// which began when the one before had its answer: the tunnels' too.
func TestASecretTakesThreeRoundTrips(t *testing.T) {
	pod := azuretest.NewPod(t, func(c *fake.Config) {
		c.LatencyMS = 50
		c.Faults = []fake.Fault{{Kind: fake.Slow, Method: "CONNECT", DelayMS: 50}}
	})
	got := pod.Run(t, azuretest.Vault("my-vault", "DB_PASSWORD"), "probe", "secret", "DB_PASSWORD")
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
	row := longestRow(pod.Records(t))
	require.LessOrEqual(t, len(row), 3, "a tunnel, the token, the secret: %v", row)
}

// longestRow is the operations of the longest row of requests, one after another.
func longestRow(records []fake.Record) []string {
	end := func(r fake.Record) time.Time {
		return r.Time.Add(time.Duration(r.TookMS * float64(time.Millisecond)))
	}
	slices.SortFunc(records, func(a, b fake.Record) int { return end(a).Compare(end(b)) })
	rows := make([][]string, len(records)) // the longest that ends with each
	var longest []string
	for i, r := range records {
		for j, before := range records[:i] {
			if !end(before).After(r.Time) && len(rows[j]) > len(rows[i]) {
				rows[i] = rows[j]
			}
		}
		rows[i] = append(slices.Clone(rows[i]), r.Operation)
		if len(rows[i]) > len(longest) {
			longest = rows[i]
		}
	}
	return longest
}

// TestReadsAreSideBySide is as many as --azure-parallel says, and no more.
func TestReadsAreSideBySide(t *testing.T) {
	add, keys := azuretest.FullVault(80)
	for _, parallel := range []int{1, 4, 16} {
		pod := azuretest.NewPod(t, add, func(c *fake.Config) { c.LatencyMS = 20 })
		got := pod.Run(t, append(azuretest.Vault("full-vault", keys...), "--azure-parallel", fmt.Sprint(parallel)), "probe", "secret", "key-7")
		require.Equal(t, launchertest.Result{Stdout: "canary-value-7"}, got)
		var reads []fake.Record
		for _, r := range pod.Records(t) {
			if r.Operation == "secret" {
				reads = append(reads, r)
			}
		}
		require.Len(t, reads, 80)
		require.GreaterOrEqual(t, len(longestRow(reads)), 80/parallel, "no more at once")
		require.LessOrEqual(t, pod.Counters().MostAtOnce, parallel+2, "and the token and the first connection")
		require.LessOrEqual(t, pod.Counters().Connections, 2*parallel+2, "connections are used again; one that is dialled may come too late")
		if parallel > 1 {
			require.Greater(t, pod.Counters().MostAtOnce, 1)
		}
	}
	got := launchertest.Run(t, nil, "", "run", "--azure-parallel", "0", "--", "true")
	require.Equal(t, 125, got.Status)
}
