package keyvault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"

	"github.com/seed45446ece/launcher/resolve"
)

// identity is who asks a vault, and its one token. It is an azcore
// TokenCredential: however many requests ask at once, one token is fetched.
type identity struct {
	open  func(context.Context) (credential, error) // reads the credential anew
	name  atomic.Pointer[naming]                    // of the one in use, for messages
	again atomic.Bool                               // forget failed and renewed

	lock    chan struct{} // held while a token is fetched, and for what follows
	current credential
	token   func() azcore.AccessToken // as no verb prints what it closes over
	failed  error                     // that no retry cures: said again, and not asked again
	renewed bool                      // a refused token leads to one more look at the credential
	reread  bool                      // reading the files again may help: Entra refused the credential
	brief   bool                      // only a recent change can cure the refusal: retry for a few seconds
	bad     chan string               // a token that a vault refused
}

// naming is what of a credential is no secret.
type naming struct{ tenant, client string } // "" for a managed identity

func newIdentity(open func(context.Context, *identity) (credential, error)) *identity {
	i := &identity{lock: make(chan struct{}, 1), bad: make(chan string, 1), token: emptyToken}
	i.open = func(ctx context.Context) (credential, error) { return open(ctx, i) }
	i.name.Store(&naming{})
	return i
}

func emptyToken() azcore.AccessToken { return azcore.AccessToken{} }

// who is the identity in a message; its client id is no secret.
func (i *identity) who() string {
	if client := i.name.Load().client; client != "" {
		return "application " + client
	}
	return "the managed identity"
}

func (i *identity) client() string { return cmp.Or(i.name.Load().client, "CLIENT_ID") }

// errLate is that there was no time to ask for a token, or for its answer.
var errLate = &problem{text: "no token before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}

// known reads the credential, so that nobody is asked anything without one.
func (i *identity) known(ctx context.Context) error {
	select {
	case i.lock <- struct{}{}:
		defer func() { <-i.lock }()
	case <-ctx.Done():
		return errLate
	}
	if i.current.get != nil {
		return nil
	}
	return i.reopen(ctx)
}

// GetToken implements azcore.TokenCredential. Its errors are problems.
func (i *identity) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case i.lock <- struct{}{}:
		defer func() { <-i.lock }()
	case <-ctx.Done():
		return azcore.AccessToken{}, errLate
	}
	if i.again.Swap(false) {
		i.failed, i.renewed = nil, false
	}
	if p := i.elsewhere(request.TenantID); p != nil {
		return azcore.AccessToken{}, p
	}
	if i.good() && request.Claims == "" {
		return i.token(), nil
	}
	if i.failed != nil {
		return azcore.AccessToken{}, i.failed
	}
	err := i.fetch(ctx, policy.TokenRequestOptions{Scopes: request.Scopes, Claims: request.Claims, EnableCAE: true})
	if err != nil {
		if !errors.Is(err, resolve.ErrUnavailable) {
			i.failed = err
		}
		return azcore.AccessToken{}, err
	}
	return i.token(), nil
}

// refuse notes that a vault did not take this token.
func (i *identity) refuse(token string) {
	select {
	case i.bad <- token:
	default:
	}
}

// good reports whether there is a token to use. One that a vault refused is not;
// the credential is then read anew, once.
func (i *identity) good() bool {
	select {
	case refused := <-i.bad:
		if refused == i.token().Token && !i.renewed {
			i.renewed, i.token, i.current = true, emptyToken, credential{}
		}
	default:
	}
	token := i.token()
	return token.Token != "" && time.Until(token.ExpiresOn) > time.Minute
}

// elsewhere is the problem of a vault whose challenge names another tenant than
// the credential's. A tenant by its domain name cannot be compared.
func (i *identity) elsewhere(tenant string) *problem {
	asked, err := uuid.Parse(tenant)
	own, notID := uuid.Parse(i.name.Load().tenant)
	if err != nil || notID != nil || asked == own {
		return nil
	}
	return &problem{text: fmt.Sprintf("it is in tenant %q, and %s in tenant %q", asked, i.who(), own),
		hint: "use an application of the vault's tenant"}
}

// fetch gets a token. If Entra refuses the credential, it may just have been
// replaced: fetch reads it again, and retries for a few seconds what Entra may
// not know yet.
func (i *identity) fetch(ctx context.Context, request policy.TokenRequestOptions) error {
	if i.current.get == nil {
		if err := i.reopen(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	for tried := 1; ; tried++ {
		p := i.ask(ctx, request)
		if p == nil {
			return nil
		}
		if i.reread && i.replaced(ctx) {
			continue
		}
		if !i.brief || !i.current.requests.pauseBriefly(ctx, began, tried) {
			return p
		}
	}
}

// replaced reads the credential again, and reports whether it is another one.
func (i *identity) replaced(ctx context.Context) bool {
	before := i.current
	return i.reopen(ctx) == nil && i.current.replaces(before)
}

// reopen reads the credential anew. Its error is what is wrong with it, all of
// it.
func (i *identity) reopen(ctx context.Context) error {
	opened, err := i.open(ctx)
	if err != nil {
		return err
	}
	i.current = opened
	i.name.Store(&naming{opened.tenant, opened.client})
	return nil
}

// ask gets a token by the SDK, whose error has lost what the policy saw.
func (i *identity) ask(ctx context.Context, request policy.TokenRequestOptions) (p *problem) {
	i.reread, i.brief = false, false
	i.current.requests.take() // of an earlier token: not this one's
	defer func() {
		if recover() != nil {
			p = &problem{text: noTokenPrefix + ": the Azure SDK could not read the answer"}
		}
	}()
	token, err := i.current.get(ctx, request)
	if err == nil {
		i.token = func() azcore.AccessToken { return token }
		return nil
	}
	if p = i.current.requests.take(); p != nil {
		return p
	}
	if ctx.Err() != nil {
		return errLate
	}
	return asProblem(err, noTokenPrefix)
}

// scope is what a token is asked for, by the resource of it.
func scope(resource string) []string {
	return []string{strings.TrimSuffix(resource, "/") + "/.default"}
}
