package fake

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// prove returns Entra's refusal of a client's proof, or nil.
func (p *Principal) prove(form url.Values, now time.Time) *answer {
	var a answer
	secret := form.Get("client_secret")
	switch {
	case form.Get("client_assertion") != "":
		return p.assert(form, now)
	case secret == "":
		a = entraError(http.StatusUnauthorized, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case slices.Contains(p.Secrets, secret):
		return nil
	case slices.Contains(p.Expired, secret):
		a = entraError(http.StatusUnauthorized, "invalid_client", 7000222, "The provided client secret keys for app '"+p.ClientID+"' are expired."+
			" Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.")
	default:
		a = entraError(http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request"+
			" is the client secret value, not the client secret ID, for a secret added to app '"+p.ClientID+"'.")
	}
	return &a
}

// claims holds what the fake checks in an assertion.
type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Expires int64  `json:"exp"`
}

// assert checks a certificate's assertion, which the client issues, or a
// federated token, which somebody else does. It checks the form and not the
// signature.
func (p *Principal) assert(form url.Values, now time.Time) *answer {
	claims, err := readAssertion(form.Get("client_assertion"))
	own := claims.Issuer == claims.Subject && strings.EqualFold(claims.Subject, p.ClientID)
	var a answer
	switch {
	case err != nil || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		a = entraError(http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed.")
	case claims.Expires != 0 && now.Unix() >= claims.Expires:
		a = entraError(http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.")
	case own && p.Certificate, !own && p.Federated == "*", !own && p.Federated != "" && p.Federated == claims.Subject:
		return nil
	case own:
		a = entraError(http.StatusUnauthorized, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application.")
	default:
		a = entraError(http.StatusUnauthorized, "invalid_client", 700213, fmt.Sprintf("No matching federated identity record found for presented assertion subject '%s'."+
			" Check your federated identity credential Subject, Audience and Issuer against the presented assertion.", claims.Subject))
	}
	return &a
}

// readAssertion reads three parts in base64, of which the first two are JSON.
func readAssertion(text string) (c claims, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("a JWT has 3 parts")
	}
	for i, into := range []any{&object{}, &c} {
		plain, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return c, err
		}
		if err := json.Unmarshal(plain, into); err != nil {
			return c, err
		}
	}
	return c, nil
}

// grant is what a token allows.
type grant struct {
	Principal
	domain  string // of the vaults that it is for
	expires time.Time
}

// tokens holds the tokens that were issued.
type tokens struct {
	mu    sync.RWMutex
	known map[string]grant
}

// make issues a token with the size and form of Entra's.
func (t *tokens) make(p Principal, domain string, lifetime int) string {
	signature := make([]byte, 256)
	_, _ = rand.Read(signature)
	expires := time.Now().Add(time.Duration(lifetime) * time.Second)
	claims := fmt.Sprintf(`{"aud":"https://%s","iss":"https://sts.windows.net/%s/","exp":%d,"appid":"%s","idtyp":"app","note":"fakevault: good for nothing but itself"}`,
		domain, p.Tenant, expires.Unix(), p.ClientID)
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"typ":"JWT","alg":"RS256","kid":"fake"}`)) + "." + encode([]byte(claims)) + "." + encode(signature)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]grant{}
	}
	t.known[text] = grant{p, domain, expires}
	return text
}

func (t *tokens) revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = nil
}

// noToken is why a request without a token gets a challenge.
const noToken = "AKV10000: Request is missing a Bearer or PoP token."

// check returns the grant of a request's token, or why the vault refuses it.
func (t *tokens) check(x *exchange) (grant, string) {
	text, ok := strings.CutPrefix(x.Header.Get("Authorization"), "Bearer ")
	if !ok || text == "" {
		return grant{}, noToken
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	g, ok := t.known[text]
	switch {
	case !ok:
		return grant{}, "AKV10046: Unable to resolve the key used for signature validation."
	case time.Now().After(g.expires):
		return grant{}, "AKV10024: Token has expired."
	case g.domain != x.vault.Domain:
		return grant{}, "AKV10022: Invalid audience."
	case !strings.EqualFold(g.Tenant, x.vault.Tenant):
		return grant{}, "AKV10032: Invalid issuer."
	}
	return g, ""
}
