package keyvault

import (
	"cmp"
	"context"
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
	open func() (credential, error) // reads the credential anew
	name atomic.Pointer[credential] // the one in use, for messages

	lock    chan struct{} // held while a token is fetched, and for what follows
	current credential
	token   azcore.AccessToken
	failed  *problem    // that no retry cures: said again, and not asked again
	renewed bool        // a refused token leads to one more look at the credential
	stale   bool        // Entra refused what other files may cure
	bad     chan string // a token that a vault refused
}

func newIdentity(open func(*identity) (credential, error)) *identity {
	i := &identity{lock: make(chan struct{}, 1), bad: make(chan string, 1)}
	i.open = func() (credential, error) { return open(i) }
	i.name.Store(&credential{})
	return i
}

// who is the identity in a message; its client id is no secret.
func (i *identity) who() string {
	if client := i.name.Load().client; client != "" {
		return "application " + client
	}
	return "the managed identity"
}

func (i *identity) client() string { return cmp.Or(i.name.Load().client, "CLIENT_ID") }

// GetToken implements azcore.TokenCredential. Its error is a problem.
func (i *identity) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case i.lock <- struct{}{}:
		defer func() { <-i.lock }()
	case <-ctx.Done():
		return azcore.AccessToken{}, ctx.Err()
	}
	if p := i.elsewhere(request.TenantID); p != nil {
		return azcore.AccessToken{}, p
	}
	if i.good() && request.Claims == "" {
		return i.token, nil
	}
	if i.failed == nil {
		i.failed = i.fetch(ctx, policy.TokenRequestOptions{Scopes: request.Scopes, Claims: request.Claims, EnableCAE: true})
	}
	if p := i.failed; p != nil {
		if p.kind != nil {
			i.failed = nil
		}
		return azcore.AccessToken{}, p
	}
	return i.token, nil
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
		if refused == i.token.Token && !i.renewed {
			i.renewed, i.token, i.current = true, azcore.AccessToken{}, credential{}
		}
	default:
	}
	return i.token.Token != "" && time.Until(i.token.ExpiresOn) > time.Minute
}

// elsewhere is the problem of a vault whose challenge names another tenant than
// the credential's. A tenant by its domain name cannot be compared.
func (i *identity) elsewhere(tenant string) *problem {
	asked, err := uuid.Parse(tenant)
	own, notID := uuid.Parse(i.name.Load().tenant)
	if err != nil || notID != nil || asked == own {
		return nil
	}
	return &problem{text: fmt.Sprintf("the vault is in tenant %q, and %s in tenant %q", asked, i.who(), own),
		hint: "use an application of the vault's tenant"}
}

// fetch gets a token, and where Entra refuses the credential, reads that once
// more: it may have been replaced since.
func (i *identity) fetch(ctx context.Context, request policy.TokenRequestOptions) *problem {
	if i.current.TokenCredential == nil {
		if p := i.reopen(); p != nil {
			return p
		}
	}
	p := i.ask(ctx, request)
	if p == nil || !i.stale {
		return p
	}
	before := i.current.print
	if i.reopen() != nil || i.current.print == before {
		return p
	}
	return i.ask(ctx, request)
}

func (i *identity) reopen() *problem {
	opened, err := i.open()
	if err != nil {
		return problemOf(err, "no token")
	}
	i.current = opened
	i.name.Store(&opened)
	return nil
}

// ask gets a token by the SDK, whose error has lost what the policy saw.
func (i *identity) ask(ctx context.Context, request policy.TokenRequestOptions) (p *problem) {
	i.stale = false
	defer func() {
		if recover() != nil {
			p = &problem{text: "no token: the Azure SDK could not read the answer"}
		}
	}()
	token, err := i.current.GetToken(ctx, request)
	if err == nil {
		i.token = token
		return nil
	}
	if p = i.current.requests.take(); p != nil {
		return p
	}
	if ctx.Err() != nil {
		return &problem{text: "no token before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
	}
	return problemOf(err, "no token")
}

// scope is what a token is asked for, by the resource of it.
func scope(resource string) []string {
	return []string{strings.TrimSuffix(resource, "/") + "/.default"}
}
