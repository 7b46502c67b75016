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

// identity holds the one token of a credential. It is an
// azcore.TokenCredential: many concurrent requests cause one fetch.
type identity struct {
	load  func(context.Context) (credential, error) // reads the credential
	ids   atomic.Pointer[ids]                       // of the credential in use, for messages
	reset atomic.Bool                               // clears permanent and reloaded

	lock       chan struct{} // held to fetch a token, and guards the fields below
	credential credential
	token      func() azcore.AccessToken // a function, as no verb prints what it holds
	permanent  error                     // returned again without another request
	reloaded   bool                      // the credential was read again after a vault refused a token
	refused    chan string               // a token that a vault refused
}

// ids holds the parts of a credential that are not secret.
type ids struct{ tenant, client string } // "" for a managed identity

func newIdentity(open func(context.Context, *identity) (credential, error)) *identity {
	i := &identity{lock: make(chan struct{}, 1), refused: make(chan string, 1), token: emptyToken}
	i.load = func(ctx context.Context) (credential, error) { return open(ctx, i) }
	i.ids.Store(&ids{})
	return i
}

func emptyToken() azcore.AccessToken { return azcore.AccessToken{} }

func (i *identity) who() string {
	if client := i.ids.Load().client; client != "" {
		return "application " + client
	}
	return "the managed identity"
}

func (i *identity) client() string { return cmp.Or(i.ids.Load().client, "CLIENT_ID") }

// errDeadline reports that there was no time to fetch a token.
var errDeadline = &problem{text: "no token before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}

// ensure reads the credential if that was not done yet, so that no request is
// sent without one.
func (i *identity) ensure(ctx context.Context) error {
	select {
	case i.lock <- struct{}{}:
		defer func() { <-i.lock }()
	case <-ctx.Done():
		return errDeadline
	}
	if i.credential.getToken != nil {
		return nil
	}
	return i.reload(ctx)
}

// GetToken implements azcore.TokenCredential. Its errors are problems.
func (i *identity) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case i.lock <- struct{}{}:
		defer func() { <-i.lock }()
	case <-ctx.Done():
		return azcore.AccessToken{}, errDeadline
	}
	if i.reset.Swap(false) {
		i.permanent, i.reloaded = nil, false
	}
	if p := i.wrongTenant(request.TenantID); p != nil {
		return azcore.AccessToken{}, p
	}
	if i.usable() && request.Claims == "" {
		return i.token(), nil
	}
	if i.permanent != nil {
		return azcore.AccessToken{}, i.permanent
	}
	err := i.fetch(ctx, policy.TokenRequestOptions{Scopes: request.Scopes, Claims: request.Claims, EnableCAE: true})
	if err != nil {
		if !errors.Is(err, resolve.ErrUnavailable) {
			i.permanent = err
		}
		return azcore.AccessToken{}, err
	}
	return i.token(), nil
}

// reject records that a vault refused this token.
func (i *identity) reject(token string) {
	select {
	case i.refused <- token:
	default:
	}
}

// usable reports whether there is a token to use. After a vault refused it,
// the credential is read again, once.
func (i *identity) usable() bool {
	select {
	case refused := <-i.refused:
		if refused == i.token().Token && !i.reloaded {
			i.reloaded, i.token, i.credential = true, emptyToken, credential{}
		}
	default:
	}
	token := i.token()
	return token.Token != "" && time.Until(token.ExpiresOn) > time.Minute
}

// wrongTenant returns a problem if a vault's challenge names another tenant
// than the credential. It cannot compare a tenant that is a domain.
func (i *identity) wrongTenant(tenant string) *problem {
	asked, err := uuid.Parse(tenant)
	own, notID := uuid.Parse(i.ids.Load().tenant)
	if err != nil || notID != nil || asked == own {
		return nil
	}
	return &problem{text: fmt.Sprintf("it is in tenant %q, and %s in tenant %q", asked, i.who(), own),
		hint: "use an application of the vault's tenant"}
}

// fetch gets a token. If Entra refuses the credential, fetch reads it again,
// as it may have been replaced, and retries for a few seconds what Entra may
// not know yet.
func (i *identity) fetch(ctx context.Context, request policy.TokenRequestOptions) error {
	if i.credential.getToken == nil {
		if err := i.reload(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	for tried := 1; ; tried++ {
		p := i.request(ctx, request)
		if p == nil {
			return nil
		}
		if p.hasCode(rereadCodes) && i.changed(ctx) {
			continue
		}
		if !p.hasCode(unknownYetCodes) || !i.credential.retry.pauseBriefly(ctx, began, tried) {
			return p
		}
	}
}

// changed reads the credential again. It reports whether it differs.
func (i *identity) changed(ctx context.Context) bool {
	before := i.credential
	return i.reload(ctx) == nil && i.credential.differs(before)
}

// reload reads the credential. Its error lists everything that is wrong with
// it.
func (i *identity) reload(ctx context.Context) error {
	opened, err := i.load(ctx)
	if err != nil {
		return err
	}
	i.credential = opened
	i.ids.Store(&ids{opened.tenant, opened.client})
	return nil
}

// request gets a token through the SDK. It returns the problem that the retry
// policy saw, as the SDK's error keeps only its text.
func (i *identity) request(ctx context.Context, request policy.TokenRequestOptions) (p *problem) {
	i.credential.retry.take() // left from an earlier token
	defer func() {
		if recover() != nil {
			p = &problem{text: noTokenPrefix + ": the Azure SDK could not read the answer"}
		}
	}()
	token, err := i.credential.getToken(ctx, request)
	if err == nil {
		i.token = func() azcore.AccessToken { return token }
		return nil
	}
	if p = i.credential.retry.take(); p != nil {
		return p
	}
	if ctx.Err() != nil {
		return errDeadline
	}
	return asProblem(err, noTokenPrefix)
}

func scope(resource string) []string {
	return []string{strings.TrimSuffix(resource, "/") + "/.default"}
}
