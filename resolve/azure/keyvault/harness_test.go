package keyvault

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

const (
	tenant      = "72f988bf-0000-4000-8000-2d7cd011db47"
	otherTenant = "99999999-0000-4000-8000-2d7cd011db47"
	application = "11111111-1111-4111-8111-111111111111"
	proof       = "Pr0of~" + sourcetest.Canary // the client secret
	expired     = "Exp1red~" + sourcetest.Canary
	value       = "V4lue~" + sourcetest.Canary
	jwt         = "eyJ" // how every token of the fake begins, and every assertion
)

// world is a fake Azure, and a mount with credentials for it.
type world struct {
	*fake.Server
	t       *testing.T
	config  fake.Config
	mount   string
	options Options
}

func config() fake.Config {
	all := map[string][]string{application: {"get", "list"}}
	return fake.Config{
		Principals: []fake.Principal{{
			Tenant: tenant, ClientID: application, Secrets: []string{proof}, Expired: []string{expired}, Certificate: true,
			Federated: "system:serviceaccount:jobs:train", Managed: true,
		}},
		Vaults: []fake.Vault{
			{Name: "my-vault", Tenant: tenant, Access: all, Secrets: []fake.Secret{{Name: "db-password", Value: "old"}, {Name: "db-password", Value: value}}},
			{Name: "other", Tenant: tenant, Access: all, Secrets: []fake.Secret{{Name: "elsewhere", Value: value}}},
		},
	}
}

// start is a world whose launcher tries again at once.
func start(t *testing.T, change ...func(*fake.Config)) *world {
	t.Helper()
	w := &world{t: t, config: config(), mount: t.TempDir()}
	for _, change := range change {
		change(&w.config)
	}
	var err error
	w.Server, err = fake.Start(fake.Options{Dir: t.TempDir(), Config: w.config})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	w.options = Options{
		Environ:     resolve.Environ{"HTTPS_PROXY": w.Proxy, "HTTP_PROXY": w.Proxy, "SSL_CERT_FILE": w.CA},
		Credentials: w.mount, Parallel: 16,
		pace: pace{tryLimit: 20 * time.Second, first: 4 * time.Millisecond, longest: 20 * time.Millisecond, throttled: 10 * time.Millisecond, pingAfter: time.Minute, pingTimeout: time.Minute},
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "169.254.169.254:80" { // no machine of a test has another
				address = strings.TrimPrefix(w.Proxy, "http://")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	w.give(w.mount, tenant, application, proof)
	return w
}

// give puts credentials into a directory.
func (w *world) give(dir, tenant, client, secret string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(dir, 0o700))
	for name, text := range map[string]string{azure.TenantFile: tenant, azure.ClientFile: client, azure.SecretFile: secret} {
		require.NoError(w.t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// specOf is the specification of a source in YAML.
func specOf(t *testing.T, source string, realm azure.Clouds) azure.Spec {
	t.Helper()
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	spec, err := azure.Parse(node, realm)
	require.NoError(t, err)
	return spec
}

// source returns a source in YAML, of vaults without earlier requests.
func (w *world) source(source string) resolve.Source {
	return New(w.options).Source(specOf(w.t, source, azure.Clouds{}))
}

// find asks a source in YAML, and checks that no error of it has a secret.
func (w *world) find(source string) ([]resolve.Finding, error) {
	w.t.Helper()
	return w.ask(w.t.Context(), w.source(source))
}

// findBriefly asks a source in YAML until a deadline that is soon.
func (w *world) findBriefly(source string) ([]resolve.Finding, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
	defer cancel()
	return w.ask(ctx, w.source(source))
}

func (w *world) ask(ctx context.Context, source resolve.Source) ([]resolve.Finding, error) {
	w.t.Helper()
	if _, ok := ctx.Deadline(); !ok { // what may pass is retried until there is one
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
	}
	found, err := source.Find(ctx)
	w.requireTold(err)
	for _, f := range found {
		w.requireTold(f.Err)
		if err != nil {
			require.Equal(w.t, err, f.Err, "what is wrong with all of a source is with each key")
		}
		require.NotContains(w.t, f.Where+f.Note, sourcetest.Canary)
	}
	return found, err
}

// requireTold checks that an error begins with its vault, once, and has no
// secret.
func (w *world) requireTold(err error) {
	w.t.Helper()
	w.requireHidden(err)
	for _, e := range document.Flatten(err) {
		if e != nil {
			require.Regexp(w.t, `^vault "[^"]+"[: ]`, e.Error())
			require.Equal(w.t, 1, strings.Count(e.Error(), `vault "`), e.Error())
		}
	}
}

// requireHidden checks what an error says, and its advice, however it is printed.
func (w *world) requireHidden(err error) {
	w.t.Helper()
	if err == nil {
		return
	}
	for _, e := range document.Flatten(err) {
		text := sourcetest.Printed(e) + e.Error() + hintOf(e)
		sourcetest.RequireHidden(w.t, text, sourcetest.Canary)
		require.NotContains(w.t, text, jwt, "a token")
		require.NotContains(w.t, e.Error(), "\n")
	}
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// values is KEY=value of each finding, in their order, and KEY! for an error.
func values(found []resolve.Finding) string {
	var list []string
	for _, f := range found {
		if f.Err != nil {
			list = append(list, f.Key+"!")
		} else {
			list = append(list, f.Key+"="+string(f.Value.Reveal()))
		}
	}
	return strings.Join(list, " ")
}

// problemIn is the error of the source, or of the one secret that it has.
func problemIn(t *testing.T, found []resolve.Finding, err error) error {
	t.Helper()
	if err == nil {
		require.Len(t, found, 1)
		err = found[0].Err
	}
	require.Error(t, err)
	return err
}

const one = "{name: my-vault, secrets: [db-password]}"

// requireRead checks that the world is well again.
func (w *world) requireRead() {
	w.t.Helper()
	found, err := w.find(one)
	require.NoError(w.t, err)
	require.Equal(w.t, "db-password="+value, values(found))
}

// requests returns how often each operation was asked for, without CONNECT and the one
// request that only opens a connection: it may come too late to be sent.
func (w *world) requests() map[string]int {
	w.t.Helper()
	counters := w.Counters()
	requests := counters.Requests
	requests["list"] -= counters.Challenges
	for operation, times := range requests {
		if operation == "connect" || times == 0 {
			delete(requests, operation)
		}
	}
	return requests
}

// log is all that was asked of the fake, a line a request.
func (w *world) log() string {
	w.t.Helper()
	text, err := os.ReadFile(w.Log)
	require.NoError(w.t, err)
	return string(text)
}
