package azure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

// parse is the specification of a source in YAML.
func parse(t *testing.T, source string) (Spec, error) {
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	return Parse(node, Clouds{})
}

// named is a source of this vault.
func named(name string) *document.Node {
	return &document.Node{Kind: document.Map, Fields: []document.Field{
		{Name: "name", Value: &document.Node{Kind: document.String, Text: name}},
	}}
}

func TestAVaultsNameOrURL(t *testing.T) {
	for _, name := range []string{
		"abc", "my-vault", "MyVault", "a-1", "a1b2c3", strings.Repeat("a", 24), "a" + strings.Repeat("-b", 11),
		"https://my-vault.vault.azure.net", "https://my-vault.vault.azure.net/", "https://MY-VAULT.vault.azure.net",
		"https://my-vault.VAULT.AZURE.NET", "https://abc.vault.azure.cn", "https://abc.vault.usgovcloudapi.net/",
		"https://" + strings.Repeat("a", 24) + ".vault.azure.net", "HTTPS://my-vault.vault.azure.net", "Https://my-vault.vault.azure.net:443/",
		"my-vault.vault.azure.net", "MY-VAULT.vault.azure.net:443", "my-vault.vault.azure.cn", "https://my-vault.vault.azure.net:443",
	} {
		spec, err := Parse(named(name), Clouds{})
		require.NoError(t, err, name)
		require.Equal(t, name, spec.Name)
	}
}

func TestANameThatWouldChangeTheHostIsRefused(t *testing.T) {
	const good = "https://good.vault.azure.net"
	for _, name := range []string{
		// No name of a vault.
		"", "ab", "a", strings.Repeat("a", 25), "1abc", "-abc", "abc-", "a--b", "a_b", "a.b", "a b", " abc", "abc ", "abc\n", "äbc", "a\u212ac",
		"abc\x00", "abc%41", "abc\t", "\ufeffabc", "*abc", "аbc",
		// What a host would end at.
		"evil/x", "evil#x", "evil?x", "evil:443", "evil@x", `evil\x`, "evil.example/", "evil.example#", "evil.example?", "user@evil.example#",
		"evil.example:443/", "//evil.example", "../evil", "[::1]", "127.0.0.1", "good.vault.azure.net:80", "good.vault.azure.net:443:443", "ab.vault.azure.net", "evil.example%2f", "evil.example\r\nHost: x",
		// Not https.
		"http://good.vault.azure.net", "HTTP://good.vault.azure.net", "ftp://good.vault.azure.net",
		"https:good.vault.azure.net", "https:/good.vault.azure.net", "https:///good.vault.azure.net", "//good.vault.azure.net",
		"javascript://good.vault.azure.net", " https://good.vault.azure.net", "https:", "https://", "https:///",
		// More than a host.
		good + "@evil.example", good + ":443@evil.example", "https://evil.example@good.vault.azure.net", "https://u:p@good.vault.azure.net",
		"https://@good.vault.azure.net", "https://:@good.vault.azure.net",
		good + ".evil.example", good + ":444", good + ":443:443", good + ":", good + "/x", good + "//", good + "/secrets/", good + "/..", good + "?x", good + "?",
		good + "#x", good + "#", good + "/?", good + "/#", good + `\`, good + `\@evil.example`, good + " ", good + "\n", good + "%2f.evil.example",
		good + "%00", good + "\x00", good + ".", good + "./", good + "..", good + ";evil.example", good + ",evil.example", good + "&",
		// Another host.
		"https://evil.example", "https://evil.example/good.vault.azure.net", "https://evil.example#.vault.azure.net",
		"https://evil.example?.vault.azure.net", "https://evil.example/.vault.azure.net", `https://evil.example\.vault.azure.net`,
		"https://evil.example%23.vault.azure.net", "https://evil.example%2f.vault.azure.net", "https://goodvault.azure.net",
		"https://vault.azure.net", "https://.vault.azure.net", "https://a.b.vault.azure.net", "https://evil.example:80#.vault.azure.net",
		"https://evil.example%00.vault.azure.net", "https://good.vault.azure.net.", "https://good.vault.azure.com", "https://good.vault.azure.net.cn",
		"https://good.vault.microsoftazure.de", "https://good.managedhsm.azure.net", "https://[good.vault.azure.net]", "https://[::1].vault.azure.net",
		"https://good。vault.azure.net", "https://good.vault．azure.net", "https://goo\u212a.vault.azure.net", "https://g%6fod.vault.azure.net",
		"https://xn--a.vault.azure.net", "https://ab.vault.azure.net", "https://" + strings.Repeat("a", 25) + ".vault.azure.net",
		"https://1abc.vault.azure.net", "https://a--b.vault.azure.net", "https://a_b.vault.azure.net", "https://good.vault.azure.net\u202e",
		"https://https://good.vault.azure.net", "https://good .vault.azure.net", "https://go\tod.vault.azure.net",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(named(name), Clouds{})
			require.ErrorContains(t, err, "is not the "+map[bool]string{true: "URL", false: "name"}[strings.Contains(name, "://")]+" of a vault")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestSecretsAreKeysNamesAndVersions(t *testing.T) {
	for source, want := range map[string]string{
		"{name: abc}":              "",
		"{name: abc, secrets: []}": "",
		"{name: abc, secrets: [db-password, API_TOKEN, 7]}":                "db-password=db-password API_TOKEN=API-TOKEN 7=7",
		"{name: abc, secrets: [{key: K, name: n-1, version: 4387e9f3d6}]}": "K=n-1/4387e9f3d6",
		"{name: abc, secrets: [{name: n-1}, {key: A_B}]}":                  "n-1=n-1 A_B=A-B",
		"{name: abc, secrets: [{key: A, name: n}, {B: n}, a]}":             "A=n B=n a=a",
		"{name: abc, secrets: {A: n, B_C: m}}":                             "A=n B_C=m",
		"{name: abc, secrets: [A, a]}":                                     "A=A a=a",
		"{name: abc, secrets: a}":                                          "a=a",
		"'{\"name\": \"abc\", \"secrets\": [\"a\"]}'":                      "a=a",
		`"{'name': 'abc', 'secrets': ['a']}"`:                              "a=a",
	} {
		t.Run(source, func(t *testing.T) {
			spec, err := parse(t, source)
			require.NoError(t, err)
			var secrets []string
			for _, s := range spec.Secrets {
				secrets = append(secrets, strings.TrimSuffix(s.Key+"="+s.Name+"/"+s.Version, "/"))
			}
			require.Equal(t, want, strings.Join(secrets, " "))
			require.Equal(t, "abc auto", spec.Name+" "+spec.Credential)
		})
	}
}

func TestTheWholeOfADeclaration(t *testing.T) {
	spec, err := parse(t, "{name: abc, k8s_secret: azure-creds.v2, secrets: [a], bundle: [job-secrets, b], credential: workload}")
	require.NoError(t, err)
	require.Equal(t, Spec{
		Name: "abc", K8sSecret: "azure-creds.v2", Secrets: []Secret{{Key: "a", Name: "a", At: document.Position{Origin: "task", Line: 1, Column: 51}}}, Bundle: []string{"job-secrets", "b"}, Credential: "workload",
		Host: "abc.vault.azure.net", Authority: "https://login.microsoftonline.com/", Resource: "https://vault.azure.net",
	}, spec)
	require.Nil(t, spec.Keys()) // a bundle's are known only to the vault

	spec, err = parse(t, "{name: abc, secrets: [a, {key: B, name: c}]}")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "B"}, spec.Keys())
	for _, credential := range []string{"auto", "mounted", "workload", "managed", "certificate"} {
		spec, err := parse(t, "{name: abc, credential: "+credential+"}")
		require.NoError(t, err)
		require.Equal(t, credential, spec.Credential)
	}
}

func TestNamesOfSecretsThatAVaultCannotHave(t *testing.T) {
	for _, name := range []string{
		"a/b", "a/../b", "..", ".", "a.b", "a?b", "a#b", "a@b", "a:b", "a b", "a%2fb", "a\nb", "é", "a\x00", strings.Repeat("a", 128), `a\b`, "a/", "/a",
	} {
		for _, secrets := range []document.Field{
			{Name: "secrets", Value: &document.Node{Kind: document.List, Items: []*document.Node{{Kind: document.String, Text: name}}}},
			{Name: "bundle", Value: &document.Node{Kind: document.List, Items: []*document.Node{{Kind: document.String, Text: name}}}},
			{Name: "secrets", Value: &document.Node{Kind: document.List, Items: []*document.Node{{Kind: document.Map, Fields: []document.Field{
				{Name: "key", Value: &document.Node{Kind: document.String, Text: "K"}},
				{Name: "name", Value: &document.Node{Kind: document.String, Text: name}},
			}}}}},
		} {
			node := named("abc")
			node.Fields = append(node.Fields, secrets)
			_, err := Parse(node, Clouds{})
			require.ErrorContains(t, err, "is not the name of a vault's secret", "%q", name)
		}
	}
	_, err := parse(t, "{name: abc, secrets: ["+strings.Repeat("a", 127)+"]}")
	require.NoError(t, err)
}

func TestParseNamesEveryProblemWithItsPlace(t *testing.T) {
	const unknown = "in an azure_vault source"
	for source, want := range map[string]string{
		"[abc]":                             "task:1:1: an azure_vault source must be a map, not a list",
		"~":                                 "task:1:1: an azure_vault source must be a map, not null",
		"abc":                               "task:1:1: character 1 of the literal: a word that is neither quoted nor True, False or None",
		"'[]'":                              "task:1:1: an azure_vault source must be a map, not a list",
		"{}":                                "task:1:1: an azure_vault source needs the vault's name",
		"{name: ~}":                         "task:1:8: name must be a string, not null",
		"{name: 123}":                       "task:1:8: name must be a string, not a number",
		"{Name: abc}":                       "task:1:1: an azure_vault source needs the vault's name\ntask:1:2: unknown field \"Name\" " + unknown,
		"{name: abc, tenant: x, secret: y}": "task:1:13: unknown field \"tenant\" " + unknown + "\ntask:1:24: unknown field \"secret\" " + unknown,
		"{name: abc, secrets: ~}":           "task:1:22: an azure_vault source must be a list, not null",
		"{name: abc, secrets: [~, [a], a]}": "task:1:23: an azure_vault source must hold keys, not null\ntask:1:26: an azure_vault source must hold keys, not a list",
		"{name: abc, secrets: [a, b, a]}":   `task:1:29: duplicate key "a" in an azure_vault source`,
		"{name: abc, secrets: [a, {key: a, name: b}]}":         `task:1:26: duplicate key "a" in an azure_vault source`,
		"{name: abc, secrets: [{}]}":                           "task:1:23: an azure_vault source has a map without a key",
		"{name: abc, secrets: [{key: a, id: b}]}":              `task:1:32: unknown field "id" in a key of an azure_vault source`,
		"{name: abc, secrets: [{key: [a], name: b}]}":          "task:1:29: key must be a string, not a list",
		"{name: abc, secrets: [{key: a, version: xyz}]}":       `task:1:23: the version of "a" is not hexadecimal digits`,
		"{name: abc, secrets: [{key: a, version: ../b}]}":      `task:1:23: the version of "a" is not hexadecimal digits`,
		"{name: abc, secrets: [{key: a, version: 'a?b'}]}":     `task:1:23: the version of "a" is not hexadecimal digits`,
		"{name: abc, secrets: [{key: a, version: 12}]}":        "task:1:41: version must be a string, not a number",
		"{name: abc, secrets: [{key: 'DB:hunter2', name: n}]}": `task:1:23: "DB…" is not a key: a blank is missing after the colon`,
		"{name: abc, secrets: [{key: 'hunter 2', name: n}]}":   "task:1:23: text that is not a key: it holds a blank",
		"{name: abc, bundle: [a, a]}":                          `task:1:25: duplicate name "a" in bundle`,
		"{name: abc, bundle: a}":                               "task:1:21: bundle must be a list, not a string",
		"{name: abc, bundle: [{}]}":                            "task:1:22: bundle must hold strings, not a map",
		"{name: abc, credential: default}":                     `task:1:25: unknown credential`,
		"{name: abc, credential: ''}":                          `task:1:25: unknown credential`,
		"{name: abc, credential: []}":                          "task:1:25: credential must be a string, not a list",
		"{name: abc, k8s_secret: ''}":                          `task:1:25: "" is not the name of a Kubernetes Secret`,
		"{name: abc, k8s_secret: ../x}":                        `task:1:25: "…" is not the name of a Kubernetes Secret`,
		"{name: abc, k8s_secret: a/b}":                         `task:1:25: "…" is not the name of a Kubernetes Secret`,
		"{name: abc, k8s_secret: '..'}":                        `task:1:25: ".." is not the name of a Kubernetes Secret`,
		"{name: abc, k8s_secret: Creds}":                       `task:1:25: "Creds" is not the name of a Kubernetes Secret`,
		"{name: abc, k8s_secret: [a]}":                         "task:1:25: k8s_secret must be a string, not a list",
		"{name: a/b, k8s_secret: /, secrets: [a@b], bundle: [c/d], credential: x}": strings.Join([]string{
			`task:1:8: "…" is not the name of a vault`, `task:1:25: "…" is not the name of a Kubernetes Secret`, `task:1:38: "…" is not the name of a vault's secret`,
			`task:1:52: "…" is not the name of a vault's secret`, `task:1:71: unknown credential`,
		}, "\n"),
	} {
		t.Run(source, func(t *testing.T) {
			_, err := parse(t, source)
			require.EqualError(t, err, want)
		})
	}
}
