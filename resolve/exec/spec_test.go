package exec

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Spec{
		`{command: [vault, kv, get, -field=value], secrets: {DB: prod/db, OTHER: 12}}`: {
			Command: []string{"vault", "kv", "get", "-field=value"}, Secrets: []Secret{{Key: "DB", Name: "prod/db"}, {Key: "OTHER", Name: "12"}}},
		`{command: [get, x, x, 1.10, ""], secrets: [A, B], temporary: [75, 1], missing: [2]}`: {
			Command: []string{"get", "x", "x", "1.10", ""}, Secrets: []Secret{{Key: "A", Name: "A"}, {Key: "B", Name: "B"}}, Temporary: []int{75, 1}, Missing: []int{2}},
		`{command: [get], secrets: [A], empty_is_missing: true}`:        {Command: []string{"get"}, Secrets: []Secret{{Key: "A", Name: "A"}}, EmptyIsMissing: true},
		`{command: [get], secrets: [A], empty_is_missing: false}`:       {Command: []string{"get"}, Secrets: []Secret{{Key: "A", Name: "A"}}},
		`{command: [sops], format: json}`:                               {Command: []string{"sops"}, Format: "json"},
		`{command: [sops], format: json, secrets: {A: a}}`:              {Command: []string{"sops"}, Format: "json", Secrets: []Secret{{Key: "A", Name: "a"}}},
		`{secrets: "A, B", format: lines, command: [x]}`:                {Command: []string{"x"}, Format: "lines", Secrets: []Secret{{Key: "A", Name: "A"}, {Key: "B", Name: "B"}}},
		`'{"command": ["sops", "-d"], "format": "dotenv"}'`:             {Command: []string{"sops", "-d"}, Format: "dotenv"},
		`{command: [/usr/bin/get], secrets: {A: "-", B: " -x\n$(id)"}}`: {Command: []string{"/usr/bin/get"}, Secrets: []Secret{{Key: "A", Name: "-"}, {Key: "B", Name: " -x\n$(id)"}}},
	} {
		node, err := document.Parse("task", []byte(text))
		require.NoError(t, err)
		got, err := Parse(node)
		require.NoError(t, err, text)
		for i := range got.Secrets {
			got.Secrets[i].At = document.Position{}
		}
		require.Equal(t, want, got)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[a]`:                                               "an exec source must be a map, not a list",
		`{}`:                                                "an exec source needs a command",
		`{command: get a, secrets: [A]}`:                    "a command must be a list, not a string",
		`{command: {}, secrets: [A]}`:                       "a command must be a list, not a map",
		`{command: [], secrets: [A]}`:                       "a command's program is empty",
		`{command: [""], secrets: [A]}`:                     "a command's program is empty",
		`{command: [[x]], secrets: [A]}`:                    "a command must hold strings, not a list",
		`{command: ["a\0b"], secrets: [A]}`:                 "a command holds a NUL byte, which an argument cannot",
		`{command: [x], secrets: {A: "\0"}}`:                "an identifier holds a NUL byte, which an argument cannot",
		`{command: [x]}`:                                    "an exec source needs secrets or a format",
		`{command: [x], format: yaml}`:                      "unknown format",
		`{command: [x], format: [json]}`:                    "format must be a string, not a list",
		`{command: [x], secrets: []}`:                       "secrets of an exec source is empty",
		`{command: [x], secrets: {}}`:                       "secrets of an exec source is empty",
		`{command: [x], secrets: 1}`:                        "an exec source must be a list, not a number",
		`{command: [x], secrets: [A, A]}`:                   `duplicate key "A" in an exec source`,
		`{command: [x], secrets: {A: {}}}`:                  `the name of "A" must be a string, not a map`,
		`{command: [x], secrets: {A: null}}`:                `the name of "A" must be a string, not null`,
		`{command: [x], secrets: {A, hunter2}}`:             "a colon is missing after a key",
		`{command: [x], secrets: ["a b"]}`:                  "text that is not a key: it holds a blank",
		`{command: [x], secrets: [A], temporary: 75}`:       "temporary must be a list of exit statuses, not a number",
		`{command: [x], secrets: [A], temporary: [0]}`:      "temporary must hold exit statuses from 1 to 255",
		`{command: [x], secrets: [A], missing: [x]}`:        "missing must hold exit statuses from 1 to 255",
		`{command: [x], secrets: [A], empty_is_missing: 1}`: "empty_is_missing must be true or false, not a number",
		`{command: [x], secrets: [A], shell: true}`:         `unknown field "shell" in an exec source`,
		`"{'command'"`:                                      "character",

		`{command: [x], secrets: [], format: json}`:                     "secrets of an exec source is empty",
		`{command: [x], secrets: {A: "hunter2 x"}, format: json}`:       "text that is not a key: it holds a blank",
		`{command: [x], secrets: [A, {key: A, name: B}], format: json}`: `duplicate key "A" in an exec source`,
	} {
		node, err := document.Parse("task", []byte(text))
		if err == nil {
			_, err = Parse(node)
		}
		require.Error(t, err, text)
		require.ErrorContains(t, err, "task:")
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{command: [x], secrets: {A: b}}`, `{command: [], format: json}`, `'{"command": 1}'`, `{secrets: [[]]}`, `{format: lines, secrets: [{key: A, default: 1}], command: [x]}`, `{temporary: {}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := document.Parse("task", []byte(text))
		if err != nil {
			return
		}
		if spec, err := Parse(node); err == nil {
			require.NotEmpty(t, spec.Name())
			require.True(t, len(spec.Secrets) > 0 || spec.Format != "")
		}
	})
}
