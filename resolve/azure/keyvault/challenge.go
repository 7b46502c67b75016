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

// door is the pipeline policy between the SDK's authorization and the network.
// The SDK sends each first request without a token, to be told the tenant and
// the resource, which are known here: it is told so without a round trip.
type door struct {
	host     string // nobody else is given the token
	own      bool   // the authority is Microsoft's, whose tokens are good elsewhere too
	identity *identity

	learning sync.Mutex
	resource string // that a token is for
}

// Do implements policy.Policy.
func (d *door) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	token, authorized := strings.CutPrefix(raw.Header.Get("Authorization"), "Bearer ")
	switch {
	case raw.URL.Scheme != "https" || !sameHost(raw.URL.Host, d.host):
		return nil, &problem{text: fmt.Sprintf("vault %q: the next page of its list would be at another host, %s", vaultName(d.host), keyname.Quote(raw.URL.Host)), hint: hintAnswer}
	case !authorized:
		return d.challenge(raw), nil
	}
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	if _, ok := resourceOf(resp); !ok {
		return nil, d.noChallenge()
	}
	d.identity.refuse(token)
	return resp, nil
}

func (d *door) noChallenge() *problem {
	return &problem{text: fmt.Sprintf("vault %q answers with a challenge that is none", vaultName(d.host)),
		hint: hintAnswer}
}

// portless is the pipeline policy that leaves out the port of https, which a
// next page's address has: the SDK takes the host with it for another than the
// resource's, and gives up where a token was refused.
type portless struct{}

// Do implements policy.Policy.
func (portless) Do(req *policy.Request) (*http.Response, error) {
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

func (d *door) challenge(req *http.Request) *http.Response {
	tenant := d.identity.name.Load().tenant
	if tenant == "" {
		tenant = "common" // of a managed identity, which has but one
	}
	header := http.Header{"Www-Authenticate": {fmt.Sprintf("Bearer authorization=%q, resource=%q", "https://login.microsoftonline.com/"+tenant, d.resource)}}
	return answer(req, http.StatusUnauthorized, header, "")
}

// learn asks the vault, once, what a token for it is for.
func (d *door) learn(ctx context.Context, web *http.Client, tries *tries) error {
	d.learning.Lock()
	defer d.learning.Unlock()
	if d.resource != "" {
		return nil
	}
	pipeline := runtime.NewPipeline("launcher", "", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: web, Retry: policy.RetryOptions{MaxRetries: -1}, PerCallPolicies: []policy.Policy{tries}, PerRetryPolicies: []policy.Policy{timed(tries.pace.try)},
	})
	req, err := runtime.NewRequest(ctx, http.MethodGet, "https://"+d.host+"/secrets")
	if err != nil {
		return err
	}
	resp, err := pipeline.Do(req)
	if err != nil {
		return err
	}
	resource, ok := resourceOf(resp)
	u, err := url.Parse(resource)
	if !ok || err != nil || u.Scheme != "https" || u.Host == "" {
		return d.noChallenge()
	}
	if d.own && !within(d.host, u.Hostname()) {
		return &problem{text: fmt.Sprintf("vault %q asks for a token for another resource, %s", vaultName(d.host), keyname.Quote(resource)),
			hint: "a vault outside of Microsoft's clouds needs the authority of its own: see --azure-authority"}
	}
	d.resource = resource
	return nil
}

// within reports whether a vault's host is in the domain of a resource. One that
// names another's would be sent a token that is good for that.
func within(vault, domain string) bool {
	u := url.URL{Host: vault}
	return sameHost(u.Hostname(), domain) || strings.HasSuffix(strings.ToLower(u.Hostname()), "."+strings.ToLower(domain))
}

var parameter = regexp.MustCompile(`(authorization|resource|scope)="([^"]*)"`)

// resourceOf reads a challenge as the SDK does, which panics where the
// authorization is not the URL of a tenant. One of continuous access evaluation
// has neither.
func resourceOf(resp *http.Response) (string, bool) {
	challenge := resp.Header.Get("WWW-Authenticate")
	if strings.Contains(challenge, `error="insufficient_claims"`) {
		return "", true
	}
	found := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(challenge, -1) {
		found[m[1]] = m[2]
	}
	u, err := url.Parse(found["authorization"])
	resource := cmp.Or(found["resource"], strings.TrimSuffix(found["scope"], "/.default"))
	return resource, err == nil && u.Scheme == "https" && strings.Trim(u.Path, "/") != "" && resource != ""
}
