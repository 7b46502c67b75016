// Package keyvault reads the secrets of Azure Key Vaults with the Azure SDK.
//
// It owns the credential of a source, its token, and the concurrent reads, which
// it retries until the deadline. It refuses an answer that is not Azure's, and
// shows only an answer's codes. Data flows azure.Spec -> Vaults -> client ->
// Finding.
package keyvault

import (
	"context"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// Options says how vaults are read.
type Options struct {
	// Environ holds the variables of workload identity, proxies and
	// SSL_CERT_FILE. The SDK reads the variables of a managed identity, such as
	// IDENTITY_ENDPOINT, from the process itself.
	Environ resolve.Environ

	// Credentials is the directory of mounted credentials; "" tries
	// azure.Directories.
	Credentials string

	Parallel int           // concurrent reads of one vault, at least 1
	Spread   time.Duration // wait a random part of it before the first request

	pace pace   // defaultPace if it is not set
	dial dialer // the network if it is nil
}

// Vaults holds all vaults of a task. Sources of the same vault and credential
// share a client; sources of the same credential share a token.
type Vaults struct {
	options func() Options // a function, as no verb prints what it holds

	spreadOnce sync.Once
	spreadErr  error

	mu         sync.Mutex
	web        *httpClients
	identities map[identityKey]*identity
	clients    map[clientKey]*client
}

type identityKey struct{ credential, k8sSecret, authority, resource string }

type clientKey struct {
	host string
	identityKey
}

// silenceLogs turns off the SDK's log (AZURE_SDK_GO_LOGGING) and net/http's
// (GODEBUG=http2debug=2), which hold answers and tokens. It does so once,
// before the first request, as the SDK reads its setting without a lock.
var silenceLogs = sync.OnceFunc(func() {
	azlog.SetListener(nil)
	log.SetOutput(io.Discard)
})

// New returns Vaults that made no request yet.
func New(o Options) *Vaults {
	silenceLogs()
	if o.pace.first == 0 {
		o.pace = defaultPace()
	}
	return &Vaults{options: func() Options { return o }, identities: map[identityKey]*identity{}, clients: map[clientKey]*client{}}
}

// spread waits a random part of Options.Spread, once for all sources.
func (v *Vaults) spread(ctx context.Context) error {
	v.spreadOnce.Do(func() {
		if most := v.options().Spread; most > 0 && !sleep(ctx, rand.N(most)) {
			v.spreadErr = &problem{text: "the deadline ends within the wait of --azure-spread", hint: "set --timeout well above --azure-spread", kind: resolve.ErrUnavailable}
		}
	})
	return v.spreadErr
}

// Source returns the source of a specification. It is resolve.Keyed unless it
// has bundles, whose keys are unknown until they are read.
func (v *Vaults) Source(spec azure.Spec) resolve.Source {
	if len(spec.Bundle) > 0 {
		return source{v, spec}
	}
	return keyedSource{source{v, spec}}
}

// Forget makes the next Find read all secrets again, and retry credentials
// that were refused. It keeps tokens.
func (v *Vaults) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.clients {
		c.reads.Clear()
	}
	for _, i := range v.identities {
		i.reset.Store(true)
	}
}

type source struct {
	vaults *Vaults
	spec   azure.Spec
}

// Defaults implements resolve.Defaulted.
func (s source) Defaults() []resolve.Default { return s.spec.Defaults() }

// Find reads what the source declares, or all enabled secrets of the vault if
// it declares nothing. It returns an error if the credential or the vault
// fails, and the same error for every declared key. A Finding holds what is
// wrong with one secret. No request is under way when it returns.
func (s source) Find(ctx context.Context) ([]resolve.Finding, error) {
	declared := s.declared()
	reads, err := s.read(ctx, declared)
	if err != nil {
		for _, r := range declared {
			r.answer = answer{err: err}
		}
		reads = declared
	}
	var found []resolve.Finding
	for _, r := range reads {
		found = append(found, r.findings()...)
	}
	return found, err
}

// declared returns a read of each secret and bundle that the source declares.
func (s source) declared() (reads []*read) {
	for _, secret := range s.spec.Secrets {
		reads = append(reads, newRead(s.spec, secret))
	}
	for _, name := range s.spec.Bundle {
		bundle := newRead(s.spec, azure.Secret{Key: name, Name: name})
		bundle.isBundle = true
		reads = append(reads, bundle)
	}
	return reads
}

// read returns the declared reads with their answers, or those of the whole vault
// if nothing is declared.
func (s source) read(ctx context.Context, reads []*read) ([]*read, error) {
	vault := target{vault: vaultName(s.spec.Host)}.String()
	if err := s.vaults.spread(ctx); err != nil {
		return nil, forVault(vault, err)
	}
	c, err := s.vaults.client(s.spec)
	if err != nil {
		return nil, forVault(vault, err)
	}
	var connection, work sync.WaitGroup
	defer connection.Wait()
	defer work.Wait()
	ctx, cancel := context.WithCancel(withTryLimit(ctx, s.vaults.options().pace))
	defer cancel()
	if err := c.connect(ctx, &connection); err != nil {
		return nil, err
	}
	if len(reads) == 0 {
		if reads, err = c.readAll(ctx, &work); err != nil {
			return nil, err
		}
		work.Wait()
		// A secret that is missing was deleted since the vault listed it.
		return slices.DeleteFunc(reads, func(r *read) bool { return errors.Is(r.err, resolve.ErrAbsent) }), nil
	}
	for _, r := range reads {
		c.startRead(ctx, &work, r)
	}
	work.Wait()
	return reads, nil
}

// client returns the client of a vault. It creates each client once.
func (v *Vaults) client(spec azure.Spec) (*client, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	o := v.options()
	if v.web == nil {
		made, err := newHTTPClients(o)
		if err != nil {
			return nil, err
		}
		v.web = made
	}
	who := identityKey{spec.Credential, spec.K8sSecret, spec.Authority, spec.Resource}
	if spec.Resource == "" {
		who.resource = spec.Host // each such vault may need another token
	}
	if v.identities[who] == nil {
		v.identities[who] = newIdentity(func(ctx context.Context, i *identity) (credential, error) { return v.newCredential(ctx, spec, i) })
	}
	key := clientKey{spec.Host, who}
	if v.clients[key] == nil {
		made, err := newClient(spec, v.identities[who], v.web.proxied, o)
		if err != nil {
			return nil, err
		}
		v.clients[key] = made
	}
	return v.clients[key], nil
}
