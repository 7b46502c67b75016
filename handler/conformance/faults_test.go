package conformance_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canary is a value that no error may hold, also not in part.
const canary = "hunter2-Zq-canary"

// fault is a context that cannot be read, or a secret that cannot be had: what
// the handler's variables are, and what the error has to say.
type fault struct {
	name    string
	environ func(t *testing.T) []string
	says    string
}

var faults = []fault{
	{"not started by the launcher", variables(), `launcher run`},
	{"an unknown delivery", variables("LAUNCHER_CONTEXT=pigeon:coop"), "pigeon"},
	{"standard input was read before", variables("LAUNCHER_CONTEXT=stdin"), atWork},
	{"the descriptor is not open", variables("LAUNCHER_CONTEXT=fd:77"), atWork},
	{"another file is on the descriptor", variables("LAUNCHER_CONTEXT=fd:0"), atWork},
	{"no LAUNCHER_CONTEXT_JSON", variables("LAUNCHER_CONTEXT=env"), "LAUNCHER_CONTEXT_JSON"},
	{"not JSON", document(`{"version": 1, "secrets": {"A": "` + canary), "JSON"},
	{"not an object", document(`["` + canary + `"]`), "JSON object"},
	{"another version", document(`{"version": 2, "secrets": {"A": "` + canary + `"}}`), "version"},
	{"a secret that is not text", document(`{"version": 1, "secrets": {"A": ["` + canary + `"]}}`), "secrets"},
	{"not base64", document(`{"version": 1, "secrets_base64": {"A": "` + canary + `"}}`), "secrets_base64"},
	{"its variable is not set", document(`{"version": 1, "secrets_env": {"A": "NOT_SET"}}`), "secrets_env"},
	{"its file is missing", folder(`{"version": 1, "secrets_files": {"A": "gone"}}`), "gone"},
	{"the directory is missing", variables("LAUNCHER_CONTEXT=files:/no/such/folder"), "context.json"},
	{"the socket is missing", variables("LAUNCHER_CONTEXT=unix:/no/such/socket"), hasEnded},
	{"the launcher ended before the answer", socket(least, ""), hasEnded},
	{"the launcher ended within the answer", socket(least, "HTTP/1.1 200 OK\r\nContent-Le"), hasEnded},
	{"the value is cut off", socket(least, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+canary), hasEnded},
	{"the vault does not answer", socket(least, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 25\r\n\r\nvault my-vault: throttled"), "vault my-vault: throttled"},
}

// atWork is what helps where a worker process asks.
const atWork = "for worker processes use --deliver files or socket"

const hasEnded = "the launcher process that serves secrets has ended"

func variables(list ...string) func(*testing.T) []string {
	return func(*testing.T) []string { return list }
}

func document(text string) func(*testing.T) []string {
	return variables("LAUNCHER_CONTEXT=env", "LAUNCHER_CONTEXT_JSON="+text)
}

func folder(text string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "context.json"), []byte(text), 0o600))
		return []string{"LAUNCHER_CONTEXT=files:" + dir}
	}
}

// least is a context with the least that it can have.
const least = `{"version": 1, "metadata": {}, "spec": {"parameters": {}}}`

// socket answers with the context, and then with what is given for a secret.
func socket(context, answer string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		dir, err := os.MkdirTemp("", "") // a socket's path is short
		require.NoError(t, err)
		path := filepath.Join(dir, "socket")
		listener, err := net.Listen("unix", path)
		require.NoError(t, err)
		t.Cleanup(func() { _, _ = listener.Close(), os.RemoveAll(dir) })
		go serve(listener, context, answer)
		return []string{"LAUNCHER_CONTEXT=unix:" + path}
	}
}

func serve(listener net.Listener, context, answer string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err == nil && request.URL.Path == "/v1/context" {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(context), context)
		} else if err == nil {
			_, _ = conn.Write([]byte(answer))
		}
		_ = conn.Close()
	}
}

// suffer asks for a secret in each fault.
func suffer(t *testing.T, table *table, l language, probe []string) {
	for _, f := range faults {
		command := exec.CommandContext(t.Context(), probe[0], probe[1:]...)
		command.Env = environ(f.environ(t)...)
		answers := ask(t, command, []string{"secret A", "default A"})
		table.put(t, l, "", f.name, errors.Join(f.right(answers[0]), f.right(answers[1])))
	}
}

// sparse asks where the context has the least that its version can have.
func sparse(t *testing.T, l language, probe []string) {
	for _, text := range []string{`{"version": 1}`, `{"version": 1, "metadata": null, "spec": {"parameters": null}, "secrets": null}`} {
		command := exec.CommandContext(t.Context(), probe[0], probe[1:]...)
		command.Env = environ(document(text)(t)...)
		answers := ask(t, command, []string{"secret A", "param a", "parameters", "metadata"})
		for i, right := range []func(language, answer) error{isMissing, isMissing, holds("{}"), holds("{}")} {
			require.NoError(t, right(l, answers[i]), text)
		}
	}
}

func (f fault) right(a answer) error {
	if a.kind != isError || !strings.Contains(a.text, f.says) {
		return fmt.Errorf("%s, which does not say %q", a, f.says)
	}
	if leaks(a.text, canary) {
		return errors.New("the error holds a value")
	}
	return nil
}
