package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// parse is the specification of a source in YAML; "" is that of a task that
// has none.
func parse(t *testing.T, source string) (Spec, error) {
	if source == "" {
		return Parse(nil)
	}
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	return Parse(node)
}

// list is a list node, or none.
func list(keys []string) *document.Node {
	if len(keys) == 0 {
		return nil
	}
	node := &document.Node{Kind: document.List}
	for _, key := range keys {
		node.Items = append(node.Items, &document.Node{Kind: document.String, Text: key})
	}
	return node
}

func TestConformanceOfVariables(t *testing.T) {
	for name, variable := range map[string]func(key string) string{
		"with MLRun's prefix":  func(key string) string { return keyname.MLRunPrefix + strings.ToUpper(key) },
		"under the key's name": func(key string) string { return key },
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(_ *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
					environ := resolve.Environ{"OTHER_VARIABLE": "x"}
					for key, value := range holds {
						environ[variable(key)] = value
					}
					spec, err := Parse(list(keys))
					return spec.Source(environ), err
				},
				Declares: true, Lists: name == "with MLRun's prefix",
				Carries: func(value string) bool { return !strings.ContainsRune(value, 0) },
			})
		})
	}
}

// find is KEY=value for each finding, or KEY and the error.
func find(t *testing.T, s resolve.Source) string {
	found, err := s.Find(t.Context())
	require.NoError(t, err)
	var texts []string
	for _, f := range found {
		if f.Err != nil {
			texts = append(texts, f.Key+": "+f.Err.Error())
			continue
		}
		texts = append(texts, f.Key+"="+string(f.Value.Reveal())+" "+f.Where)
	}
	return strings.Join(texts, "\n")
}

func TestAKeyIsLookedForWithThePrefixAndThenByItsName(t *testing.T) {
	const p = keyname.MLRunPrefix
	for _, c := range []struct {
		name, source string
		environ      resolve.Environ
		want         string
	}{
		{"the prefix beats the name", "[key]", resolve.Environ{p + "KEY": "1", "key": "2"}, "key=1 variable MLRUN_K8S_SECRET__KEY"},
		{"an empty one, too", "[key]", resolve.Environ{p + "KEY": "", "key": "2"}, "key= variable MLRUN_K8S_SECRET__KEY"},
		{"the name alone", "[key]", resolve.Environ{"key": "2"}, "key=2 variable key"},
		{"the name exactly", "[key]", resolve.Environ{"KEY": "2"}, "key: variable MLRUN_K8S_SECRET__KEY is not set, nor is key"},
		{"upper case after the prefix", "[key]", resolve.Environ{p + "key": "1"}, "key: variable MLRUN_K8S_SECRET__KEY is not set, nor is key"},
		{"dots and dashes stay", "[a.b-c]", resolve.Environ{p + "A.B-C": "1"}, "a.b-c=1 variable MLRUN_K8S_SECRET__A.B-C"},
		{"the declared order", "[z, a]", resolve.Environ{p + "A": "1", p + "Z": "2"}, "z=2 variable MLRUN_K8S_SECRET__Z\na=1 variable MLRUN_K8S_SECRET__A"},
		{
			"only what is declared", "[a]", resolve.Environ{p + "A": "1", p + "B": "2"}, "a=1 variable MLRUN_K8S_SECRET__A",
		},
		{"another prefix", "{secrets: [key], env_prefix: S_}", resolve.Environ{"S_KEY": "1", p + "KEY": "2"}, "key=1 variable S_KEY"},
		{"another prefix, not found", "{secrets: [key], env_prefix: S_}", resolve.Environ{p + "KEY": "2"}, "key: variable S_KEY is not set, nor is key"},
		{"a string with commas", `"a, b"`, resolve.Environ{p + "A": "1", "b": "2"}, "a=1 variable MLRUN_K8S_SECRET__A\nb=2 variable b"},
		{"a literal in a string", `"['a', 'b']"`, resolve.Environ{p + "A": "1", "b": "2"}, "a=1 variable MLRUN_K8S_SECRET__A\nb=2 variable b"},
		{"JSON in a string", `' ["a"]'`, resolve.Environ{p + "A": "1"}, "a=1 variable MLRUN_K8S_SECRET__A"},
		{"another name", "[{key: K, name: password}]", resolve.Environ{p + "PASSWORD": "1", p + "K": "2"}, "K=1 variable MLRUN_K8S_SECRET__PASSWORD"},
		{"another name, plain", "[{K: password}]", resolve.Environ{"password": "1", "K": "2"}, "K=1 variable password"},
		{"a map of names", "{secrets: {K: password, L: l2}}", resolve.Environ{"password": "1", "l2": "2"}, "K=1 variable password\nL=2 variable l2"},
		{
			"a Secret's name", "{secret: db-creds, secrets: [{key: K, name: password}]}",
			resolve.Environ{p + "K": "1", p + "PASSWORD": "2"}, "K=1 variable MLRUN_K8S_SECRET__K",
		},
		{
			"a Secret's name, plain", "{secret: db-creds, secrets: [{key: K, name: password}]}",
			resolve.Environ{"K": "1", "password": "2"}, "K=1 variable K",
		},
		{
			"a Secret's name, missing", "{secret: db-creds, secrets: [{key: k, name: password}]}",
			resolve.Environ{"password": "2"}, "k: variable MLRUN_K8S_SECRET__K is not set, nor is k",
		},
		{"a number", "[012]", resolve.Environ{p + "012": "1"}, "012=1 variable MLRUN_K8S_SECRET__012"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := parse(t, c.source)
			require.NoError(t, err)
			require.Equal(t, c.want, find(t, spec.Source(c.environ)))
		})
	}
}

func TestWithoutDeclaredKeysEveryVariableWithThePrefixIsOne(t *testing.T) {
	environ := resolve.Environ{
		keyname.MLRunPrefix + "B": "2", keyname.MLRunPrefix + "A": "1", keyname.MLRunPrefix + "c": "3", keyname.MLRunPrefix + "EMPTY": "", keyname.MLRunPrefix: "no name", "B": "x", "HOME": "/",
		keyname.MLRunPrefix + "MLRUN.FUNCTION": "internal", keyname.MLRunPrefix + "mlrun.x": "internal", keyname.MLRunPrefix + "MLRUNX": "4", "S_A": "5", "x" + keyname.MLRunPrefix + "Q": "6",
	}
	for _, source := range []string{"", "[]", `"[]"`, "{secrets: []}", "{}"} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		require.Equal(t, strings.Join([]string{
			"A=1 variable MLRUN_K8S_SECRET__A", "B=2 variable MLRUN_K8S_SECRET__B", "EMPTY= variable MLRUN_K8S_SECRET__EMPTY",
			"MLRUNX=4 variable MLRUN_K8S_SECRET__MLRUNX", "c=3 variable MLRUN_K8S_SECRET__c",
		}, "\n"), find(t, spec.Source(environ)))
	}
	spec, err := parse(t, "{env_prefix: S_}")
	require.NoError(t, err)
	require.Equal(t, "A=5 variable S_A", find(t, spec.Source(environ)))
	spec, err = parse(t, "")
	require.NoError(t, err)
	require.Empty(t, find(t, spec.Source(nil)))
}

func TestParseNamesEveryProblemWithItsPlace(t *testing.T) {
	const what = "a kubernetes source"
	long := strings.Repeat("k", 254)
	for source, want := range map[string]string{
		"[mlrun.x]":             `task:1:2: "mlrun.x" is internal to MLRun (mlrun.*) and not for a job`,
		"[a, MLRUN.X, Mlrun.y]": "task:1:5: \"MLRUN.X\" is internal to MLRun (mlrun.*) and not for a job\ntask:1:14: \"Mlrun.y\" is internal to MLRun (mlrun.*) and not for a job",
		"[mlrun.]":              `task:1:2: "mlrun." is internal to MLRun (mlrun.*) and not for a job`,
		"[a b]":                 "task:1:2: text that is not a key: it holds a blank",
		"[a/b, é, '', '..']": strings.Join([]string{"task:1:2: text that is not a key: it holds a punctuation character",
			"task:1:7: text that is not a key: it holds a character that is not ASCII", "task:1:10: a kubernetes source has an empty name",
			`task:1:14: a key cannot be "." or start with "..", which name directories`}, "\n"),
		"[" + long + "]":                        "task:1:2: text that is not a key: it is longer than 253 bytes",
		"[a, b, a]":                             `task:1:8: duplicate key "a" in ` + what,
		`"a,a"`:                                 `task:1:1: duplicate key "a" in ` + what,
		`"a,"`:                                  "task:1:1: a kubernetes source has an empty name",
		`""`:                                    "task:1:1: a kubernetes source has an empty name",
		`"['a', ['b']]"`:                        "task:1:1: " + what + " must hold keys, not a list",
		`"['a"`:                                 "task:1:1: character 2 of the literal: a string is not closed",
		"12":                                    "task:1:1: " + what + " must be a list, not a number",
		"~":                                     "task:1:1: " + what + " must be a list, not null",
		"{secrets: ~}":                          "task:1:11: " + what + " must be a list, not null",
		"{secrets: {a: mlrun.b}}":               `task:1:12: "mlrun.b" is internal to MLRun (mlrun.*) and not for a job`,
		"[{key: a, name: mlrun.b}]":             `task:1:2: "mlrun.b" is internal to MLRun (mlrun.*) and not for a job`,
		"{a: b}":                                `task:1:2: unknown field "a" in ` + what,
		"{secret: [a], secrets: [b]}":           "task:1:10: secret must be a string, not a list",
		"{secret: A_b, secrets: [b]}":           `task:1:10: "A_b" is not the name of a Kubernetes Secret`,
		"{secret: ../b, secrets: [b]}":          `task:1:10: "…" is not the name of a Kubernetes Secret`,
		"{secret: a}":                           `task:1:1: the keys of Secret "a" are missing`,
		"{secret: a, secrets: []}":              `task:1:1: the keys of Secret "a" are missing`,
		"{env_prefix: ' '}":                     "task:1:14: env_prefix is not the start of a variable's name",
		"{env_prefix: 'A=B'}":                   "task:1:14: env_prefix is not the start of a variable's name",
		"{env_prefix: ~, mount: 1}":             "task:1:14: env_prefix must be a string, not null\ntask:1:24: mount must be a string, not a number",
		"{mount: ''}":                           "task:1:9: mount must be a directory",
		"{mount: []}":                           "task:1:9: mount must be a string, not a list",
		"{mount: /x, env_prefix: A_}":           "task:1:1: env_prefix and mount cannot be used together",
		"{x: 1, secrets: [mlrun.y], mount: []}": `task:1:2: unknown field "x" in ` + what + "\ntask:1:18: \"mlrun.y\" is internal to MLRun (mlrun.*) and not for a job\ntask:1:35: mount must be a string, not a list",
	} {
		t.Run(source, func(t *testing.T) {
			_, err := parse(t, source)
			require.EqualError(t, err, want)
		})
	}
}

func TestNoProblemShowsWhatFollowsAnEqualsSign(t *testing.T) {
	for _, source := range []string{"[DB=hunter2]", `"DB=hunter2"`, `"['DB=hunter2', 'DB=hunter2']"`, "[mlrun.x=hunter2]", "{DB=hunter2: 1}"} {
		_, err := parse(t, source)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestVariablesAreThoseThatCarrySecrets(t *testing.T) {
	environ := resolve.Environ{keyname.MLRunPrefix + "A": "1", keyname.MLRunPrefix + "B": "2", keyname.MLRunPrefix + "MLRUN.X": "3", "A": "4", "c": "5", "S_A": "6"}
	for source, want := range map[string]string{
		"":                          keyname.MLRunPrefix + "A " + keyname.MLRunPrefix + "B " + keyname.MLRunPrefix + "MLRUN.X",
		"[a]":                       keyname.MLRunPrefix + "A " + keyname.MLRunPrefix + "B " + keyname.MLRunPrefix + "MLRUN.X",
		"[c]":                       keyname.MLRunPrefix + "A " + keyname.MLRunPrefix + "B " + keyname.MLRunPrefix + "MLRUN.X c",
		"{env_prefix: S_}":          "S_A",
		"{mount: /etc/x}":           "",
		"{secrets: [a], mount: /x}": "",
	} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(spec.Variables(environ), " "), source)
	}
}

func TestASourcePrintsNothingOfTheEnvironment(t *testing.T) {
	spec, err := parse(t, "[a]")
	require.NoError(t, err)
	s := spec.Source(resolve.Environ{keyname.MLRunPrefix + "A": sourcetest.Canary, "OTHER": sourcetest.Canary})
	sourcetest.RequireHidden(t, sourcetest.Printed(s), sourcetest.Canary)
	sourcetest.RequireHidden(t, sourcetest.Printed(struct{ hidden resolve.Source }{s}), sourcetest.Canary)
}

func TestRequireConfidentialTakesNoVariableOfTheKeysName(t *testing.T) {
	spec, err := parse(t, "[A, B, c]")
	require.NoError(t, err)
	spec.Confidential = true
	require.Equal(t, strings.Join([]string{
		"A=1 variable MLRUN_K8S_SECRET__A",
		"B: variable MLRUN_K8S_SECRET__B is not set, and --require-confidential does not accept variable B, which the pod's specification may hold",
		"c: variable MLRUN_K8S_SECRET__C is not set",
	}, "\n"), find(t, spec.Source(resolve.Environ{keyname.MLRunPrefix + "A": "1", "A": sourcetest.Canary, "B": sourcetest.Canary})))
	found, err := spec.Source(resolve.Environ{"B": sourcetest.Canary}).Find(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, found[1].Err, resolve.ErrAbsent)

	for source, refused := range map[string]bool{"[DB_PASSWORD]": false, "{secrets: [PASSWORD], env_prefix: DB_}": true, "{env_prefix: DB_}": true,
		"{env_prefix: MLRUN_K8S_SECRET__}": false, "{mount: /x}": false, "": false} {
		spec, err := parse(t, source)
		require.NoError(t, err)
		require.Equal(t, refused, spec.CheckConfidential(document.Position{Origin: "task"}) != nil, source)
	}
}

func TestAVariableWhoseNameIsNotAKeyIsRefusedAndNotShown(t *testing.T) {
	spec, err := parse(t, "")
	require.NoError(t, err)
	for _, name := range []string{"hunter2 hunter2", "hunter2:", "hunter2\n", "hunter2é", strings.Repeat("hunter2", 37)} {
		found, err := spec.Source(resolve.Environ{keyname.MLRunPrefix + "A": "1", keyname.MLRunPrefix + name: "2"}).Find(t.Context())
		require.ErrorContains(t, err, "a variable that starts with MLRUN_K8S_SECRET__: ")
		require.NotContains(t, err.Error(), "hunter2")
		require.Len(t, found, 1)
	}
}
