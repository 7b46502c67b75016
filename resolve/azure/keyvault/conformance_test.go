package keyvault

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func text(s string) *document.Node { return &document.Node{Kind: document.String, Text: s} }

func mapping(fields ...document.Field) *document.Node {
	return &document.Node{Kind: document.Map, Fields: fields}
}

// TestConformance spells each key beside the name of its secret, which is
// s-0, s-1 and so on; without keys the secrets are called after them.
func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		Declares: true, Lists: true,
		Carries: utf8.ValidString,                           // as JSON does
		Spells:  func(key string) bool { return key != "" }, // then it is the name
		Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
			var secrets []fake.Secret
			names := map[string]string{}
			for i, key := range slices.Sorted(maps.Keys(holds)) {
				names[key] = key
				if len(keys) > 0 {
					names[key] = fmt.Sprintf("s-%d", i)
				}
				secrets = append(secrets, fake.Secret{Name: names[key], Value: holds[key]})
			}
			w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets = secrets })
			declared := &document.Node{Kind: document.List}
			for i, key := range keys {
				name := names[key]
				if name == "" {
					name = fmt.Sprintf("absent-%d", i)
				}
				declared.Items = append(declared.Items, mapping(document.Field{Name: "key", Value: text(key)}, document.Field{Name: "name", Value: text(name)}))
			}
			spec, err := azure.Parse(mapping(document.Field{Name: "name", Value: text("my-vault")}, document.Field{Name: "secrets", Value: declared}), azure.Clouds{})
			return New(w.options).Source(spec), err
		},
	})
}
