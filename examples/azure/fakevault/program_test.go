package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
)

// role is what this test binary is when it is started once more: the fake, or a
// program with the SDK that knows nothing of it but its environment.
const role = "FAKEVAULT_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "fake":
		main()
	case "client":
		if err := read(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// read prints a secret of my-vault, with the mounted credentials of a folder.
func read(folder string) error {
	var mounted [3]string
	for i, name := range []string{"tenant_id", "client_id", "secret"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		mounted[i] = string(text)
	}
	credential, err := azidentity.NewClientSecretCredential(mounted[0], mounted[1], mounted[2], nil)
	if err != nil {
		return err
	}
	client, err := azsecrets.NewClient("https://my-vault.vault.azure.net", credential, nil)
	if err != nil {
		return err
	}
	got, err := client.GetSecret(context.Background(), os.Args[2], "", nil)
	if err != nil {
		return err
	}
	fmt.Println(*got.Value)
	return nil
}

// again starts this binary in a role.
func again(t *testing.T, as string, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(append(os.Environ(), role+"="+as), environ...)
	command.Stderr = os.Stderr
	return command
}

// TestTheProgram is what a user does: start it, take its environment, read a
// secret with a program that is as it is, end it with TERM.
func TestTheProgram(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made")
	server := again(t, "fake", nil, "--dir", folder)
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadBytes('\n')
	require.NoError(t, err)
	var ready fake.Ready
	require.NoError(t, json.Unmarshal(line, &ready))
	require.Equal(t, filepath.Join(folder, "ca.pem"), ready.CA)

	environ, err := os.ReadFile(filepath.Join(folder, "env"))
	require.NoError(t, err)
	for name, value := range map[string]string{"DB-PASSWORD": "mellon", "api-token": "second"} {
		output, err := again(t, "client", strings.Fields(string(environ)), filepath.Join(folder, "credentials"), name).Output()
		require.NoError(t, err)
		require.Equal(t, value+"\n", string(output))
	}

	readme(t, folder, ready)
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	require.NoError(t, server.Wait(), "status 0")
	text, err := os.ReadFile(ready.Log)
	require.NoError(t, err)
	require.Equal(t, 14, strings.Count(string(text), "\n"), "a client: two tunnels, no token, discovery, openid, token, value\n%s", text)
}

// readme checks that what the README names is there, and that its fault is one.
func readme(t *testing.T, folder string, ready fake.Ready) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 15)
	for _, name := range regexp.MustCompile(`DIR/([a-z.]+)`).FindAllStringSubmatch(string(text), -1) {
		_, err := os.Stat(filepath.Join(folder, name[1]))
		require.NoError(t, err)
	}
	admin, err := os.ReadFile(filepath.Join(folder, "admin"))
	require.NoError(t, err)
	require.Equal(t, ready.Admin, string(admin))
	fault := regexp.MustCompile(`-d '(.*)'`).FindSubmatch(text)
	for method, body := range map[string][]byte{http.MethodPut: fault[1], http.MethodDelete: nil} {
		request, err := http.NewRequestWithContext(t.Context(), method, ready.Admin+"/faults", bytes.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNoContent, response.StatusCode)
	}
}

func TestTheDemoIsAConfiguration(t *testing.T) {
	config, err := load("")
	require.NoError(t, err)
	server, err := fake.Start(fake.Options{Dir: t.TempDir(), Config: config})
	require.NoError(t, err)
	require.NoError(t, server.Close())
}

func TestErrorsAreReported(t *testing.T) {
	for says, args := range map[string][]string{
		"name a COMMAND or --dir\nusage: fakevault": {},
		"executable file not found in $PATH":        {"--", "no-such-command"},
		"open /no/such/file":                        {"--dir", t.TempDir(), "--config", "/no/such/file"},
		"mkdir /proc/self/status: not a directory":  {"--dir", "/proc/self/status"},
	} {
		require.ErrorContains(t, run(t.Context(), args, os.Stdout), says)
	}
}

func TestACommandRunsBesideTheVault(t *testing.T) {
	var said bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--", "sh", "-c", `test -f "$SSL_CERT_FILE" && test -f "$LAUNCHER_AZURE_CREDENTIALS/secret" && test -n "$HTTPS_PROXY"`}, &said))
	require.Empty(t, said.String())

	for script, want := range map[string]int{"exit 42": 42, "kill -TERM $$": 128 + int(syscall.SIGTERM)} {
		err := run(t.Context(), []string{"--", "sh", "-c", script}, &said)
		ended, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, want, status(ended))
	}
}

func TestHelpShowsBothForms(t *testing.T) {
	cmd := exec.Command(os.Args[0], "--help")
	cmd.Env = append(os.Environ(), role+"=fake")
	help, err := cmd.CombinedOutput()
	require.NoError(t, err, string(help))
	require.Contains(t, string(help), "fakevault [--dir FOLDER] [--config FILE] [--port PORT] -- COMMAND [ARG...]\n")
	require.Contains(t, string(help), "fakevault --dir FOLDER [--config FILE] [--port PORT]\n")
	require.Contains(t, string(help), "with a COMMAND the default is a temporary one")
	require.NotContains(t, string(help), "needed")
}
