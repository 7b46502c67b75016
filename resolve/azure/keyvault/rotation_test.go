package keyvault

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// swap puts credentials into the mount as the kubelet does: a new generation,
// and the link turned to it at once.
func (w *world) swap(generation, secret string) {
	w.t.Helper()
	w.give(filepath.Join(w.mount, generation), tenant, application, secret)
	link := filepath.Join(w.mount, "..data_tmp")
	require.NoError(w.t, os.Symlink(generation, link))
	require.NoError(w.t, os.Rename(link, filepath.Join(w.mount, "..data")))
	for _, name := range []string{azure.TenantFile, azure.ClientFile, azure.SecretFile} {
		path := filepath.Join(w.mount, name)
		if target, _ := os.Readlink(path); target == "" { // of the first time
			_ = os.Remove(path)
			require.NoError(w.t, os.Symlink(filepath.Join("..data", name), path))
		}
	}
}

func TestAMountHasOneGenerationOfItsFiles(t *testing.T) {
	w := start(t)
	w.swap("..2024_1", proof)
	w.requireRead()
	w.swap("..2024_2", "wrong")
	_, err := w.find(one)
	require.ErrorContains(t, err, "AADSTS7000215")
	require.NoError(t, os.Remove(filepath.Join(w.mount, "..2024_2", azure.SecretFile)))
	_, err = w.find(one)
	require.EqualError(t, err, aVault+`: no credentials: "`+w.mount+`" has no secret`)
}

func TestAMountThatChangesUnderTheReadingIsReadAgain(t *testing.T) {
	w := start(t)
	w.swap("..2024_0", proof+"0")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := range 300 { // the kubelet removes the old generation
			w.swap(fmt.Sprintf("..2024_%d", i+1), fmt.Sprint(proof, i+1))
			_ = os.RemoveAll(filepath.Join(w.mount, fmt.Sprintf("..2024_%d", i)))
		}
	}()
	for running := true; running; {
		select {
		case <-ended:
			running = false
		default:
		}
		found, err := readMounted(t.Context(), w.mount, azure.Spec{})
		if err == nil {
			require.Equal(t, application, found.client)
		} else {
			require.EqualError(t, err, `no credentials: "`+w.mount+`" kept changing while it was read`)
			require.ErrorIs(t, err, resolve.ErrUnavailable)
		}
	}
}

// TestATokenThatIsRefusedLeadsToTheNewCredentials is a rotation under way: the
// token was taken with the old ones, and is bad by the time of the reads.
func TestATokenThatIsRefusedLeadsToTheNewCredentials(t *testing.T) {
	for name, sources := range map[string][]string{"read": {one}, "list": {all}, "two sources": {one, all, "{name: other, secrets: [elsewhere]}"}} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.swap("..2024_1", proof)
			vaults := New(w.options)
			var bound []resolve.Bound
			for _, source := range sources {
				bound = append(bound, resolve.Bound{Source: vaults.Source(specOf(t, source, azure.Clouds{})), Remote: true})
			}
			_, err := vaults.Source(specOf(t, "{name: other, secrets: [elsewhere]}", azure.Clouds{})).Find(t.Context()) // has the first token
			require.NoError(t, err)
			w.config.Principals[0].Secrets = []string{"new" + proof}
			require.NoError(t, w.SetConfig(w.config))
			w.Revoke()
			w.swap("..2024_2", "new"+proof)
			resolution, err := resolve.Resolve(t.Context(), bound)
			require.NoError(t, err)
			require.NotEmpty(t, resolution.Secrets)
			require.Equal(t, 2, w.Counters().Tokens)
		})
	}
}

func TestManyReadsOfARefusedTokenNeedOneNewOne(t *testing.T) {
	secrets, source := hundred()
	w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets, c.LatencyMS = secrets, 2 })
	vaults := New(w.options)
	_, err := vaults.Source(specOf(t, "{name: other, secrets: [elsewhere]}", azure.Clouds{})).Find(t.Context())
	require.NoError(t, err)
	w.Revoke()
	found, err := w.ask(t.Context(), vaults.Source(specOf(t, source, azure.Clouds{})))
	require.NoError(t, err)
	for _, f := range found {
		require.NoError(t, f.Err)
	}
	require.Equal(t, 2, w.Counters().Tokens)
}

// TestCredentialsThatEntraRefusesMayHaveBeenReplaced turns the link while the
// token request is under way.
func TestCredentialsThatEntraRefusesMayHaveBeenReplaced(t *testing.T) {
	for name, secret := range map[string]string{"replaced": proof, "replaced by bad ones": "worse"} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.swap("..2024_1", expired)
			slow := fake.Fault{Kind: fake.Slow, DelayMS: 300, Path: "*/token", Count: 1}
			require.NoError(t, w.SetFaults(slow))
			done := make(chan error, 1)
			go func() {
				_, err := w.ask(t.Context(), w.source(one))
				done <- err
			}()
			w.await(func(c fake.Counters) bool { return c.Requests["connect"] == 2 })
			w.swap("..2024_2", secret)
			if err := <-done; secret == proof {
				require.NoError(t, err)
				require.Equal(t, 1, w.Counters().Tokens)
			} else {
				require.ErrorContains(t, err, "AADSTS7000215", "what is wrong with the new ones")
			}
			require.LessOrEqual(t, w.requests()["token"], 2, "no more than one more time")
		})
	}
	t.Run("by nothing", func(t *testing.T) {
		w := start(t)
		w.swap("..2024_1", expired)
		_, err := w.find(one)
		require.ErrorContains(t, err, "AADSTS7000222")
		require.Equal(t, 1, w.requests()["token"], "the same files are not sent again")
	})
}

func TestATokenThatEndsSoonIsNotUsed(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.TokenLifetime = 30 })
	source := w.source(one)
	for range 2 {
		_, err := w.ask(t.Context(), source)
		require.NoError(t, err)
	}
	w.requireRead()
}

// running is the goroutines that are in this package's code, or were begun by
// it, but for the test itself.
func running() (stacks []string) {
	buffer := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		dials := strings.Contains(stack, "net/http.(*Transport).dial") // by the harness, for a connection to keep
		if strings.Contains(stack, "/keyvault.") && !strings.Contains(stack, "testing.tRunner") && !dials {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

func TestNothingRunsOnAfterFind(t *testing.T) {
	secrets, source := hundred()
	for name, fault := range map[string]fake.Fault{
		"well":                 {Kind: fake.Slow, DelayMS: 1, Path: "/never"},
		"no token":             {Kind: fake.HTML, Path: "*/token"},
		"a mute vault":         {Kind: fake.Silent, Host: "my-vault.*"},
		"a mute list":          {Kind: fake.Silent, Path: "/secrets"},
		"a list that breaks":   {Kind: fake.Status, Status: 400, Path: "/secrets", Authorized: new(true), Skip: 1},
		"reads that stall":     {Kind: fake.Stall, Path: "/secrets/s-7/"},
		"a vault that refuses": {Kind: fake.ShortChallenge, Path: "/secrets/*"},
	} {
		for _, source := range []string{source, all} {
			t.Run(name, func(t *testing.T) {
				w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets, c.Vaults[0].Page = secrets, 10 })
				w.options.pace.tryLimit = 100 * time.Millisecond
				require.NoError(t, w.SetFaults(fault))
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				found, err := w.ask(ctx, w.source(source))
				require.Empty(t, running(), "%d %v", len(found), err)
			})
		}
	}
}

func TestAListThatBreaksEndsTheReadsThatItBegan(t *testing.T) {
	secrets, _ := hundred()
	w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets, c.Vaults[0].Page = secrets, 10 })
	require.NoError(t, w.SetFaults(
		fake.Fault{Kind: fake.Silent, Path: "/secrets/*"},
		fake.Fault{Kind: fake.Status, Status: 400, DelayMS: 200, Path: "/secrets", Authorized: new(true), Skip: 1},
	))
	done := make(chan error, 1)
	go func() {
		_, err := w.ask(t.Context(), w.source(all))
		done <- err
	}()
	select {
	case err := <-done:
		require.EqualError(t, err, `vault "my-vault": the vault answers 400 (BadRequest)`)
	case <-time.After(w.options.pace.tryLimit): // of one read
		t.Fatal("Find waits for reads that nobody needs")
	}
}

// TestATokenFileThatIsReplacedIsReadAgain replaces the service account token
// while Entra looks at the old one, which it says is not valid at this time.
func TestATokenFileThatIsReplacedIsReadAgain(t *testing.T) {
	for name, c := range map[string]struct {
		replace bool
		count   int // of Entra's refusals
		asked   int
		want    string
	}{
		"replaced":             {true, 1, 2, ""},
		"replaced for nothing": {true, 0, 2, "AADSTS700024"},
		"the same":             {false, 0, 1, "AADSTS700024"},
	} {
		t.Run(name, func(t *testing.T) {
			const subject = "system:serviceaccount:jobs:train"
			w, path := workload(t, serviceAccount(subject, time.Now().Add(time.Hour)))
			require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 401, Code: 700024, Path: "*/token", DelayMS: 300, Count: c.count}))
			done := make(chan error, 1)
			go func() {
				_, err := w.ask(t.Context(), w.source(withWorkload))
				done <- err
			}()
			w.await(func(c fake.Counters) bool { return c.Requests["connect"] == 2 })
			if c.replace {
				require.NoError(t, os.WriteFile(path, []byte(serviceAccount(subject, time.Now().Add(2*time.Hour))), 0o600))
			}
			err := <-done
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
			require.Equal(t, c.asked, w.requests()["token"], "read again once")
		})
	}
}

// TestASecretThatIsSecondsOldIsRetriedForAMoment has an Entra to which a client
// secret has not spread yet, and one that never learns of it.
func TestASecretThatIsSecondsOldIsRetriedForAMoment(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.options.pace.brief = 10 * time.Second
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 401, Code: 7000215, Path: "*/token", Count: 3}))
	w.requireRead()
	require.Equal(t, 4, w.requests()["token"])

	w = start(t)
	w.options.pace.brief = 2 * time.Second
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 401, Code: 7000215, Path: "*/token"}))
	_, err := w.find(one)
	require.ErrorContains(t, err, "AADSTS7000215")
	require.NotErrorIs(t, err, resolve.ErrUnavailable, "it will not pass")
	require.Greater(t, w.requests()["token"], 1)
}
