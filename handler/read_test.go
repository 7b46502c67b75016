package handler_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
)

// whole is a context with all that version 1 has.
const whole = `{"version": 1,
	"metadata": {"name": "train", "uid": "4a1c", "project": "fraud", "iteration": 3,
		"labels": {"kind": "job"}, "annotations": {"n": 12345678901234567890}, "unknown": [1]},
	"spec": {"handler": "test_function", "parameters": {"db_name": "sales"}, "inputs": {}, "output_path": "/out"},
	"secrets": {"DB_PASSWORD": "` + canary + `"},
	"secrets_base64": {"KEYSTORE": "/wA="}}`

// read reads text as a context, by the env delivery.
func read(t testing.TB, text string) *handler.Context {
	t.Helper()
	context, err := readText(t, text)
	require.NoError(t, err)
	return context
}

func readText(t testing.TB, text string) (*handler.Context, error) {
	t.Helper()
	t.Setenv(handler.Variable, "env")
	t.Setenv(handler.VariableJSON, text)
	return handler.Read()
}

// filed is an open file that holds text, its offset in the middle.
func filed(t *testing.T, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "context")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	_, err = file.Seek(int64(len(text)/2), io.SeekStart)
	require.NoError(t, err)
	return file
}

// piped is the end to read text from, once.
func piped(t *testing.T, text string) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = reader.Close() })
	_, err = writer.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return reader
}

func descriptor(file *os.File) string { return "fd:" + strconv.Itoa(int(file.Fd())) }

func requireWhole(t *testing.T, context *handler.Context) {
	t.Helper()
	require.Equal(t, handler.Metadata{
		Name: "train", UID: "4a1c", Project: "fraud", Iteration: 3,
		Labels: map[string]any{"kind": "job"}, Annotations: map[string]any{"n": json.Number("12345678901234567890")},
	}, context.Metadata)
	require.Equal(t, map[string]any{"db_name": "sales"}, context.Parameters)
	require.JSONEq(t, `{"handler": "test_function", "parameters": {"db_name": "sales"}, "inputs": {}, "output_path": "/out"}`, string(context.Spec))
	require.Equal(t, []string{"DB_PASSWORD", "KEYSTORE"}, context.Keys())
	for key, value := range map[string]string{"DB_PASSWORD": canary, "KEYSTORE": "\xff\x00"} {
		got, err := context.Secret(key)
		require.NoError(t, err)
		require.Equal(t, value, got)
	}
}

func TestReadStandardInput(t *testing.T) {
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	t.Setenv(handler.Variable, "stdin")
	os.Stdin = piped(t, whole)
	context, err := handler.Read()
	require.NoError(t, err)
	requireWhole(t, context)

	_, err = handler.Read()
	require.ErrorContains(t, err, "it was already read, by this process or another")

	require.NoError(t, os.Stdin.Close())
	_, err = handler.Read()
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestReadDescriptor(t *testing.T) {
	file := filed(t, whole)
	t.Setenv(handler.Variable, descriptor(file))
	for range 3 {
		context, err := handler.Read()
		require.NoError(t, err)
		requireWhole(t, context)
		runtime.GC() // an os.File of the descriptor would close it now
		offset, err := file.Seek(0, io.SeekCurrent)
		require.NoError(t, err)
		require.EqualValues(t, len(whole)/2, offset)
	}
}

func TestReadDescriptorOfALongContext(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	t.Setenv(handler.Variable, descriptor(filed(t, `{"version": 1, "secrets": {"A": "`+long+`"}}`)))
	context, err := handler.Read()
	require.NoError(t, err)
	value, _ := context.Secret("A")
	require.Equal(t, long, value)
}

func TestReadDescriptorThatIsNone(t *testing.T) {
	closed := filed(t, whole)
	name := descriptor(closed)
	require.NoError(t, closed.Close())
	folder, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { _ = folder.Close() }()
	for where, message := range map[string]string{
		name:                         "bad file descriptor; for worker processes use --deliver files or socket",
		descriptor(piped(t, whole)):  "illegal seek",
		descriptor(folder):           "is a directory",
		descriptor(filed(t, "")):     "holds no context; for worker processes use --deliver files or socket",
		descriptor(filed(t, canary)): "holds no context",
		"fd:":                        `"" is not a descriptor`,
		"fd":                         `"" is not a descriptor`,
		"fd:-1":                      `"-1" is not a descriptor`,
		"fd:+3":                      `"+3" is not a descriptor`,
		"fd:0x3":                     `"0x3" is not a descriptor`,
		"fd:3:4":                     `"3:4" is not a descriptor`,
		"fd:99999999999999999999999": "is not a descriptor",
		"fd:2147483647":              "bad file descriptor",
	} {
		t.Run(where, func(t *testing.T) {
			t.Setenv(handler.Variable, where)
			_, err := handler.Read()
			require.ErrorContains(t, err, message)
			requireNoSecret(t, err.Error())
		})
	}
}

func TestReadVariables(t *testing.T) {
	requireWhole(t, read(t, whole))
}

func TestReadWithoutAContext(t *testing.T) {
	t.Setenv(handler.VariableJSON, whole)
	for _, unset := range []bool{false, true} {
		t.Setenv(handler.Variable, "")
		if unset {
			require.NoError(t, os.Unsetenv(handler.Variable))
		}
		_, err := handler.Read()
		require.ErrorIs(t, err, handler.ErrNoContext)
	}
	t.Setenv(handler.Variable, "env")
	require.NoError(t, os.Unsetenv(handler.VariableJSON))
	_, err := handler.Read()
	require.EqualError(t, err, "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set")
}

func TestReadRefusesAnUnknownDelivery(t *testing.T) {
	for _, where := range []string{"unix:", "files:", "unix", "files", "STDIN", "stdin:", "env:A", " ", "fds:3", "\x01"} {
		t.Run(where, func(t *testing.T) {
			t.Setenv(handler.Variable, where)
			_, err := handler.Read()
			require.ErrorContains(t, err, "unsupported delivery")
		})
	}
}
