package keyvault

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

type client struct {
	spec     azure.Spec
	identity *identity
	http     *http.Client
	vault    *azsecrets.Client
	auth     *authPolicy
	retry    *retryPolicy
	warmOnce sync.Once
	parallel chan struct{} // holds one element for each running read

	mu    sync.Mutex
	reads map[string]*read // by name and version
}

func newClient(spec azure.Spec, who *identity, web *http.Client, o Options) (*client, error) {
	c := &client{spec: spec, identity: who, http: web, parallel: make(chan struct{}, max(o.Parallel, 1)), reads: map[string]*read{}}
	c.auth = &authPolicy{host: spec.Host, microsoft: azure.KnownAuthority(spec.Authority), resource: spec.Resource, identity: who}
	c.retry = &retryPolicy{prefix: c.describe(), classify: c.classify, throttle: &throttle{}, pace: o.pace}
	vault, err := azsecrets.NewClient(c.url(), c, &azsecrets.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			APIVersion:       spec.APIVersion,
			Transport:        web,
			Retry:            policy.RetryOptions{MaxRetries: -1},
			PerCallPolicies:  []policy.Policy{hostPolicy{}, c.retry},
			PerRetryPolicies: []policy.Policy{c.auth, timeoutPolicy{}},
			Telemetry:        policy.TelemetryOptions{ApplicationID: "launcher"},
		},
		// The SDK knows only the resources of Microsoft's domains.
		DisableChallengeResourceVerification: spec.Resource == "",
	})
	if err != nil {
		return nil, &problem{text: "the Azure SDK does not take its address"}
	}
	c.vault = vault
	return c, nil
}

func (c *client) url() string { return "https://" + c.spec.Host }

// connect fetches the token and opens a connection to the vault at the same
// time. In a domain that the operator allowed, it first asks the vault what
// the token is for. The connection is part of work.
func (c *client) connect(ctx context.Context, work *sync.WaitGroup) error {
	if err := c.identity.ensure(ctx); err != nil {
		return forVault(c.describe(), err)
	}
	if c.spec.Resource == "" {
		if err := c.auth.learn(ctx, c.http, c.retry); err != nil {
			return asProblem(err, c.describe())
		}
	} else {
		c.warmOnce.Do(func() { work.Go(func() { c.warmUp(ctx) }) })
	}
	_, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: scope(c.auth.resource)})
	return err
}

// GetToken implements azcore.TokenCredential. It returns the identity's token,
// and its problems as the vault's.
func (c *client) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.identity.GetToken(ctx, request)
	if err != nil {
		return azcore.AccessToken{}, forVault(c.describe(), err)
	}
	return token, nil
}

// warmUp opens a connection to the vault by a request without a token. It
// ignores the answer.
func (c *client) warmUp(ctx context.Context) {
	ctx, cancel := withTryTimeout(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url()+"/secrets", nil)
	if err != nil {
		return
	}
	if resp, err := c.http.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// startRead starts a read as part of work, or joins the one under way. It
// waits until fewer than Options.Parallel reads run.
func (c *client) startRead(ctx context.Context, work *sync.WaitGroup, name, version string) *read {
	key := strings.ToLower(name) + "/" + version
	if r := c.existing(key); r != nil {
		return r
	}
	r := newRead(c.spec, name, version, work)
	select {
	case c.parallel <- struct{}{}:
	case <-ctx.Done():
		r.err = r.deadlineError()
		close(r.done)
		return r
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.reads[key]; other != nil { // another source started it meanwhile
		<-c.parallel
		return other
	}
	c.reads[key] = r
	work.Go(func() {
		defer close(r.done)
		defer func() { <-c.parallel }()
		if r.err = c.get(ctx, r); r.err != nil {
			r.interrupted = ctx.Err() != nil
			c.mu.Lock()
			if c.reads[key] == r {
				delete(c.reads, key) // the next Find tries again
			}
			c.mu.Unlock()
		}
	})
	return r
}

func (c *client) existing(key string) *read {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads[key]
}

// waitFor waits for a read until ctx ends. It starts the read again if it
// ended only because the Find that started it did.
func (c *client) waitFor(ctx context.Context, work *sync.WaitGroup, r *read) *read {
	for {
		select {
		case <-r.done:
			if !r.interrupted || ctx.Err() != nil {
				return r
			}
			r = c.startRead(ctx, work, r.name, r.version)
		case <-ctx.Done():
			if r.startedBy == work {
				<-r.done
				return r
			}
			return &read{target: r.target, url: r.url, err: r.deadlineError()}
		}
	}
}

func (c *client) describe() string { return target{vault: vaultName(c.spec.Host)}.String() }

// get reads a secret. It returns an error if the SDK panics.
func (c *client) get(ctx context.Context, r *read) (err error) {
	defer func() {
		if recover() != nil {
			err = asProblem(errors.New("panic"), r.target.String())
		}
	}()
	answer, err := c.vault.GetSecret(ctx, r.name, r.version, nil)
	switch {
	case err != nil:
		return asProblem(err, r.target.String())
	case answer.Value == nil:
		return &problem{text: r.target.String() + ": the answer has no value"}
	}
	r.value, r.note = resolve.NewValue([]byte(*answer.Value)), validity(answer.Attributes)
	return nil
}
