package fake

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// index sorts the vault's secrets by name, and gives a version to those
// without one.
func (v *vault) index() {
	seen := map[string]bool{}
	for i := range v.Secrets {
		s := &v.Secrets[i]
		if s.Version == "" {
			place := fnv.New128a()
			_, _ = fmt.Fprintf(place, "%s %s %d", v.Name, s.Name, i)
			s.Version = fmt.Sprintf("%x", place.Sum(nil))
		}
		if key := strings.ToLower(s.Name); !seen[key] {
			seen[key] = true
			v.names = append(v.names, key)
		}
	}
}

// find returns a version of a secret, or the newest one. Names ignore letter
// case.
func (v *vault) find(name, version string) *Secret {
	for i := len(v.Secrets) - 1; i >= 0; i-- {
		s := &v.Secrets[i]
		if strings.EqualFold(s.Name, name) && (version == "" || s.Version == version) {
			return s
		}
	}
	return nil
}

// vaultRoute returns the function that answers a request to a vault.
func (s *Server) vaultRoute(x *exchange, path string) func(*exchange) answer {
	collection, rest, _ := strings.Cut(path, "/")
	name, version, _ := strings.Cut(rest, "/")
	if x.Method != http.MethodGet || collection != "secrets" || strings.Contains(version, "/") {
		return func(*exchange) answer {
			return vaultError(http.StatusNotFound, "NotFound", "the fake reads secrets and does nothing else", "")
		}
	}
	x.operation, x.name = list, name
	if name != "" {
		x.operation = secret
	}
	return func(x *exchange) answer {
		if refusal := s.admit(x); refusal != nil {
			return *refusal
		}
		if x.operation == list {
			return x.vault.list(x)
		}
		return x.vault.read(x, version)
	}
}

// read answers GET /secrets/NAME/VERSION:
// https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
func (v *vault) read(x *exchange, version string) answer {
	for _, c := range x.name {
		if !strings.ContainsRune(nameLetters, c) {
			return vaultError(http.StatusBadRequest, "BadParameter", "The request URI contains an invalid name: "+x.name, "")
		}
	}
	s := v.find(x.name, version)
	if s == nil {
		return vaultError(http.StatusNotFound, "SecretNotFound", "A secret with (name/id) "+strings.Trim(x.name+"/"+version, "/")+
			" was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command."+
			" For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182", "")
	}
	if s.Disabled {
		return vaultError(http.StatusForbidden, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
	}
	body := s.properties(x.base(), "/"+s.Version)
	body["value"] = s.Value
	if s.Managed {
		body["kid"] = x.base() + "/keys/" + s.Name + "/" + s.Version
	}
	return reply(http.StatusOK, body)
}

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// list answers GET /secrets: the newest version of each, and no values:
// https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets
func (v *vault) list(x *exchange) answer {
	query := x.URL.Query()
	page := v.Page
	if most, err := strconv.Atoi(query.Get("maxresults")); err == nil && most > 0 && most < page {
		page = most
	}
	from := 0
	if marker, err := base64.RawURLEncoding.DecodeString(query.Get("$skiptoken")); err == nil {
		from, _ = strconv.Atoi(string(marker))
	}
	from = min(max(from, 0), len(v.names))
	to := min(from+page, len(v.names))

	items := []object{}
	for _, name := range v.names[from:to] {
		items = append(items, v.find(name, "").properties(x.base(), ""))
	}
	body := object{"value": items, "nextLink": nil}
	if to < len(v.names) {
		body["nextLink"] = nextLink(x.Host, query.Get("api-version"), to, page)
	}
	return reply(http.StatusOK, body)
}

// nextLink writes the default port too, as Key Vault does.
func nextLink(host, version string, from, page int) string {
	if !strings.Contains(host, ":") {
		host += ":443"
	}
	return fmt.Sprintf("https://%s/secrets?api-version=%s&$skiptoken=%s&maxresults=%d", host, url.QueryEscape(version),
		base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(from))), page)
}

// base returns the vault's address, as the client wrote it.
func (x *exchange) base() string { return "https://" + x.Host }

// properties returns all of a secret but its value.
func (s *Secret) properties(base, version string) object {
	attributes := object{
		"enabled": !s.Disabled, "created": 1700000000, "updated": 1700000000,
		"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90,
	}
	if s.NotBefore != 0 {
		attributes["nbf"] = s.NotBefore
	}
	if s.Expires != 0 {
		attributes["exp"] = s.Expires
	}
	body := object{"id": base + "/secrets/" + s.Name + version, "attributes": attributes}
	if s.ContentType != "" {
		body["contentType"] = s.ContentType
	}
	if s.Managed {
		body["managed"] = true
	}
	if s.Tags != nil {
		body["tags"] = s.Tags
	}
	return body
}

// admit returns the refusal of a request, in the order in which Key Vault
// checks it, or nil.
func (s *Server) admit(x *exchange) *answer {
	v := x.vault
	grant, why := s.tokens.check(x)
	if why != "" {
		a := v.challenge(why)
		return &a
	}
	switch version := x.URL.Query().Get("api-version"); {
	case version == "":
		a := vaultError(http.StatusBadRequest, "BadParameter", "The api-version query parameter is required.", "")
		return &a
	case len(v.APIVersions) > 0 && !slices.Contains(v.APIVersions, version):
		a := vaultError(http.StatusBadRequest, "BadParameter", "The specified version ("+version+") is not recognized. Consider using the latest supported version ("+v.APIVersions[len(v.APIVersions)-1]+").", "")
		return &a
	}
	if left, ok := v.limit.allow(v.Throttle, time.Now()); !ok {
		a := throttled(v.Throttle, left)
		return &a
	}
	permission := "get"
	if x.operation == list {
		permission = "list"
	}
	return v.refusal(grant, permission, x.name)
}

// authorize checks the request's token, for the log and for the faults that
// need it.
func (s *Server) authorize(x *exchange) {
	_, why := s.tokens.check(x)
	x.authorized = why == ""
}
