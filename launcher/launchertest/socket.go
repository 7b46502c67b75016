package launchertest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Socket is a launcher with the socket delivery. Its handler waits for TERM while the
// test asks in its place.
type Socket struct {
	*Process
	Path string
}

// StartSocket starts a launcher with these flags.
func StartSocket(t *testing.T, env []string, flags ...string) *Socket {
	t.Helper()
	cmd := Command(append(append([]string{"launcher", "run", "--deliver", "socket"}, flags...), "--", "sh", "-c", `echo "${LAUNCHER_CONTEXT#unix:}"; exec sleep 1000`)...)
	cmd.Env = append(cmd.Env, env...)
	a := &Socket{Process: Start(t, cmd)}
	a.Path = a.Line()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = cmd.Wait()
	})
	return a
}

// Get returns the status and the text of an answer.
func (a *Socket) Get(path string) (int, string, error) {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", a.Path)
	}, DisableKeepAlives: true}}
	answer, err := client.Get("http://launcher" + path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// RequireAnswer asks and fails if the answer is another one.
func (a *Socket) RequireAnswer(path string, status int, text string) {
	a.Helper()
	gotStatus, got, err := a.Get(path)
	require.NoError(a, err)
	require.Equal(a, text, got)
	require.Equal(a, status, gotStatus)
}

// Companion returns the process ID of the process that answers.
func (a *Socket) Companion() int {
	a.Helper()
	for _, pid := range Children(a.T, a.Cmd.Process.Pid) {
		if StatusField(pid, "Name") == "launcher: serve" || strings.HasPrefix(ReadFile(a.T, "/proc/"+strconv.Itoa(pid)+"/comm"), "launcher: serve") {
			return pid
		}
	}
	require.Fail(a, "no process answers")
	return 0
}
