package keyvault

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve/azure"
)

// readAll starts to read every enabled secret while the list arrives page by
// page. It leaves out the secrets that back certificates.
func (c *client) readAll(ctx context.Context, work *sync.WaitGroup) (reads []*read, err error) {
	what := c.describe()
	defer func() {
		if recover() != nil {
			reads, err = nil, asProblem(errors.New("panic"), what)
		}
	}()
	seen, links := map[string]bool{}, map[string]bool{}
	for pager := c.vault.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, asProblem(err, what)
		}
		for _, item := range page.Value {
			name, wanted := readable(item)
			if !wanted || seen[strings.ToLower(name)] {
				continue
			}
			if !azure.ValidSecret(name) {
				return nil, &problem{text: what + ": its list has an invalid secret name", hint: hintAnswer}
			}
			seen[strings.ToLower(name)] = true
			r := newRead(c.spec, azure.Secret{Key: name, Name: name})
			c.startRead(ctx, work, r)
			reads = append(reads, r)
		}
		if link := page.NextLink; link != nil {
			if links[*link] {
				return nil, &problem{text: what + ": its list repeats the same nextLink", hint: hintAnswer}
			}
			links[*link] = true
		}
	}
	return reads, nil
}

// readable returns the name of a listed secret. It reports whether to read it.
func readable(item *azsecrets.SecretProperties) (string, bool) {
	if item == nil || item.ID == nil || item.Managed != nil && *item.Managed {
		return "", false
	}
	if a := item.Attributes; a != nil && a.Enabled != nil && !*a.Enabled {
		return "", false
	}
	return item.ID.Name(), true
}
