package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestYAMLKeepsTheTextOfAScalarAndSaysItsKind(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"numbers as written", "[012, 1.10, 0x1F, 0o17, 0b11, 1_000, +1, -0, .5, 1., 1e3, 1E+3]", "[012, 1.10, 0x1F, 0o17, 0b11, 1_000, +1, -0, .5, 1., 1e3, 1E+3]"},
		{"a large number", "123456789012345678901234567890", "123456789012345678901234567890"},
		{"infinity and no number", "[.inf, -.INF, .nan]", "[.inf, -.INF, .nan]"},
		{"booleans", "[true, True, FALSE]", "[bool true, bool True, bool FALSE]"},
		{"what was a boolean in YAML 1.1", "[yes, no, on, off, y, N, tRue]", `["yes", "no", "on", "off", "y", "N", "tRue"]`},
		{"null", "[~, null, Null, NULL, '', ]", `[null, null, null, null, ""]`},
		{"a field without a value", "a:\nb: ~\n", "{a: null, b: null}"},
		{"a null for a name", "~: a", "{~: \"a\"}"},
		{"dates and times are text", "[2026-01-01, 2026-01-01T10:00:00Z, 12:30, 1:2:3]", `["2026-01-01", "2026-01-01T10:00:00Z", "12:30", "1:2:3"]`},
		{"quoted words", `['012', "true", "~", '']`, `["012", "true", "~", ""]`},
		{"escapes", `["a\tb\n\x41\u00e9\U0001F600\0", 'it''s \n']`, `["a\tb\nAé😀\x00", "it's \\n"]`},
		{"blocks of text", "- |\n  a\n   b\n- |-\n  a\n- >\n  a\n  b\n- |+\n  a\n\n", `["a\n b\n", "a", "a b\n", "a\n\n"]`},
		{"numbers for names", "{012: a, 1.10: b, true: c}", `{012: "a", 1.10: "b", true: "c"}`},
		{"!!str", "[!!str 012, !!str true, !!str, ! 12]", `["012", "true", "", "12"]`},
		{"tags that fit", "[!!int 12, !!float 12, !!float 1.5, !!bool true, !!null ~, !!seq [a], !!map {a: b}]", `[12, 12, 1.5, bool true, null, ["a"], {a: "b"}]`},
		{"a long tag", "!<tag:yaml.org,2002:str> 12", `"12"`},
		{"!!binary", "[!!binary aGk=, !!binary '', !!binary 'a Gk\n =']", "[bytes 6869, bytes , bytes 6869]"},
		{"!!timestamp", "!!timestamp 2026-01-01", `"2026-01-01"`},
		{"an end mark", "a: 1\n...\n", "{a: 1}"},
		{"a start mark", "--- # c\na: 1\n", "{a: 1}"},
		{"a document of nothing", "---\n", "null"},
		{"tabs after a value", "a: \tb\t# c\n", `{a: "b"}`},
		{"DEL and a byte order mark inside", "a: x\x7f\ufeffy", `{a: "x\x7f\ufeffy"}`},
		{"letter case of names", "{a: 1, A: 2}", "{a: 1, A: 2}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte("# YAML\n"+c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, shape(node))
		})
	}
}

func TestYAMLUnfoldsAnchorsAndMergeKeys(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an alias", "a: &x [1, {b: 2}]\nc: *x", "{a: [1, {b: 2}], c: [1, {b: 2}]}"},
		{"an alias for a name", "&x a: 1\nb: {*x : 2}", "{a: 1, b: {a: 2}}"},
		{"an anchor again", "[&x 1, *x, &x 2, *x]", "[1, 1, 2, 2]"},
		{"a merge", "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}"},
		{"a merge after", "a: &x {p: 1}\nb: {p: 2, <<: *x}", "{a: {p: 1}, b: {p: 2}}"},
		{"a merge of more, the first wins", "a: {<<: [{p: 1}, {p: 2, q: 3}]}", "{a: {p: 1, q: 3}}"},
		{"a merge of a merge", "a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y}", "{a: {p: 1}, b: {q: 2, p: 1}, c: {q: 2, p: 1}}"},
		{"a merge of nothing", "a: {<<: [], b: {<<: {}}}", "{a: {b: {}}}"},
		{"a quoted merge key is a name", "'<<': 1", "{<<: 1}"},
		{"an unfinished anchor's sibling", "a: &x {b: 1, c: &y 2, d: *y}", "{a: {b: 1, c: 2, d: 2}}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, shape(node))
		})
	}
}

func TestYAMLIsRefusedWithItsPlace(t *testing.T) {
	const tag = "unknown tag, or a tag that does not match the value"
	const lineEnd = "not valid YAML: a line break that YAML 1.1 and 1.2 read differently"
	for _, c := range []struct{ name, text, want string }{
		{"a field twice", "a: 1\nb:\n  c: 1\n  é: 2\n  c: 3\n", `o:5:3: duplicate field "c"`},
		{"every field that is there twice", "a: 1\na: 2\nb: {c: 1, c: 2}\na: 3",
			"o:2:1: duplicate field \"a\"\no:3:11: duplicate field \"c\"\no:4:1: duplicate field \"a\""},
		{"a name and the same as a number", "1: a\n'1': b", `o:2:1: duplicate field "1"`},
		{"two documents", "a: 1\n---\nb: 2\n", "o:2:1: holds more than one YAML document"},
		{"two documents, one empty", "a: 1\n--- \n", "o:2:1: holds more than one YAML document"},
		{"a second document that is broken", "a: 1\n---\n}", "o:3:1: not valid YAML: did not find expected node content"},
		{"a tab for indentation", "a:\n\tb: 1", "o:2:1: not valid YAML: found character that cannot start any token"},
		{"a tab after indentation", "a:\n  \tb: 1\n  c: 2", "o:2:3: not valid YAML: found a tab character where an indentation space is expected"},
		{"a value in a value", "a: b: c", "o:1:5: not valid YAML: mapping values are not allowed in this context"},
		{"a quote that does not end", "a: 'x", "o:1:6: not valid YAML: found unexpected end of stream"},
		{"a reserved character", "a: @x", "o:1:4: not valid YAML: found character that cannot start any token"},
		{"an unknown escape", `a: "\q"`, "o:1:5: not valid YAML: found unknown escape character"},
		{"half a surrogate pair", `a: "\ud83d"`, "o:1:7: not valid YAML: found invalid Unicode character escape code"},
		{"a control character", "a: é\nb: é\x01", "o:2:5: not valid YAML: a character that YAML does not allow"},
		{"a list where a map goes on", "a: 1\n- b", "o:2:1: not valid YAML: did not find expected key"},
		{"an alias without an anchor", "a: 1\nb: *x", "o:2:4: not valid YAML: an alias (*) of a missing anchor (&)"},
		{"an alias before its anchor", "a: *x\nb: &x 1", "o:1:4: not valid YAML: an alias (*) of a missing anchor (&)"},
		{"an alias of another document", "a: &x 1\n---\nb: *x", "o:3:4: not valid YAML: an alias (*) of a missing anchor (&)"},
		{"an alias of itself", "a: &x [1, *x]", "o:1:11: an alias contains itself"},
		{"an alias of itself, by another", "a: &x {b: &y [*x]}\nc: *y", "o:1:15: an alias contains itself\no:1:15: an alias contains itself"},
		{"an alias of itself for a name", "&x {*x : 1}", "o:1:1: a field's name must be a string, not a map\no:1:5: an alias contains itself"},
		{"a merge of itself", "a: &x {<<: *x}", "o:1:12: an alias contains itself\no:1:12: a merge key (<<) takes a map or a list of maps, not null"},
		{"a merge of a scalar", "a: {<<: 3}", "o:1:9: a merge key (<<) takes a map or a list of maps, not a number"},
		{"a merge of a scalar among maps", "a: {<<: [{b: 1}, c]}", "o:1:18: a merge key (<<) takes a map or a list of maps, not a string"},
		{"a merge twice", "a: &x {b: 1}\nc:\n  <<: *x\n  <<: {d: 2}", "o:4:3: duplicate merge key (<<)"},
		{"a custom tag", "a: !vault x", "o:1:4: " + tag},
		{"a custom tag of a map", "a: !vault {b: 1}", "o:1:4: " + tag},
		{"a custom tag of a list", "a: !vault [b]", "o:1:4: " + tag},
		{"a set", "!!set {a, b}", "o:1:1: " + tag},
		{"a number that is none", "- !!int two\n- !!int true\n- !!float x", "o:1:3: " + tag + "\no:2:3: " + tag + "\no:3:3: " + tag},
		{"a number that is JSON", "[!!int '{}', !!float '\"x\"']", "o:1:2: " + tag + "\no:1:14: " + tag},
		{"a boolean that is none", "!!bool maybe", "o:1:1: " + tag},
		{"a null that is none", "!!null x", "o:1:1: " + tag},
		{"!!str of a list", "!!str [a]", "o:1:1: " + tag},
		{"!!binary that is none", "[!!binary '***', !!binary a]", "o:1:2: !!binary is not base64\no:1:18: !!binary is not base64"},
		{"a tag with a character that it cannot have", "a: !x|y z", "o:1:6: not valid YAML: found a character that is not allowed in a tag"},
		{"a list for a name", "? [a]\n: b", "o:1:3: a field's name must be a string, not a list"},
		{"a map for a name", "{{a: b}: c}", "o:1:2: a field's name must be a string, not a map"},
		{"bytes for a name", "!!binary aGk=: c", "o:1:1: a field's name must be a string, not bytes"},
		{"a version, which the library reads by its rules for 1.1 alone", "%YAML 1.2\n---\na", "o:1:1: not valid YAML: found incompatible YAML document"},
		{"NEL", "a: 'b\u0085c'", "o:1:6: " + lineEnd},
		{"LS", "a: |\n  é\u2028c", "o:2:4: " + lineEnd},
		{"PS in a comment", "a: 1 # \u2029b: 2", "o:1:8: " + lineEnd},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("o", []byte(c.text))
			require.EqualError(t, err, c.want)
		})
	}
}

// laughs is YAML's billion laughs: each line is nine of the one before.
func laughs(lines int, of string) string {
	text := "a0: &a0 " + of + "\n"
	for i := 1; i <= lines; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(alias+",", 8)+alias)
	}
	return text
}

func TestYAMLThatUnfoldsWithoutEndIsRefused(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"a billion laughs", laughs(12, "lol")},
		{"a billion fields", laughs(12, "{a: b, c: d}")},
		{"a billion problems", laughs(7, "[!x a, b, c, d, e, f, g, h]")},
		{"a billion merges", "a0: &a0 {k: v}\n" + func() (text string) {
			for i := 1; i < 30; i++ {
				text += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d, *a%d], k%d: v}\n", i, i, i-1, i-1, i-1, i)
			}
			return text
		}()},
		{"many values", strings.Repeat("- a\n", maxNodes)},
		{"deep lists", strings.Repeat("- ", maxDepth+1) + "a"},
		{"deep braces", "a: " + strings.Repeat("{a: ", maxDepth) + "b" + strings.Repeat("}", maxDepth)},
		{"a mebibyte, repeated", "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 2000) + "]"},
		{"a text of a mebibyte in a map, repeated", "a: &a {k: " + strings.Repeat("x", 1<<20) + "}\n" + "b: [" + strings.Repeat("{<<: *a},", 2000) + "]"},
		{"deep by aliases", "a0: &a0 [x]\n" + func() (text string) {
			for i := 1; i <= maxDepth; i++ {
				text += fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
			}
			return text
		}()},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte(c.text))
			require.Nil(t, node)
			require.ErrorContains(t, err, "more than 50000 values, 200 levels, or 4 MiB that aliases repeat")
		})
	}
	for _, text := range []string{strings.Repeat("- ", 100_000) + "a", strings.Repeat("[", 100_000), strings.Repeat("{a: ", 100_000)} {
		_, err := Parse("o", []byte("# YAML\n"+text))
		require.Error(t, err)
	}
}

func TestYAMLAtItsLimitsIsRead(t *testing.T) {
	for _, text := range []string{
		"# YAML\n" + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
		strings.Repeat("- ", maxDepth) + "a",
		laughs(4, "lol"),
		strings.Repeat("- a\n", maxNodes-1),
	} {
		_, err := Parse("o", []byte(text))
		require.NoError(t, err)
	}
}

func TestYAMLOfMoreThanFourMiBIsRefused(t *testing.T) {
	text := "a: " + strings.Repeat("x", maxYAML-len("a: "))
	node, err := Parse("o", []byte(text))
	require.NoError(t, err)
	require.Len(t, node.Fields[0].Value.Text, maxYAML-len("a: "))
	_, err = Parse("o", []byte(text+"x"))
	require.EqualError(t, err, "o: is YAML of more than 4 MiB")
}
