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

// client is one vault, as one identity reads it.
type client struct {
	spec     azure.Spec
	identity *identity
	http     *http.Client
	vault    *azsecrets.Client
	door     *door
	tries    *tries
	greeting sync.Once
	slots    chan struct{} // one for each read at a time

	mu    sync.Mutex
	reads map[string]*read // under way and done, by name and version
}

func newClient(spec azure.Spec, who *identity, web *http.Client, parallel int) (*client, error) {
	c := &client{spec: spec, identity: who, http: web, slots: make(chan struct{}, max(parallel, 1)), reads: map[string]*read{}}
	c.door = &door{host: spec.Host, resource: spec.Resource, identity: who}
	c.tries = &tries{judge: c.judge, gate: &gate{}, timeout: tryTimeout}
	vault, err := azsecrets.NewClient(c.url(), who, &azsecrets.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport:        web,
			Retry:            policy.RetryOptions{MaxRetries: -1},
			PerCallPolicies:  []policy.Policy{c.tries},
			PerRetryPolicies: []policy.Policy{c.door},
			Telemetry:        policy.TelemetryOptions{ApplicationID: "launcher"},
		},
		// The operator vouches for a domain of its own, whose resource nobody
		// else knows.
		DisableChallengeResourceVerification: spec.Resource == "",
	})
	if err != nil {
		return nil, problemOf(err, "vault "+spec.Host)
	}
	c.vault = vault
	return c, nil
}

func (c *client) url() string { return "https://" + c.spec.Host }

// connect gets the token, and opens a connection to the vault beside that, by a
// request without a token. Its answer matters only where the vault is in a
// domain that the operator allowed: it says what the token is for.
func (c *client) connect(ctx context.Context) error {
	if c.spec.Resource == "" {
		if err := c.door.learn(ctx, c.http, c.tries); err != nil {
			return problemOf(err, "vault "+c.spec.Host)
		}
	} else {
		c.greeting.Do(func() { go c.greet(ctx) })
	}
	_, err := c.identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: scope(c.door.resource)})
	if err != nil {
		return problemOf(err, "no token")
	}
	return nil
}

func (c *client) greet(ctx context.Context) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url()+"/secrets", nil)
	if err != nil {
		return
	}
	if resp, err := c.http.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// start begins to read a secret, or joins the read that is under way.
func (c *client) start(ctx context.Context, name, version string) *read {
	key := strings.ToLower(name) + "/" + version
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.reads[key]; r != nil {
		return r
	}
	r := &read{name: name, where: c.url() + "/secrets/" + strings.TrimSuffix(name+"/"+version, "/"), done: make(chan struct{})}
	c.reads[key] = r
	go func() {
		defer close(r.done)
		if r.err = c.get(ctx, name, version, r); r.err != nil {
			c.mu.Lock()
			delete(c.reads, key) // another Find may do better
			c.mu.Unlock()
		}
	}()
	return r
}

// get reads a secret when a slot is free. The SDK's panic is not the task's end.
func (c *client) get(ctx context.Context, name, version string, r *read) (err error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	what := asked{vaultName(c.spec.Host), name, version}.String()
	defer func() {
		if recover() != nil {
			err = problemOf(errors.New("panic"), what)
		}
	}()
	answer, err := c.vault.GetSecret(ctx, name, version, nil)
	switch {
	case err != nil:
		return problemOf(err, what)
	case answer.Value == nil:
		return &problem{text: what + ": the answer has no value"}
	}
	r.value, r.note = resolve.NewValue([]byte(*answer.Value)), validity(answer.Attributes)
	return nil
}

// everything reads every enabled secret of the vault, while its list comes in
// page by page. The secret behind a certificate is not listed: it is the
// certificate's.
func (c *client) everything(ctx context.Context) (found []resolve.Finding, err error) {
	what := asked{vault: vaultName(c.spec.Host)}.String()
	defer func() {
		if recover() != nil {
			found, err = nil, problemOf(errors.New("panic"), what)
		}
	}()
	var names []string
	var reads []*read
	for pager := c.vault.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, problemOf(err, what)
		}
		for _, item := range page.Value {
			if item == nil || item.ID == nil || item.Managed != nil && *item.Managed || !enabled(item.Attributes) {
				continue
			}
			names = append(names, item.ID.Name())
			reads = append(reads, c.start(ctx, item.ID.Name(), ""))
		}
	}
	for i, name := range names {
		found = append(found, reads[i].finding(name))
	}
	return found, nil
}

func enabled(a *azsecrets.SecretAttributes) bool { return a == nil || a.Enabled == nil || *a.Enabled }
