package keyvault

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// authPolicy answers the SDK's first request to a vault, which it sends
// without a token to learn the tenant and the resource. Both are known, so
// this saves a round trip. It also keeps the token from other hosts.
type authPolicy struct {
	host      string // the only host that receives the token
	microsoft bool   // Microsoft issues the tokens, so other vaults accept them too
	identity  *identity

	learning sync.Mutex
	resource string // what a token is for; "" until learn returns
}

func (p *authPolicy) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	token, authorized := strings.CutPrefix(raw.Header.Get("Authorization"), "Bearer ")
	switch {
	case raw.URL.Scheme != "https" || !sameHost(raw.URL.Host, p.host):
		return nil, &problem{text: fmt.Sprintf("vault %q: the next page of its list would be at another host, %s", vaultName(p.host), keyname.Quote(raw.URL.Host)), hint: hintAnswer}
	case !authorized:
		return p.challenge(raw), nil
	}
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	// The SDK answers the challenge of continuous access evaluation itself.
	if header := resp.Header.Get(authenticate); !strings.Contains(header, `error="insufficient_claims"`) {
		challenge, ok := parseChallenge(header)
		if !ok {
			return nil, p.noChallenge()
		}
		resp.Header.Set(authenticate, challenge.String())
	}
	p.identity.reject(token)
	return resp, nil
}

func (p *authPolicy) noChallenge() *problem {
	return &problem{text: fmt.Sprintf("vault %q answers with an invalid challenge", vaultName(p.host)),
		hint: hintAnswer}
}

// hostPolicy removes port 443 from the address of a list's next page. The SDK
// compares hosts as text, and would not authorize that page again.
type hostPolicy struct{}

func (hostPolicy) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	raw.URL.Host = strings.TrimSuffix(raw.URL.Host, ":443")
	raw.Host = strings.TrimSuffix(raw.Host, ":443")
	return req.Next()
}

// sameHost compares hosts without regard to letter case and port 443, as a
// vault may write its own host differently in the address of a next page. Letters
// that are not ASCII have other lengths than those that they fold to.
func sameHost(a, b string) bool {
	a, b = strings.TrimSuffix(a, ":443"), strings.TrimSuffix(b, ":443")
	return len(a) == len(b) && strings.EqualFold(a, b)
}

func (p *authPolicy) challenge(req *http.Request) *http.Response {
	tenant := p.identity.ids.Load().tenant
	if tenant == "" {
		tenant = "common" // a managed identity has only one tenant
	}
	c := challenge{"https://login.microsoftonline.com/" + tenant, p.resource}
	return newResponse(req, http.StatusUnauthorized, http.Header{authenticate: {c.String()}}, "")
}

// learn requests the vault's challenge, once, to learn what a token for it is
// for.
func (p *authPolicy) learn(ctx context.Context, web *http.Client, retry *retryPolicy) error {
	p.learning.Lock()
	defer p.learning.Unlock()
	if p.resource != "" {
		return nil
	}
	pipeline := runtime.NewPipeline("launcher", "", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: web, Retry: policy.RetryOptions{MaxRetries: -1}, PerCallPolicies: []policy.Policy{retry}, PerRetryPolicies: []policy.Policy{timeoutPolicy{}},
	})
	req, err := runtime.NewRequest(ctx, http.MethodGet, "https://"+p.host+"/secrets")
	if err != nil {
		return err
	}
	resp, err := pipeline.Do(req)
	if err != nil {
		return err
	}
	wanted, ok := parseChallenge(resp.Header.Get(authenticate))
	resource := wanted.resource
	u, err := url.Parse(resource)
	if !ok || err != nil || u.Scheme != "https" || u.Host == "" {
		return p.noChallenge()
	}
	if p.microsoft && !inDomain(p.host, u.Hostname()) {
		return &problem{text: fmt.Sprintf("vault %q asks for a token for another resource, %s", vaultName(p.host), keyname.Quote(resource)),
			hint: "set --azure-authority to the vault's own authority, if it is outside Microsoft's clouds"}
	}
	p.resource = resource
	return nil
}

// inDomain reports whether a vault's host is in the domain of a resource. A
// vault that names another resource would receive a token that is valid there.
func inDomain(vault, domain string) bool {
	u := url.URL{Host: vault}
	return sameHost(u.Hostname(), domain) || strings.HasSuffix(strings.ToLower(u.Hostname()), "."+strings.ToLower(domain))
}

const authenticate = "Www-Authenticate"

// challenge holds what a vault's 401 says about the token that it needs.
type challenge struct {
	authority string // the https URL of a tenant
	resource  string // what the token is for
}

func (c challenge) String() string {
	return `Bearer authorization="` + c.authority + `", resource="` + c.resource + `"`
}

var challengeParameter = regexp.MustCompile(`(?:^|[\s,])(authorization|authorization_uri|resource|scope)=(?:"([^"]*)"|([^",\s]+))`)

// parseChallenge reads the header of a 401. Older vaults write the tenant in
// authorization_uri, and some the resource in scope. It reports false unless
// the header has the https URL of a tenant and a resource, as the SDK panics
// without them.
func parseChallenge(header string) (challenge, bool) {
	found := map[string]string{}
	for _, m := range challengeParameter.FindAllStringSubmatch(header, -1) {
		found[m[1]] = cmp.Or(m[2], m[3])
	}
	c := challenge{
		authority: cmp.Or(found["authorization"], found["authorization_uri"]),
		resource:  cmp.Or(found["resource"], strings.TrimSuffix(found["scope"], "/.default")),
	}
	u, err := url.Parse(c.authority)
	ok := err == nil && u.Scheme == "https" && u.Host != "" && strings.Trim(u.Path, "/") != "" && c.resource != ""
	return c, ok && !strings.ContainsFunc(c.authority+c.resource, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"=,\`, r) })
}
