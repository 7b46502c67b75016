package keyvault

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestABundleIsAJSONObjectOfKeys(t *testing.T) {
	const at = `vault "my-vault": secret "set"`
	const no = at + ": the bundle is not a JSON object"
	const notKey = at + ": a member of the bundle is not a key"
	for name, c := range map[string]struct {
		bundle, want string
		errs         []string
	}{
		"text":             {`{"A": "1", "B": ""}`, "A=1 B=", nil},
		"numbers":          {`{"A": 012.0}`, "set!", []string{no + ": not valid JSON"}},
		"number's text":    {`{"A": 1.10, "B": 1e3, "C": 123456789012345678901234567890, "D": -0}`, "A=1.10 B=1e3 C=123456789012345678901234567890 D=-0", nil},
		"booleans":         {`{"A": true, "B": false}`, "A=true B=false", nil},
		"in order":         {`{"B": "1", "A": "2"}`, "B=1 A=2", nil},
		"escapes":          {`{"A": "\u00e9\n\"\ud83d\ude00 <>&"}`, "A=é\n\"😀 <>&", nil},
		"nothing":          {`{}`, "", nil},
		"blanks around":    {" \n{\"A\": \"1\"}\r\n", "A=1", nil},
		"null":             {`{"A": null, "B": "1"}`, "A! B=1", []string{at + `: its member "A" is null`}},
		"nested":           {`{"A": {"x": "` + value + `"}, "B": ["` + value + `"]}`, "A! B!", []string{at + `: its member "A" must be a scalar, not a map`, at + `: its member "B" must be a scalar, not a list`}},
		"no JSON":          {value, "set!", []string{no + ": not valid JSON"}},
		"cut off":          {`{"A": "` + value, "set!", []string{no + ": not valid JSON: it ends too early"}},
		"empty":            {``, "set!", []string{no + ": is empty"}},
		"more":             {`{"A": "1"} "` + value + `"`, "set!", []string{no + ": not valid JSON: text follows the value"}},
		"a list":           {`["` + value + `"]`, "set!", []string{no + ": it is a list"}},
		"a string":         {`"` + value + `"`, "set!", []string{no + ": it is a string"}},
		"null alone":       {`null`, "set!", []string{no + ": it is null"}},
		"a key twice":      {`{"A": "` + value + `", "B": "1", "A": "2", "B": "3"}`, "set! set!", []string{no + `: duplicate field "A"`, no + `: duplicate field "B"`}},
		"half a pair":      {`{"A": "\ud800"}`, "set!", []string{no + `: a \u escape is half of a surrogate pair`}},
		"a value as a key": {`{"A=` + sourcetest.Canary + `": "1", "B": "2", "` + value + ` x": "3", "\u202e": "4"}`, "set! B=2 set! set!", []string{notKey, notKey, notKey}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, func(c2 *fake.Config) { c2.Vaults[0].Secrets = []fake.Secret{{Name: "set", Value: c.bundle}} })
			found, err := w.find("{name: my-vault, bundle: [set]}")
			require.NoError(t, err)
			require.Equal(t, c.want, values(found))
			var errs []string
			for _, f := range found {
				if f.Err != nil {
					errs = append(errs, f.Err.Error())
					require.NotEmpty(t, hintOf(f.Err))
				}
			}
			require.Equal(t, c.errs, errs)
		})
	}
}

func TestABundleNamesItsMembersAndIsAbsentAsAWhole(t *testing.T) {
	w := start(t, func(c *fake.Config) {
		c.Vaults[0].Secrets = []fake.Secret{{Name: "set", Value: `{"A": "1", "N": null}`}, {Name: "A", Value: "alone"}}
	})
	found, err := w.find("{name: my-vault, secrets: [A, set], bundle: [set, not-there]}")
	require.NoError(t, err)
	require.Equal(t, `A=alone set={"A": "1", "N": null} A=1 N! not-there!`, values(found))
	require.Equal(t, `https://my-vault.vault.azure.net/secrets/set, member "A"`, found[2].Where)
	require.ErrorIs(t, found[3].Err, resolve.ErrAbsent)
	require.ErrorIs(t, found[4].Err, resolve.ErrAbsent)
	require.EqualError(t, found[4].Err, `vault "my-vault": secret "not-there" does not exist`)
	require.Equal(t, 3, w.requests()["secret"], "a bundle that is a secret too is read once")
}
