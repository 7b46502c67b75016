package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// panicking is a source with a defect.
type panicking struct{ with any }

func (p panicking) Find(context.Context) ([]resolve.Finding, error) { panic(p.with) }

func TestASourceThatPanicsIsAnErrorWithoutItsText(t *testing.T) {
	for _, with := range []any{sourcetest.Canary, errors.New(sourcetest.Canary), fmt.Errorf("%w: %s", resolve.ErrAbsent, sourcetest.Canary), nil} {
		bound := optional(source("a"))
		bound.Source = panicking{with}
		r, err := resolve.Resolve(t.Context(), []resolve.Bound{bound, source("b", "K=1")})
		require.EqualError(t, err, "task:7:5: a: internal error: the source panicked; please report it")
		require.NotErrorIs(t, err, resolve.ErrAbsent)
		require.Equal(t, "K=1", secrets(r))
	}
}

// waiting is a source whose network never answers: it ends the context, as its
// deadline would, and waits for that.
type waiting struct {
	end    context.CancelFunc
	answer fixed
}

func (w waiting) Find(ctx context.Context) ([]resolve.Finding, error) {
	w.end()
	<-ctx.Done()
	return w.answer.Find(ctx)
}

func TestWhatADeadlineCutsShortIsUnavailable(t *testing.T) {
	for name, answer := range map[string]fixed{
		"with the context's error": {nil, context.DeadlineExceeded},
		"with no word of it":       {},
		"with half of its keys":    source("a", "K=1").Source.(fixed),
		"saying absent":            {nil, resolve.Absent("it does not exist")},
		"failing otherwise":        {nil, errors.New("connection reset")},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			slow := optional(source("slow"))
			slow.Source = waiting{cancel, answer}
			r, err := resolve.Resolve(ctx, []resolve.Bound{source("before", "B=1"), slow, source("after", "A=1")})
			require.EqualError(t, err, "task:7:5: slow: no answer before the deadline\ntask:7:5: after: no answer before the deadline")
			for _, e := range document.Unjoin(err) {
				require.ErrorIs(t, e, resolve.ErrUnavailable)
				require.NotErrorIs(t, e, resolve.ErrAbsent)
			}
			require.Equal(t, "B=1", secrets(r))
		})
	}
}

// uncalled is a source that must not be asked.
type uncalled struct{ t *testing.T }

func (u uncalled) Find(context.Context) ([]resolve.Finding, error) {
	u.t.Error("a source was asked after the deadline")
	return nil, nil
}

func TestNoSourceIsAskedAfterTheDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resolve.Resolve(ctx, []resolve.Bound{{Source: uncalled{t}}})
	require.ErrorIs(t, err, resolve.ErrUnavailable)
}

func TestAbsentAndUnavailableAreTwoThings(t *testing.T) {
	absent, unavailable := resolve.Absent("gone"), resolve.Unavailable("throttled")
	require.EqualError(t, absent, "gone")
	require.EqualError(t, unavailable, "throttled")
	require.ErrorIs(t, fmt.Errorf("x: %w", absent), resolve.ErrAbsent)
	require.ErrorIs(t, fmt.Errorf("x: %w", unavailable), resolve.ErrUnavailable)
	require.NotErrorIs(t, absent, resolve.ErrUnavailable)
	require.NotErrorIs(t, unavailable, resolve.ErrAbsent)
}
