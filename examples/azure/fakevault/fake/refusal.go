package fake

import (
	"fmt"
	"net/http"
	"slices"
)

// vaultError returns an error in Key Vault's form:
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
func vaultError(status int, code, message, inner string) answer {
	body := object{"code": code, "message": message}
	if inner != "" {
		body["innererror"] = object{"code": inner}
	}
	return reply(status, object{"error": body})
}

// challenge tells a client where to get a token and what for, and why its
// token is invalid.
func (v *vault) challenge(why string) answer {
	a := vaultError(http.StatusUnauthorized, "Unauthorized", why, "")
	authorization := "authorization"
	if v.OldForm {
		authorization = "authorization_uri"
	}
	header := fmt.Sprintf("Bearer "+authorization+"=%q, resource=%q", "https://"+v.Login+"/"+v.Tenant, "https://"+v.Domain)
	if why != noToken {
		header += fmt.Sprintf(", error=%q, error_description=%q", "invalid_token", why)
	}
	a.header.Set("WWW-Authenticate", header)
	return a
}

// refusal returns the refusal of the firewall or of the permissions, or nil.
func (v *vault) refusal(g grant, permission, name string) *answer {
	caller := fmt.Sprintf("appid=%s;oid=%s;iss=https://sts.windows.net/%s/", g.ClientID, g.ClientID, g.Tenant)
	where := v.Name + ";location=westeurope"
	var a answer
	switch {
	case v.Firewall == "address":
		a = vaultError(http.StatusForbidden, "Forbidden", "Client address is not authorized and caller is not a trusted service.\r\n"+
			"Client address: 203.0.113.7\r\nCaller: "+caller+"\r\nVault: "+where, "ForbiddenByFirewall")
	case v.Firewall == "private":
		a = vaultError(http.StatusForbidden, "Forbidden", "Public network access is disabled and request is not from a trusted service"+
			" nor via an approved private link.\r\nCaller: "+caller+"\r\nVault: "+where, "ForbiddenByConnection")
	case slices.Contains(v.Access[g.ClientID], permission):
		return nil
	case v.Model == "policy":
		a = vaultError(http.StatusForbidden, "Forbidden", fmt.Sprintf("The user, group or application '%s' does not have secrets %s permission"+
			" on key vault '%s'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
			caller, permission, where), "ForbiddenByPolicy")
	default:
		a = vaultError(http.StatusForbidden, "Forbidden", v.rbac(caller, permission, name, where), "ForbiddenByRbac")
	}
	return &a
}

func (v *vault) rbac(caller, permission, name, where string) string {
	action, resource := "getSecret", "/secrets/"+name
	if permission == "list" {
		action, resource = "readMetadata", ""
	}
	return "Caller is not authorized to perform action on resource.\r\n" +
		"If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n" +
		"Caller: " + caller + "\r\nAction: 'Microsoft.KeyVault/vaults/secrets/" + action + "/action'\r\n" +
		"Resource: '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/fake/providers/microsoft.keyvault/vaults/" +
		v.Name + resource + "'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: " + where + "\r\n"
}
