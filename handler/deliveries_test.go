package handler_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
)

// directory is a files delivery.
func directory(t *testing.T, context string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o400))
	}
	if context != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, handler.File), []byte(context), 0o400))
	}
	t.Setenv(handler.Variable, "files:"+dir)
}

func TestReadFiles(t *testing.T) {
	directory(t, strings.NewReplacer(`"secrets": {"DB_PASSWORD": "`+canary+`"}`, `"secrets_files": {"DB_PASSWORD": "DB_PASSWORD", "KEYSTORE": "other"}`,
		`,
	"secrets_base64": {"KEYSTORE": "/wA="}`, "").Replace(whole), map[string]string{"DB_PASSWORD": canary, "other": "\xff\x00"})
	context, err := handler.Read()
	require.NoError(t, err)
	requireWhole(t, context)
}

func TestReadFilesThatAreNotThere(t *testing.T) {
	for context, message := range map[string]string{
		"": "the context's directory: open ",
		`{"version": 1, "secrets_files": {"A": "A"}}`:             "no such file or directory",
		`{"version": 1, "secrets_files": {"A": "../A"}}`:          "it does not name a file of the delivery",
		`{"version": 1, "secrets_files": {"A": ".."}}`:            "it does not name a file of the delivery",
		`{"version": 1, "secrets_files": {"A": ""}}`:              "it does not name a file of the delivery",
		`{"version": 1, "secrets_files": {"A": "/etc/hostname"}}`: "it does not name a file of the delivery",
	} {
		directory(t, context, nil)
		_, err := handler.Read()
		require.ErrorContains(t, err, message, context)
	}
	_, err := readText(t, `{"version": 1, "secrets_files": {"A": "A"}}`)
	require.ErrorContains(t, err, "only the files delivery has secrets in files")
	directory(t, `{"version": 1, "secrets_env": {"A": "HOME"}}`, nil)
	_, err = handler.Read()
	require.ErrorContains(t, err, "only the env delivery has secrets in variables")
}

// TestReadFilesOpensNoLinkAndNoFIFO would print the file, or wait for ever.
func TestReadFilesOpensNoLinkAndNoFIFO(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte(canary), 0o600))
	for name, place := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(outside, path) },
		"loop":      func(path string) error { return os.Symlink("A", path) },
		"FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		directory(t, `{"version": 1, "secrets_files": {"A": "A"}}`, nil)
		require.NoError(t, place(filepath.Join(strings.TrimPrefix(os.Getenv(handler.Variable), "files:"), "A")))
		_, err := handler.Read()
		require.EqualError(t, err, `the context's secrets_files: secret "A": "A" is not a regular file`, name)
	}
}

// served is a socket delivery by the standard library's server.
func served(t *testing.T, secret http.HandlerFunc) *http.Server {
	t.Helper()
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v1/context", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"version": 1, "metadata": {"name": "train"}, "spec": {"parameters": {"a": 1}}}`))
	})
	routes.HandleFunc("GET /v1/secrets/{key}", secret)
	server := &http.Server{Handler: routes}
	serve(t, func(l net.Listener) { _ = server.Serve(l) })
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func serve(t *testing.T, accept func(net.Listener)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	t.Setenv(handler.Variable, "unix:"+path)
	go accept(listener)
}

func TestSocketIsAskedEachTime(t *testing.T) {
	value, big := "first", strings.Repeat("x", 1<<20)
	server := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.PathValue("key") {
		case "K":
			_, _ = w.Write([]byte(value))
		case "a/b c%é=?#":
			_, _ = w.Write([]byte("\xff\x00\r\n\r\n"))
		case "BIG":
			w.Header().Set("Content-Length", "1048576")
			_, _ = w.Write([]byte(big))
		case "BROKEN":
			http.Error(w, `secret "BROKEN": azure_vault: throttled`, http.StatusServiceUnavailable)
		default:
			http.NotFound(w, r)
		}
	})
	context, err := handler.Read()
	require.NoError(t, err)
	require.Equal(t, "train", context.Metadata.Name)
	require.Empty(t, context.Keys())
	t.Setenv("VARIABLE", "own")
	t.Setenv("BROKEN", "no answer is not: there is none")
	for key, want := range map[string]string{"K": "first", "a/b c%é=?#": "\xff\x00\r\n\r\n", "BIG": big, "VARIABLE": "own"} {
		got, err := context.Secret(key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	value = "second"
	got, err := context.Secret("K")
	require.NoError(t, err)
	require.Equal(t, "second", got)
	_, err = context.Secret("NONE")
	require.ErrorIs(t, err, handler.ErrNoSecret)
	_, err = context.Secret("BROKEN")
	require.EqualError(t, err, `secret "BROKEN": azure_vault: throttled`)
	require.NoError(t, server.Close())
	for _, key := range []string{"K", "NONE", "VARIABLE"} {
		_, err = context.Secret(key)
		require.ErrorIs(t, err, handler.ErrEnded)
		require.NotErrorIs(t, err, handler.ErrNoSecret)
	}
	_, err = handler.Read()
	require.ErrorIs(t, err, handler.ErrEnded)
}

// TestAnAnswerThatIsCutShortIsNoValue is a process that ends while it answers.
func TestAnAnswerThatIsCutShortIsNoValue(t *testing.T) {
	for _, answer := range []string{
		"", "HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: x\r\n\r\n",
		"SSH-2.0-x\r\nContent-Length: 0\r\n\r\n",
	} {
		serve(t, func(l net.Listener) {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Read(make([]byte, 4096))
				_, _ = c.Write([]byte(answer))
				_ = c.Close()
			}
		})
		_, err := handler.Read()
		require.ErrorIs(t, err, handler.ErrEnded, answer)
	}
}
