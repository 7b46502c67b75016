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

// authPolicy is the pipeline policy between the SDK's authorization and the network.
// The SDK sends each first request without a token, to be told the tenant and
// the resource, which are known here: it is told so without a round trip.
type authPolicy struct {
	host      string // nobody else is given the token
	microsoft bool   // Microsoft issues the tokens, so other vaults accept them too
	identity  *identity

	learning sync.Mutex
	resource string // that a token is for
}

// Do implements policy.Policy.
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
	if header := resp.Header.Get(authenticate); !strings.Contains(header, `error="insufficient_claims"`) { // which is continuous access evaluation's, and the SDK's to answer
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
	return &problem{text: fmt.Sprintf("vault %q answers with a challenge that is none", vaultName(p.host)),
		hint: hintAnswer}
}

// hostPolicy is the pipeline policy that leaves out the port of https, which a
// next page's address has: the SDK takes the host with it for another than the
// resource's, and gives up where a token was refused.
type hostPolicy struct{}

// Do implements policy.Policy.
func (hostPolicy) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	raw.URL.Host = strings.TrimSuffix(raw.URL.Host, ":443")
	raw.Host = strings.TrimSuffix(raw.Host, ":443")
	return req.Next()
}

// sameHost compares hosts as written but for the letter case of ASCII and the
// port of https: a next page's address has the one, and the vault's own case.
func sameHost(a, b string) bool {
	lower := func(host string) string {
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, strings.TrimSuffix(host, ":443"))
	}
	return lower(a) == lower(b)
}

func (p *authPolicy) challenge(req *http.Request) *http.Response {
	tenant := p.identity.ids.Load().tenant
	if tenant == "" {
		tenant = "common" // of a managed identity, which has but one
	}
	c := challenge{"https://login.microsoftonline.com/" + tenant, p.resource}
	return newResponse(req, http.StatusUnauthorized, http.Header{authenticate: {c.String()}}, "")
}

// learn asks the vault, once, what a token for it is for.
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
			hint: "a vault outside of Microsoft's clouds needs the authority of its own: see --azure-authority"}
	}
	p.resource = resource
	return nil
}

// inDomain reports whether a vault's host is in the domain of a resource. One that
// names another's would be sent a token that is good for that.
func inDomain(vault, domain string) bool {
	u := url.URL{Host: vault}
	return sameHost(u.Hostname(), domain) || strings.HasSuffix(strings.ToLower(u.Hostname()), "."+strings.ToLower(domain))
}

// authenticate is the header of a challenge.
const authenticate = "Www-Authenticate"

// challenge is what a vault's 401 says of the token that it wants.
type challenge struct {
	authority string // the https URL of a tenant
	resource  string // what the token is for
}

// String returns the challenge in the form that the SDK reads.
func (c challenge) String() string {
	return `Bearer authorization="` + c.authority + `", resource="` + c.resource + `"`
}

var parameter = regexp.MustCompile(`(?:^|[\s,])(authorization|authorization_uri|resource|scope)=(?:"([^"]*)"|([^",\s]+))`)

// parseChallenge reads the header of a 401. The tenant is in authorization, or
// in authorization_uri as older vaults write it, and the resource in resource or
// scope. It reports false unless there is an https URL of a tenant and a
// resource: the SDK panics at less.
func parseChallenge(header string) (challenge, bool) {
	found := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(header, -1) {
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
