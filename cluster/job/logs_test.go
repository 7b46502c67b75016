package job

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// TestALogIsTakenUpWhereItBrokeOff cuts a log at every byte: each line comes
// once all the same.
func TestALogIsTakenUpWhereItBrokeOff(t *testing.T) {
	const log = "2026-01-31T12:00:00.5Z a\n2026-01-31T12:00:01Z \n2026-01-31T12:00:01Z same\n2026-01-31T12:00:01Z same\n2026-01-31T12:00:01.000000001Z  b \n2026-01-31T12:00:02Z \xff\r\n2026-01-31T12:00:03Z end"
	const want = "a\n\nsame\nsame\n b \n\xff\r\nend"
	for first := range len(log) {
		for second := first; second < len(log); second += 7 {
			var out strings.Builder
			s := &stream{to: &lines{out: &out}}
			broken := errors.New("lost")
			require.ErrorIs(t, s.copy(io.MultiReader(strings.NewReader(log[:first]), iotest.ErrReader(broken)), false), broken)
			require.NoError(t, s.copy(strings.NewReader(after(s, log[:second])), false))
			require.NoError(t, s.copy(strings.NewReader(after(s, log)), true))
			require.Equal(t, want, out.String(), "%d %d", first, second)
		}
	}
}

// after is what a kubelet sends for sinceTime: the lines from that second on.
func after(s *stream, log string) string {
	if s.seen.at.IsZero() {
		return log
	}
	if i := strings.Index(log, s.seen.at.Format("2006-01-02T15:04:05")); i >= 0 {
		return log[i:]
	}
	return ""
}

// TestALogThatIsRotated between two readings: the second begins in a new file.
func TestALogThatIsRotated(t *testing.T) {
	const seconds = "2026-01-31T12:00:0"
	for name, c := range map[string]struct {
		first, second string // the second after the rotation
		want          string
		gap           bool
	}{
		"within a line":       {seconds + "1Z a\n" + seconds + "2Z head-", seconds + "3Z tail\n" + seconds + "4Z b\n", "a\nhead-tail\nb\n", false},
		"within a time":       {seconds + "1Z a\n" + seconds + "2", seconds + "3Z b\n", "a\nb\n", true},
		"between lines":       {seconds + "1Z a\n", seconds + "3Z b\n", "a\nb\n", true},
		"not at all":          {seconds + "1Z a\n" + seconds + "2Z he", seconds + "1Z a\n" + seconds + "2Z head\n", "a\nhead\n", false},
		"at the end":          {seconds + "1Z a\n" + seconds + "2Z head", "", "a\nhead", false},
		"in the first line":   {seconds + "1Z head-", seconds + "2Z tail", "head-tail", false},
		"within equal times":  {seconds + "1Z a\n" + seconds + "1Z a", seconds + "1Z a\n" + seconds + "1Z ab\n", "a\nab\n", false},
		"before a first line": {"", seconds + "3Z b\n", "b\n", false},
	} {
		var out strings.Builder
		var warnings []string
		s := &stream{Job: &Job{}, pod: "p", to: &lines{out: &out}, warn: func(err error) { warnings = append(warnings, err.Error()) }}
		broken := errors.New("lost")
		require.ErrorIs(t, s.copy(io.MultiReader(strings.NewReader(c.first), iotest.ErrReader(broken)), false), broken, name)
		require.NoError(t, s.copy(strings.NewReader(c.second[:len(c.second)/2]), false), name)
		require.NoError(t, s.copy(strings.NewReader(c.second), true), name)
		s.flush()
		require.Equal(t, c.want, out.String(), name)
		if c.gap {
			require.Equal(t, []string{"pod p: the log was rotated: lines before 2026-01-31T12:00:03Z may be lost"}, warnings, name)
		} else {
			require.Empty(t, warnings, name)
		}
	}
}

func TestALineThatIsTooLongToHold(t *testing.T) {
	long := strings.Repeat("x", 3*maxHeld)
	var out strings.Builder
	s := &stream{to: &lines{out: &out}, prefix: "[1] "}
	require.NoError(t, s.copy(strings.NewReader("2026-01-31T12:00:00Z "+long+"\n2026-01-31T12:00:01Z b\nno time\n"), true))
	require.Equal(t, "[1] "+long+"\n[1] b\n[1] no time\n", out.String())
}

// full takes so many writes.
type full int

func (f *full) Write(text []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, io.ErrShortWrite
	}
	return len(text), nil
}

func TestLogsThatCannotBeWritten(t *testing.T) {
	space := full(1)
	l := &lines{out: &space}
	l.write("", []byte("a\n"))
	require.NoError(t, l.failed)
	l.write("", []byte("b\n"))
	l.write("", []byte("c\n"))
	require.ErrorIs(t, l.failed, io.ErrShortWrite)
}

func TestTheLaunchersOwnLines(t *testing.T) {
	for message, want := range map[string][]string{
		"":                         nil,
		"Traceback: C4n4ry\n":      nil,
		"launcher: a\nhint: b\nc":  {"launcher: a", "hint: b"},
		"hint: c\nlauncher: a\n x": {"launcher: a"},
	} {
		require.Equal(t, want, own(message))
	}
}
