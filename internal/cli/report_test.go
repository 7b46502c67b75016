package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
)

// printed returns what a report writes to its output and to its log.
func printed(o Options, report func(r *Report)) (out, log string) {
	var a, b strings.Builder
	report(&Report{Program: "prog", Out: &a, Log: &b, Options: o})
	return a.String(), b.String()
}

func TestAHintFollowsTheLastErrorThatSharesIt(t *testing.T) {
	err := errors.Join(Usage("a", "x"), Usage("b", "x"), Usage("c", ""), WithHint(errors.New("d"), "y"), Usage("e", "z"), Usage("f", "y"))
	out, log := printed(Options{}, func(r *Report) { r.Problems(LevelError, err) })
	require.Equal(t, "prog: a\nprog: b\nhint: x\nprog: c\nprog: d\nprog: e\nhint: z\nprog: f\nhint: y\n", out)
	require.Equal(t, out, log)
}

func TestOptionsChooseWhatIsWritten(t *testing.T) {
	all := func(r *Report) {
		r.Detail("read %q", "a")
		r.Warn(nil)
		r.Warn(Usage("b", "x"))
		r.Message(LevelError, "c", "y")
	}
	const warning, failure = "prog: warning: b\nhint: x\n", "prog: c\nhint: y\n"
	for _, c := range []struct {
		options  Options
		out, log string
	}{
		{Options{}, warning + failure, warning + failure},
		{Options{Verbose: true}, "prog: read \"a\"\n" + warning + failure, warning + failure},
		{Options{Quiet: true}, "prog: c\n", "prog: c\n"},
		{Options{JSON: true, Quiet: true}, `{"level":"error","message":"c"}` + "\n", `{"level":"error","message":"c"}` + "\n"},
	} {
		out, log := printed(c.options, all)
		require.Equal(t, c.out, out, c.options)
		require.Equal(t, c.log, log, c.options)
	}
}

// TestAMessageIsOneLine has names that would add a line, control a terminal or
// hide the other messages.
func TestAMessageIsOneLine(t *testing.T) {
	name := "a\nprog: b\x1b[2J\u202e\xff" + strings.Repeat("é", 2000)
	for _, o := range []Options{{}, {JSON: true}} {
		out, _ := printed(o, func(r *Report) { r.Message(LevelError, name, "") })
		require.Equal(t, 1, strings.Count(out, "\n"))
		require.NotContains(t, out, "\x1b")
		require.NotContains(t, out, "\u202e")
	}
	require.Less(t, len(OneLine(name)), 2100)
}

type pasteError struct{ error }

func (pasteError) Paste() string { return "kind: Role\n" }

func TestLinesToCopyFollowTheirError(t *testing.T) {
	err := errors.Join(pasteError{errors.New("a")}, errors.New("b"))
	out, log := printed(Options{}, func(r *Report) { r.Problems(LevelError, err) })
	require.Equal(t, "prog: a\nkind: Role\nprog: b\n", out)
	require.Equal(t, "prog: a\nprog: b\n", log)
	out, _ = printed(Options{JSON: true}, func(r *Report) { r.Problems(LevelError, err) })
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 2, "every line is JSON")
}

func TestTheStatusSaysWhetherRetryingMayHelp(t *testing.T) {
	later := fmt.Errorf("vault: %w", resolve.ErrUnavailable)
	for _, c := range []struct {
		err    error
		status int
		silent bool
	}{
		{nil, 0, true},
		{ExitStatus(3), 3, true},
		{fmt.Errorf("run: %w", ExitStatus(143)), 143, true},
		{later, StatusUnavailable, false},
		{errors.Join(later, later), StatusUnavailable, false},
		{errors.Join(later, errors.New("bad")), StatusRefused, false},
		{Usage("bad", ""), StatusRefused, false},
	} {
		var status int
		out, _ := printed(Options{}, func(r *Report) { status = r.End(c.err) })
		require.Equal(t, c.status, status, c.err)
		require.Equal(t, c.silent, out == "", c.err)
	}
}

func TestTheVersionNamesItsBuild(t *testing.T) {
	require.Regexp(t, `^prog 1\.2 \(commit abc, go\S+ \w+/\w+\)$`, Version("prog", "1.2", "abc"))
	require.Contains(t, Version("prog", "1.2", ""), "(commit unknown, ")
}
