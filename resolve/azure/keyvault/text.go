package keyvault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/seed45446ece/launcher/resolve/azure"
)

// utf8BOM is the byte order mark of UTF-8.
const utf8BOM = "\ufeff"

const hintTrim = "write only the value, as UTF-8, without quotes or blanks around it"

// trim removes a byte order mark and one line ending. It returns an error for
// text that cannot be a credential.
func trim(text []byte) (string, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return "", errors.New("is UTF-16: write it as UTF-8")
	}
	s := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(string(text), utf8BOM), "\n"), "\r")
	switch {
	case s == "":
		return "", errors.New("is empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", errors.New("is not one line of text")
	case strings.TrimSpace(s) != s:
		return "", errors.New("starts or ends with a blank")
	}
	return s, nil
}

// check returns an error for each ID that Entra cannot know: a tenant is a
// UUID or a domain, a client is a UUID.
func (n ids) check(tenantAt, clientAt string) error {
	var errs []error
	domain := strings.Contains(strings.Trim(n.tenant, "."), ".") && strings.Trim(strings.ToLower(n.tenant), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
	if !isUUID(n.tenant) && !domain {
		errs = append(errs, &problem{text: tenantAt + " does not hold a tenant: it is neither a UUID nor a domain", hint: "run az account show --query tenantId"})
	}
	if !isUUID(n.client) {
		errs = append(errs, &problem{text: clientAt + " does not hold a client ID: it is not a UUID", hint: "run az ad sp list --display-name NAME --query [].appId"})
	}
	return errors.Join(errs...)
}

// isUUID accepts only the form with four hyphens.
func isUUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

// serviceAccountToken reads the token that the kubelet projects.
func serviceAccountToken(ctx context.Context, path string) (string, *problem) {
	wrong := func(what string) *problem {
		return &problem{text: fmt.Sprintf("no workload identity: the service account token %q %s", path, what),
			hint: "check variable " + azure.TokenVariable + " and the pod's projected volume azure-identity-token"}
	}
	text, err := readFile(ctx, path)
	switch {
	case ctx.Err() != nil:
		return "", errDeadline
	case errors.Is(err, fs.ErrNotExist):
		return "", wrong("does not exist")
	case err != nil:
		return "", wrong(reason(err))
	}
	token, err := trim(text)
	if err != nil {
		return "", wrong(err.Error())
	}
	return token, nil
}
