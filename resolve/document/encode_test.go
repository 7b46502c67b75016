package document

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// encode is a YAML or JSON text as JSON.
func encode(t *testing.T, text string) (string, error) {
	t.Helper()
	node, err := Parse("o", []byte(text))
	require.NoError(t, err)
	encoded, err := node.AppendJSON(nil)
	if err == nil {
		require.True(t, json.Valid(encoded), "%s", encoded)
	}
	return string(encoded), err
}

func TestAppendJSONWritesEveryFormOfNumber(t *testing.T) {
	for text, want := range map[string]string{
		// As JSON has it.
		"0": "0", "-0": "-0", "12": "12", "-12": "-12", "1.10": "1.10", "1e5": "1e5", "1E+5": "1E+5", "-0.0": "-0.0", "2.5e-3": "2.5e-3",
		"123456789012345678901234567890": "123456789012345678901234567890", "0.1000000000000000055511151231257827": "0.1000000000000000055511151231257827",
		// With a sign or a separator that JSON has not.
		"+1": "1", "+1.50": "1.50", "1_000": "1000", "1_0.5_0": "10.50", "1__0": "10", "1_": "1", "-1_0": "-10", "+0": "0", "+1e3": "1e3",
		"+123456789012345678901234567890": "123456789012345678901234567890", "1_000_000_000_000_000_000_000": "1000000000000000000000",
		// Of another base.
		"0x1F": "31", "0XfF": "255", "-0x1f": "-31", "+0x1F": "31", "0x_1F": "31", "0o17": "15", "0O17": "15", "-0o17": "-15", "017": "15", "-017": "-15", "012": "10",
		"00": "0", "000": "0", "0b11": "3", "-0B11": "-3", "0b1_1": "3", "0xFFFFFFFFFFFFFFFF": "18446744073709551615", "-0x8000000000000000": "-9223372036854775808",
		"0x7fffffffffffffff": "9223372036854775807", "01777777777777777777777": "18446744073709551615",
		// Floats that JSON writes in another way.
		".5": "0.5", "-.5": "-0.5", "+.5": "0.5", "1.": "1", "-1.": "-1", "1.e2": "100", ".5e2": "50", "08": "8", "09.50": "9.5", "1e05": "1e05", "01e3": "1000",
		"1.e30": "1e+30", ".1e-9": "1e-10", "00.5": "0.5",
		// Too large for a float, and so text.
		"1e400": `"1e400"`, "-1e400": `"-1e400"`, strings.Repeat("9", 400): `"` + strings.Repeat("9", 400) + `"`,
		// Not numbers in YAML 1.2.
		"1:30": `"1:30"`, "0x": `"0x"`, "0b2": `"0b2"`, "_1": `"_1"`, "1-2": `"1-2"`, "1,000": `"1,000"`, "0x1p4": `"0x1p4"`, "inf": `"inf"`, "NaN": `"NaN"`, "1e": `"1e"`, "1.2.3": `"1.2.3"`,
		"0o8": `"0o8"`, "--1": `"--1"`,
	} {
		t.Run(text, func(t *testing.T) {
			got, err := encode(t, text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	for _, text := range []string{".inf", "-.inf", "+.INF", ".nan", ".NaN"} {
		_, err := encode(t, "a: [1, "+text+"]")
		require.EqualError(t, err, "o:1:8: JSON cannot hold this number")
	}
}

func TestAppendJSONKeepsAJSONNumbersText(t *testing.T) {
	const text = `[1.10,1e999999999,-0,1E+5,123456789012345678901234567890]`
	got, err := encode(t, text)
	require.NoError(t, err)
	require.Equal(t, text, got)
}

func TestAppendJSONWritesEveryKind(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"words", "[true, True, FALSE, ~, null]", `[true,true,false,null,null]`},
		{"a map keeps its order", "{z: 1, a: {}, m: []}", `{"z":1,"a":{},"m":[]}`},
		{"names that are no strings", "{012: 1, true: 2, ~: 3, 'a\"b': 4}", `{"012":1,"true":2,"~":3,"a\"b":4}`},
		{"text that looks like markup", `"<a>&amp;"`, `"<a>&amp;"`},
		{"text beyond ASCII", "é日😀\u00a0", "\"é日😀\u00a0\""},
		{"escapes", `"\"\\\n\r\t\x08\f\x01\x7f\0"`, "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\x7f\\u0000\""},
		{"line ends of Unicode stay", `"\u2028\u2029"`, "\"\u2028\u2029\""},
		{"a replacement character stays", `["\ufffd"]`, "[\"\ufffd\"]"},
		{"a date is text", "2026-01-01", `"2026-01-01"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := encode(t, c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAppendJSONRefusesBytesWhereverTheyAre(t *testing.T) {
	for text, place := range map[string]string{"!!binary aGk=": "1:1", "a: !!binary aGk=": "1:4", "a: [1,\n !!binary aGk=]": "2:2", "a: {b: [!!binary aGk=]}": "1:9"} {
		_, err := encode(t, text)
		require.EqualError(t, err, "o:"+place+": JSON cannot hold bytes")
	}
}

func TestAppendJSONAppends(t *testing.T) {
	node, err := Parse("o", []byte(`{"a": ["x\n", 1]}`))
	require.NoError(t, err)
	got, err := node.AppendJSON([]byte("before "))
	require.NoError(t, err)
	require.Equal(t, `before {"a":["x\n",1]}`, string(got))
	require.Equal(t, `x"a"`, string(AppendString([]byte("x"), "a")))
	require.Equal(t, `x"\n"`, string(AppendString([]byte("x"), "\n")))
	require.Equal(t, `""`, string(AppendString(nil, "")))
}

func TestAppendStringIsWhatEveryJSONReaderDecodesToTheSame(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r < 0x3000; r++ {
		all.WriteRune(r)
	}
	all.WriteString("😀\U0010ffff\ufffd\ufeff")
	for _, s := range append(strings.Split(all.String(), ""), all.String()) {
		var decoded string
		require.NoError(t, json.Unmarshal(AppendString(nil, s), &decoded))
		require.Equal(t, s, decoded)
	}
}
