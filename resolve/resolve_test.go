package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// fixed is a source that has one answer.
type fixed struct {
	findings []resolve.Finding
	err      error
}

func (f fixed) Find(context.Context) ([]resolve.Finding, error) { return f.findings, f.err }

// source is a source's answer from its findings, KEY=value; "KEY" alone is
// absent and "KEY!" is a failure.
func source(kind string, findings ...string) resolve.Bound {
	var f fixed
	for _, text := range findings {
		key, value, has := strings.Cut(text, "=")
		finding := resolve.Finding{Key: key, Where: "place of " + kind}
		switch name, failed := strings.CutSuffix(key, "!"); {
		case failed:
			finding.Key, finding.Err = name, errors.New("out of order")
		case !has:
			finding.Err = resolve.Absent("it does not exist")
		default:
			finding.Value = resolve.NewValue([]byte(value))
		}
		f.findings = append(f.findings, finding)
	}
	return resolve.Bound{Declaration: resolve.Declaration{Kind: kind, At: document.Position{Origin: "task", Line: 7, Column: 5}}, Source: f}
}

func yielding(b resolve.Bound) resolve.Bound {
	b.Yields = true
	return b
}

func optional(b resolve.Bound) resolve.Bound {
	b.Optional = true
	return b
}

func prefixed(prefix string, b resolve.Bound) resolve.Bound {
	b.Prefix = prefix
	return b
}

func failing(kind string, err error) resolve.Bound {
	return resolve.Bound{Declaration: source(kind).Declaration, Source: fixed{nil, err}}
}

// secrets is KEY=value of each secret, in their order.
func secrets(r resolve.Resolution) string {
	var list []string
	for _, s := range r.Secrets {
		list = append(list, s.Key+"="+string(s.Value.Reveal()))
	}
	return strings.Join(list, " ")
}

// rows is one line a row.
func rows(r resolve.Resolution) []string {
	var list []string
	for _, row := range r.Rows {
		text := row.Key + " " + row.Provider + " " + string(row.State)
		if row.By != "" {
			text += " by " + row.By
		}
		if row.Optional {
			text += " optional"
		}
		list = append(list, text)
	}
	return list
}

func TestEveryProblemOfEverySourceIsInOneError(t *testing.T) {
	broken := errors.Join(errors.New("line 1 is broken"), errors.New("line 2 is broken"))
	for name, c := range map[string]struct {
		sources []resolve.Bound
		want    []string
		secrets string
	}{
		"a missing key": {[]resolve.Bound{source("env", "DB_PASSWORD")}, []string{`secret "DB_PASSWORD": env: it does not exist`}, ""},
		"all missing keys": {
			[]resolve.Bound{source("a", "K", "L=1"), yielding(source("b", "M")), source("c", "N", "L")},
			[]string{`secret "M": b: it does not exist`, `secret "K": a: it does not exist`, `secret "N": c: it does not exist`}, "L=1",
		},
		"missing in one, found in another": {[]resolve.Bound{source("a", "K"), source("b", "K=1"), yielding(source("c", "K"))}, nil, "K=1"},
		"optional in one, missing in another": {
			[]resolve.Bound{optional(source("a", "K")), source("b", "K")}, []string{`secret "K": b: it does not exist`}, "",
		},
		"a failure is no absence": {[]resolve.Bound{source("a", "K!")}, []string{`secret "K": a: out of order`}, ""},
		"a failure, though it is optional": {
			[]resolve.Bound{optional(source("a", "K!"))}, []string{`secret "K": a: out of order`}, "",
		},
		"a failure, though another has it": {
			[]resolve.Bound{source("a", "K!"), source("b", "K=1")}, []string{`secret "K": a: out of order`}, "K=1",
		},
		"a source that does not exist": {
			[]resolve.Bound{failing("file", resolve.Absent(`"/x" does not exist`)), source("a", "K=1")},
			[]string{`task:7:5: file: "/x" does not exist`}, "K=1",
		},
		"an optional source that does not exist": {[]resolve.Bound{optional(failing("file", resolve.Absent("no file"))), source("a", "K=1")}, nil, "K=1"},
		"every problem of a source": {
			[]resolve.Bound{failing("file", broken), source("a", "K")},
			[]string{"task:7:5: file: line 1 is broken", "task:7:5: file: line 2 is broken", `secret "K": a: it does not exist`}, "",
		},
		"an optional source that is broken": {
			[]resolve.Bound{optional(failing("file", broken))}, []string{"task:7:5: file: line 1 is broken", "task:7:5: file: line 2 is broken"}, "",
		},
		"an optional source that is absent and broken": {
			[]resolve.Bound{optional(failing("file", errors.Join(resolve.Absent("no file"), errors.New("broken"))))},
			[]string{"task:7:5: file: broken"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve.Resolve(t.Context(), c.sources)
			require.Equal(t, c.secrets, secrets(r))
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, strings.Join(c.want, "\n"))
			require.Len(t, document.Unjoin(err), len(c.want))
		})
	}
}

// TestWhatIsWrongWithAllOfASourceIsSaidOnce has sources that know their keys and
// could not answer for any of them.
func TestWhatIsWrongWithAllOfASourceIsSaidOnce(t *testing.T) {
	refused, own := errors.New("no token"), errors.New("no permission")
	gone := resolve.Absent("no such vault")
	const notKey = "task:7:5: vault: text that is not a key: it holds a punctuation character"
	both := errors.Join(refused, resolve.Unavailable("throttled"))
	of := func(err, k, l error) resolve.Bound {
		b := failing("vault", err)
		b.Source = fixed{[]resolve.Finding{{Key: "K", Err: k}, {Key: "L", Err: l}}, err}
		return b
	}
	for name, c := range map[string]struct {
		bound resolve.Bound
		want  []string
		rows  []string
	}{
		"each key":          {of(refused, refused, refused), []string{"task:7:5: vault: no token"}, []string{"K vault failed", "L vault failed"}},
		"one has its own":   {of(refused, own, refused), []string{"task:7:5: vault: no token", `secret "K": vault: no permission`}, []string{"K vault failed", "L vault failed"}},
		"two problems":      {of(both, both, both), []string{"task:7:5: vault: no token", "task:7:5: vault: throttled"}, []string{"K vault failed", "L vault failed"}},
		"one of two":        {of(both, refused, both), []string{"task:7:5: vault: no token", "task:7:5: vault: throttled"}, []string{"K vault failed", "L vault failed"}},
		"wrapped":           {of(fmt.Errorf("around: %w", refused), refused, refused), []string{"task:7:5: vault: around: no token"}, []string{"K vault failed", "L vault failed"}},
		"it does not exist": {of(gone, gone, gone), []string{"task:7:5: vault: no such vault"}, []string{"K vault missing", "L vault missing"}},
		"no source's error": {of(nil, refused, refused), []string{`secret "K": vault: no token`, `secret "L": vault: no token`}, []string{"K vault failed", "L vault failed"}},
		"its keys are bad": {
			prefixed("a/", of(gone, gone, refused)),
			[]string{"task:7:5: vault: no such vault", notKey, notKey}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve.Resolve(t.Context(), []resolve.Bound{c.bound})
			require.EqualError(t, err, strings.Join(c.want, "\n"))
			require.Equal(t, c.rows, rows(r))
			for _, row := range r.Rows {
				require.Error(t, row.Err)
			}
		})
	}
}

func TestAMissingKeyIsAKeyErrorAndAbsent(t *testing.T) {
	_, err := resolve.Resolve(t.Context(), []resolve.Bound{source("env", "K")})
	var key *resolve.KeyError
	require.ErrorAs(t, err, &key)
	require.Equal(t, "K env", key.Key+" "+key.Provider)
	require.ErrorIs(t, err, resolve.ErrAbsent)
	require.NotErrorIs(t, err, resolve.ErrUnavailable)
}

func TestAKeyThatNoDeliveryCarriesStopsTheStart(t *testing.T) {
	long := strings.Repeat("K", 253)
	for name, c := range map[string]struct {
		bound resolve.Bound
		want  string // "" where the key is good
	}{
		"an equals sign is in the prefix":  {prefixed("A=", source("a", "K=1")), `"A…" is not a key: it is followed by a value`},
		"a separator":                      {source("a", "../K=1"), "text that is not a key: it holds a punctuation character"},
		"a separator is in the prefix":     {prefixed("a/", source("a", "K=1")), "text that is not a key: it holds a punctuation character"},
		"a directory by its prefix":        {prefixed(".", source("a", ".=1")), `a key cannot be "." or start with "..", which name directories`},
		"a dot that a prefix makes a name": {prefixed("P", source("a", ".=1")), ""},
		"empty":                            {source("a", "=1"), "a key is empty"},
		"empty but for its prefix":         {prefixed("P", source("a", "=1")), ""},
		"253 bytes":                        {source("a", long+"=1"), ""},
		"too long by its prefix":           {prefixed("P", source("a", long+"=1")), "text that is not a key: it is longer than 253 bytes"},
		"absent and bad":                   {source("a", "a/b"), "text that is not a key: it holds a punctuation character"},
		"absent, optional and bad":         {optional(source("a", "a/b")), "text that is not a key: it holds a punctuation character"},
		"failed and bad":                   {source("a", "a/b!"), "text that is not a key: it holds a punctuation character"},
		"not UTF-8":                        {source("a", "K\xff=1"), "text that is not a key: it holds a character that is not ASCII"},
		"beyond ASCII":                     {source("a", "ключ=1"), "text that is not a key: it holds a character that is not ASCII"},
		"a control character":              {source("a", "K\n=1"), "text that is not a key: it holds a control character"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve.Resolve(t.Context(), []resolve.Bound{c.bound})
			if c.want == "" {
				require.NoError(t, err)
				require.Len(t, r.Secrets, 1)
				return
			}
			require.EqualError(t, err, "task:7:5: a: "+c.want)
			require.NotErrorIs(t, err, resolve.ErrAbsent)
			require.Empty(t, r.Secrets)
			require.Empty(t, r.Rows)
		})
	}
}

// {DB_PASSWORD=hunter2} is a YAML map of one key that is null.
func TestWhatFollowsAnEqualsSignInAKeyIsNotShown(t *testing.T) {
	mistake := fixed{[]resolve.Finding{{Key: "DB_PASSWORD=" + sourcetest.Canary, Err: resolve.Absent("it is null")}}, nil}
	r, err := resolve.Resolve(t.Context(), []resolve.Bound{{Source: mistake}})
	require.ErrorContains(t, err, `"DB_PASSWORD…" is not a key`)
	sourcetest.RequireHidden(t, err.Error(), sourcetest.Canary)
	sourcetest.RequireHidden(t, sourcetest.Printed(r.Rows), sourcetest.Canary)
}

func TestManySourcesDoNotHoldMoreThanATaskMay(t *testing.T) {
	many := fixed{findings: make([]resolve.Finding, 40_000)}
	for i := range many.findings {
		many.findings[i].Key = fmt.Sprintf("K%d", i)
	}
	bound := resolve.Bound{Declaration: source("a").Declaration, Source: many}
	_, err := resolve.Resolve(t.Context(), []resolve.Bound{bound, bound})
	require.NoError(t, err)
	r, err := resolve.Resolve(t.Context(), []resolve.Bound{bound, bound, bound, bound})
	require.EqualError(t, err, "task:7:5: a: the task's sources hold more than 100000 keys")
	require.Len(t, r.Rows, 80_000)
}
