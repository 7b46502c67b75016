package keyvault

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/resolve"
)

// vaultError is the body of a Key Vault error,
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
type vaultError struct {
	Error struct {
		Code  string `json:"code"`
		Inner struct {
			Code string `json:"code"`
		} `json:"innererror"`
	} `json:"error"`
}

type target struct {
	vault         string // the first label of its host
	name, version string // of the secret; name "" is the list
}

// cacheKey returns a text that is the same for the same secret.
func (t target) cacheKey() string { return strings.ToLower(t.name) + "/" + t.version }

func targetOf(req *http.Request) target {
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	a := target{vault: vaultName(req.URL.Host)}
	if len(parts) > 1 {
		a.name = parts[1]
	}
	if len(parts) > 2 {
		a.version = parts[2]
	}
	return a
}

// vaultName returns the first label of a host that has several, or else the
// host.
func vaultName(host string) string {
	if name, rest, ok := strings.Cut(host, "."); ok && strings.ContainsAny(rest, "abcdefghijklmnopqrstuvwxyz") {
		return name
	}
	return host
}

func (t target) String() string {
	switch {
	case t.name == "":
		return fmt.Sprintf("vault %q", t.vault)
	case t.version == "":
		return fmt.Sprintf("vault %q: secret %q", t.vault, t.name)
	}
	return fmt.Sprintf("vault %q: secret %q, version %q", t.vault, t.name, t.version)
}

func (c *client) classify(req *http.Request, resp *http.Response, body []byte, err error) result {
	a := targetOf(req)
	switch {
	case err != nil:
		return classifyError(req, err, target{vault: a.vault}.String())
	case resp.StatusCode == http.StatusOK:
		return checkJSON(resp, body, a.String())
	}
	var wrong vaultError
	_ = json.Unmarshal(body, &wrong) // another body has no codes
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
		r := unavailable(fmt.Sprintf("vault %q throttles (429)", a.vault),
			"spread the pods with --azure-spread, or put the secrets in one bundle: a vault serves 4,000 reads in 10 s")
		r.throttled = true
		return r
	case status == http.StatusUnauthorized && req.Header.Get("Authorization") == "" && c.auth.resource == "":
		return result{} // learn reads its challenge
	case status == http.StatusUnauthorized:
		r := refusal(fmt.Sprintf("vault %q refuses the token of %s", a.vault, c.identity.who()), "check that the vault is in the credentials' tenant, and this machine's clock")
		r.tokenRefused = true
		return r
	case status == http.StatusForbidden:
		r := c.forbidden(a, wrong.Error.Inner.Code)
		if a.name != "" { // --missing warn may do without it
			r.kind = resolve.ErrDenied
		}
		return r
	case status == http.StatusNotFound && a.name != "" && wrong.Error.Code == "SecretNotFound": // another 404 may be a proxy's
		return result{problem: &problem{text: a.String() + " does not exist", hint: a.create(), kind: resolve.ErrAbsent}}
	case status >= 500 || status == http.StatusRequestTimeout:
		return unavailable(fmt.Sprintf("%s: the vault answers %d", a, status), "check https://azure.status.microsoft")
	}
	hint := hintAnswer
	if wrong.Error.Code == "BadParameter" {
		hint = "set --azure-api-version to a version that an older vault or emulator knows, such as 7.4"
	}
	return refusal(fmt.Sprintf("%s: the vault answers %d %s", a, resp.StatusCode, quoteCode(wrong.Error.Code)), hint)
}

func (t target) create() string {
	if t.version != "" {
		return fmt.Sprintf("run az keyvault secret list-versions --vault-name %s --name %s to list the versions, or mark the source optional: true", t.vault, t.name)
	}
	return fmt.Sprintf("run az keyvault secret set --vault-name %s --name %s --file FILE, or mark the source optional: true", t.vault, t.name)
}

func (t target) enable() string {
	line := fmt.Sprintf("run az keyvault secret set-attributes --vault-name %s --name %s --enabled true", t.vault, t.name)
	if t.version != "" {
		line += " --version " + t.version
	}
	return line
}

// forbidden explains a 403 by its inner code.
func (c *client) forbidden(a target, inner string) result {
	permission := "get"
	if a.name == "" {
		permission = "list"
	}
	switch inner {
	case "SecretDisabled":
		return refusal(a.String()+" is disabled", a.enable()+", or name a version that is enabled")
	case "ForbiddenByRbac":
		return refusal(fmt.Sprintf("%s: %s has no permission to %s secrets", a, c.identity.who(), permission),
			fmt.Sprintf("run az role assignment create --role \"Key Vault Secrets User\" --assignee %s --scope $(az keyvault show --name %s --query id -o tsv); it may take minutes to apply",
				c.identity.client(), a.vault))
	case "ForbiddenByPolicy":
		return refusal(fmt.Sprintf("%s: %s has no permission to %s secrets", a, c.identity.who(), permission),
			fmt.Sprintf("run az keyvault set-policy --name %s --spn %s --secret-permissions %s", a.vault, c.identity.client(), c.permissions()))
	case "ForbiddenByConnection":
		return refusal(fmt.Sprintf("vault %q does not accept public addresses (ForbiddenByConnection)", a.vault),
			"reach it by a private endpoint, with the DNS zone privatelink.vaultcore.azure.net linked to the cluster's network")
	case "ForbiddenByFirewall":
		return refusal(fmt.Sprintf("vault %q: its firewall blocks this pod", a.vault),
			"allow the cluster's outbound address or subnet in the vault's networking, or give it a private endpoint")
	}
	return refusal(fmt.Sprintf("%s: forbidden %s", a, quoteCode(inner)), "see the vault's access control and networking")
}

func (c *client) permissions() string {
	if len(c.spec.Secrets)+len(c.spec.Bundle) == 0 {
		return "get list"
	}
	return "get"
}

// quoteCode returns an error's code in parentheses if it looks like one.
// Nothing else of a body is shown.
func quoteCode(text string) string {
	if text == "" || len(text) > 64 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "without a reason"
	}
	return "(" + text + ")"
}

// checkJSON returns a problem if a 200 is not JSON, such as a captive portal's
// page, which the SDK would quote.
func checkJSON(resp *http.Response, body []byte, what string) result {
	if json.Valid(body) && utf8.Valid(body) { // the SDK changes bytes that are not UTF-8
		return result{}
	}
	host := resp.Request.URL.Hostname()
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "text/") {
		return refusal(fmt.Sprintf("%s: %s answers with a web page (%s), not as Azure", what, host, kind), "check for a sign-in page on the way; "+hintProxy)
	}
	return unavailable(fmt.Sprintf("%s: the answer of %s is not valid JSON, or was cut off", what, host), hintProxy)
}
