package job

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzALogThatBreaksOff gives a text's lines times that never go back, and
// breaks the log off twice: what is handed on is the text.
func FuzzALogThatBreaksOff(f *testing.F) {
	f.Add("a\n\nb", 3, 30)
	f.Add("same\nsame\nsame\n", 40, 70)
	f.Add(strings.Repeat("x", 300)+"\ny", 66, 350)
	f.Add("2026-01-31T12:00:00Z a\n \r\n\xff\x00\n", 25, 26)
	f.Fuzz(func(t *testing.T, text string, first, second int) {
		if len(text) > 1<<12 {
			return
		}
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		var log strings.Builder
		for line := range strings.Lines(text) {
			at = at.Add(time.Duration(len(line)%3) * 400 * time.Millisecond) // some are at the same time
			fmt.Fprintf(&log, "%s %s", at.Format(time.RFC3339Nano), line)
		}
		var out strings.Builder
		s := &stream{to: &lines{out: &out}}
		for _, cut := range []int{first, second} {
			part := log.String()[:min(max(cut, 0), log.Len())]
			lost := errors.New("lost")
			require.ErrorIs(t, s.copy(io.MultiReader(strings.NewReader(after(s, part)), iotest.ErrReader(lost)), false), lost)
		}
		require.NoError(t, s.copy(strings.NewReader(after(s, log.String())), true))
		require.Equal(t, text, out.String())
	})
}
