package keyvault

import (
	"context"
	"errors"
	"io"
	"net/http"
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
	reads    sync.Map      // a *sharedAnswer by name and version
}

func newClient(spec azure.Spec, who *identity, web *http.Client, o Options) (*client, error) {
	c := &client{spec: spec, identity: who, http: web, parallel: make(chan struct{}, max(o.Parallel, 1))}
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
		return nil, &problem{text: "the Azure SDK rejects its address"}
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

// startRead starts to read a secret as part of work. The read has its answer when
// work is done. startRead waits until fewer than Options.Parallel reads run.
func (c *client) startRead(ctx context.Context, work *sync.WaitGroup, r *read) {
	stored, _ := c.reads.LoadOrStore(r.cacheKey(), &sharedAnswer{target: r.target, lock: make(chan struct{}, 1)})
	select {
	case c.parallel <- struct{}{}:
		work.Go(func() {
			defer func() { <-c.parallel }()
			r.answer = c.read(ctx, stored.(*sharedAnswer))
		})
	case <-ctx.Done():
		r.err = r.deadlineError()
	}
}

// read returns a secret. If several need it, one requests it and the others wait.
func (c *client) read(ctx context.Context, shared *sharedAnswer) answer {
	select {
	case shared.lock <- struct{}{}:
		defer func() { <-shared.lock }()
	case <-ctx.Done():
		return answer{err: shared.deadlineError()}
	}
	if shared.complete {
		return shared.answer
	}
	shared.answer = c.get(ctx, shared.target)
	shared.complete = shared.err == nil || ctx.Err() == nil // else the next to wait requests it
	if shared.complete && shared.err != nil {
		c.reads.CompareAndDelete(shared.cacheKey(), shared) // the next Find requests it again
	}
	return shared.answer
}

func (c *client) describe() string { return target{vault: vaultName(c.spec.Host)}.String() }

// get requests a secret. It returns an error if the SDK panics.
func (c *client) get(ctx context.Context, t target) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{err: asProblem(errors.New("panic"), t.String())}
		}
	}()
	got, err := c.vault.GetSecret(ctx, t.name, t.version, nil)
	switch {
	case err != nil:
		return answer{err: asProblem(err, t.String())}
	case got.Value == nil:
		return answer{err: &problem{text: t.String() + ": the answer has no value"}}
	}
	return answer{value: resolve.NewValue([]byte(*got.Value)), note: validity(got.Attributes)}
}
