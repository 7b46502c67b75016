package keyvault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// entraError is the body of an Entra error. It leaves out the description,
// which repeats what was sent.
type entraError struct {
	Error string `json:"error"`
	Codes []int  `json:"error_codes"`
}

// refusals explains the codes of a refused token,
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes;
// %[1]s is the identity and %[2]q its tenant.
var refusals = []struct {
	codes      []int
	text, hint string
}{
	{[]int{7000215}, "the client secret of %[1]s is wrong", "put the secret's value, not its ID, into the file secret: az ad app credential reset --id CLIENT_ID --append"},
	{[]int{7000222}, "the client secret of %[1]s has expired", "run az ad app credential reset --id CLIENT_ID --append, and update the Kubernetes Secret"},
	{[]int{90002, 900023, 900021}, "tenant %[2]q does not exist", "check tenant_id: az account show --query tenantId"},
	{[]int{700016}, "tenant %[2]q does not have %[1]s", "check client_id and tenant_id: az ad sp show --id CLIENT_ID"},
	{[]int{7000112}, "%[1]s is disabled in tenant %[2]q", "enable the enterprise application"},
	{[]int{700027}, "the certificate of %[1]s is not registered", "run az ad app credential reset --id CLIENT_ID --cert @cert.pem --append"},
	{[]int{700024}, "the assertion of %[1]s is not valid at this time", "check this machine's clock, and that the pod's service account token is refreshed"},
	{[]int{70021, 700211, 700212, 700213}, "no federated credential of %[1]s matches this service account", "run az identity federated-credential create with this cluster's issuer and system:serviceaccount:NAMESPACE:NAME"},
	{[]int{500011}, "tenant %[2]q does not know this kind of vault", "set --azure-authority to the authority of the vault's cloud"},
	{[]int{53003}, "conditional access blocks %[1]s from here", "check the sign-in log of the service principal"},
}

// rereadCodes may be cured by reading the credential again: it may have been
// replaced.
var rereadCodes = []int{7000215, 7000222, 700027, 700016, 90002, 700024}

// unknownYetCodes may be about a change that Entra has not spread yet, which
// takes seconds.
var unknownYetCodes = []int{7000215, 700027, 700016, 70021, 700211, 700212, 700213}

func (i *identity) classifyEntra(req *http.Request, resp *http.Response, body []byte, err error) result {
	host := req.URL.Hostname()
	switch {
	case err != nil:
		return classifyError(req, err, noTokenPrefix)
	case resp.StatusCode == http.StatusOK && req.Method == http.MethodPost:
		return checkToken(resp, body, host)
	case resp.StatusCode == http.StatusOK:
		return checkJSON(resp, body, noTokenPrefix)
	case resp.StatusCode == http.StatusTooManyRequests:
		r := unavailable("no token: "+host+" throttles (429)", "spread the pods with --azure-spread")
		r.throttled = true
		return r
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout:
		return unavailable(fmt.Sprintf("no token: %s answers %d", host, resp.StatusCode), "check https://azure.status.microsoft")
	}
	var wrong entraError
	_ = json.Unmarshal(body, &wrong) // another body has no codes
	if wrong.Error == "temporarily_unavailable" {
		return unavailable("no token: "+host+" is temporarily unavailable", "check https://azure.status.microsoft")
	}
	r := i.refusal(host, resp.StatusCode, wrong.Codes)
	r.codes = wrong.Codes
	return r
}

func (i *identity) refusal(host string, status int, codes []int) result {
	for _, because := range refusals {
		for _, code := range codes {
			if slices.Contains(because.codes, code) {
				text := fmt.Sprintf(because.text, i.who(), i.ids.Load().tenant)
				return refusal(fmt.Sprintf("no token: %s (AADSTS%d)", text, code), strings.ReplaceAll(because.hint, "CLIENT_ID", i.client()))
			}
		}
	}
	if len(codes) > 0 {
		return refusal(fmt.Sprintf("no token: %s refuses %s (AADSTS%d)", host, i.who(), codes[0]),
			fmt.Sprintf("see https://login.microsoftonline.com/error?code=%d", codes[0]))
	}
	return refusal(fmt.Sprintf("no token: %s answers %d", host, status), "check the authority and the proxy")
}

// checkToken returns a problem if an answer holds no valid token. The SDK's
// own error would quote the answer, token and all.
func checkToken(resp *http.Response, body []byte, host string) result {
	if r := checkJSON(resp, body, noTokenPrefix); r.problem != nil {
		return r
	}
	var answer struct {
		Token   string      `json:"access_token"`
		Expires json.Number `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Token == "" || strings.Trim(string(answer.Expires), "0123456789") != "" {
		return unavailable("no token: the answer of "+host+" has no token, or no expiry", hintAnswer)
	}
	return result{}
}
