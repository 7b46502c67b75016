package resolve_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// meeting is a source that answers once as many as the group has been asked.
type meeting struct {
	all    *sync.WaitGroup
	answer fixed
}

func (m meeting) Find(ctx context.Context) ([]resolve.Finding, error) {
	m.all.Done()
	m.all.Wait()
	return m.answer.Find(ctx)
}

func remote(b resolve.Bound) resolve.Bound {
	b.Remote = true
	return b
}

func TestRemoteSourcesAreAskedAtTheSameTime(t *testing.T) {
	var all sync.WaitGroup
	var bounds []resolve.Bound
	for _, name := range []string{"a", "b", "c"} {
		b := remote(yielding(source(name, "K="+name, name+"=1")))
		b.Source = meeting{&all, b.Source.(fixed)}
		bounds = append(bounds, b, source("local-"+name, "L="+name))
		all.Add(1)
	}
	r, err := resolve.Resolve(t.Context(), bounds)
	require.NoError(t, err)
	require.Equal(t, "K=c L=c a=1 b=1 c=1", secrets(r), "a later one wins, whichever answers first")
	require.Equal(t, []string{
		"K a overridden by c, place of c", "a a found", "K b overridden by c, place of c", "b b found", "K c found", "c c found",
		"L local-a overridden by local-c, place of local-c", "L local-b overridden by local-c, place of local-c", "L local-c found",
	}, rows(r))
}

// asked is a source that says when it has been asked.
type asked struct {
	fixed
	done chan struct{}
}

func (a asked) Find(ctx context.Context) ([]resolve.Finding, error) {
	defer close(a.done)
	return a.fixed.Find(ctx)
}

// mute is a source whose deadline comes once the other has been asked.
type mute struct {
	other chan struct{}
	end   context.CancelFunc
}

func (m mute) Find(ctx context.Context) ([]resolve.Finding, error) {
	<-m.other
	m.end()
	<-ctx.Done()
	return nil, resolve.Unavailable("throttled")
}

func TestARemoteSourceThatDoesNotAnswerTakesNoTimeFromOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	vault, local, done := remote(yielding(source("vault"))), source("local", "K=1"), make(chan struct{})
	vault.Source = mute{done, cancel}
	local.Source = asked{local.Source.(fixed), done}
	r, err := resolve.Resolve(ctx, []resolve.Bound{vault, local})
	require.Equal(t, "K=1", secrets(r))
	for _, line := range strings.Split(err.Error(), "\n") {
		require.Equal(t, "task:7:5: vault: throttled", line)
	}
}

func TestARemoteSourceThatPanicsIsAnError(t *testing.T) {
	bound := remote(source("a"))
	bound.Source = panicking{"canary"}
	_, err := resolve.Resolve(t.Context(), []resolve.Bound{bound, remote(source("b", "K=1"))})
	require.EqualError(t, err, "task:7:5: a: internal error: the source panicked; please report it")
}

// TestWhatASourceSaysOfItselfAtTheDeadlineCounts has sources that answer after
// the deadline, and know which part of it was in time.
func TestWhatASourceSaysOfItselfAtTheDeadlineCounts(t *testing.T) {
	throttled, refused := resolve.Unavailable("throttled"), errors.New("no permission")
	for name, c := range map[string]struct {
		answer      fixed
		want        string
		unavailable bool // all that is wrong is
	}{
		"the whole source":     {fixed{nil, throttled}, "task:7:5: slow: throttled", true},
		"one key of two":       {fixed{[]resolve.Finding{{Key: "K", Value: resolve.NewValue([]byte("1"))}, {Key: "L", Err: throttled}}, nil}, `secret "L": slow: throttled`, true},
		"one key, and another": {fixed{[]resolve.Finding{{Key: "K", Err: refused}, {Key: "L", Err: throttled}}, nil}, "secret \"K\": slow: no permission\nsecret \"L\": slow: throttled", false},
		"joined":               {fixed{nil, errors.Join(refused, throttled)}, "task:7:5: slow: no permission\ntask:7:5: slow: throttled", false},
		"nothing of the kind":  {fixed{[]resolve.Finding{{Key: "K", Err: refused}}, nil}, "task:7:5: slow: no answer before the deadline", true},
	} {
		for _, isRemote := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				slow := source("slow")
				slow.Source, slow.Remote = waiting{cancel, c.answer}, isRemote
				_, err := resolve.Resolve(ctx, []resolve.Bound{slow})
				require.EqualError(t, err, c.want)
				all := true
				for _, e := range document.Unjoin(err) {
					all = all && errors.Is(e, resolve.ErrUnavailable)
				}
				require.Equal(t, c.unavailable, all)
			})
		}
	}
}

func TestANoteIsOfItsRow(t *testing.T) {
	noted := source("a", "K=1", "L=2").Source.(fixed)
	noted.findings[0].Note = "it expired"
	bound := source("a")
	bound.Source = noted
	r, err := resolve.Resolve(t.Context(), []resolve.Bound{bound, source("b", "K=3")})
	require.NoError(t, err)
	require.Equal(t, "it expired", r.Rows[0].Note)
	require.Equal(t, resolve.Overridden, r.Rows[0].State, "a note of a value that lost is no warning")
	require.Empty(t, r.Rows[1].Note+r.Rows[2].Note)
}
