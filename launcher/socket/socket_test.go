//go:build linux

package socket_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestSocketAnswers(t *testing.T) {
	a := launchertest.StartSocket(t, []string{"MLRUN_K8S_SECRET__TOKEN=k"}, "-s", `inline={"A-b.c": "text \n", "EMPTY": ""}`, "-p", "n=1.50")
	status, text, err := a.Get("/v1/context")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	launchertest.RequireValid(t, launchertest.Schema(t), text)
	require.Contains(t, text, `"parameters":{"n":1.50}`)
	require.NotContains(t, text, "TOKEN")
	for path, want := range map[string]string{"A-b.c": "text \n", "a_B_C": "text \n", "EMPTY": "", "token": "k"} {
		a.RequireAnswer("/v1/secrets/"+path, 200, want)
	}
	for path, want := range map[string]string{
		"/v1/secrets/NONE": `secret "NONE": no source has it`, "/v1/secrets/": `secret "": no source has it`,
		"/v1/secrets/a%2Fb%00": `secret "…": no source has it`, "/v1/secrets/PATH": `secret "PATH": no source has it`,
		"/v1/secrets/a/b": "ask for /v1/context or /v1/secrets/KEY", "/": "ask for /v1/context or /v1/secrets/KEY", "/v2/context": "ask for /v1/context or /v1/secrets/KEY",
	} {
		a.RequireAnswer(path, 404, want+"\n")
	}
}

func TestSocketAnswersWhereExplainSays(t *testing.T) {
	flags := []string{"-s", "inline={'a-b.c_d': 'value'}"}
	shown := launchertest.Run(t, nil, "", append([]string{"explain", "--deliver", "socket"}, flags...)...).Stdout
	_, path, found := strings.Cut(shown, "socket: ")
	require.True(t, found, shown)
	launchertest.StartSocket(t, nil, flags...).RequireAnswer(strings.TrimSpace(path), 200, "value")
}

// TestSocketKeepsToGET and to HTTP that others write by hand.
func TestSocketKeepsToGET(t *testing.T) {
	a := launchertest.StartSocket(t, nil, "-s", "inline={'K': 'value'}")
	for request, want := range map[string]string{
		"GET /v1/secrets/K HTTP/1.0\r\n\r\n":                       "HTTP/1.0 200 OK",
		"POST /v1/secrets/K HTTP/1.0\r\nContent-Length: 0\r\n\r\n": "HTTP/1.0 405 Method Not Allowed",
		"nonsense\r\n\r\n": "HTTP/1.1 400 Bad Request",
		"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\n\r\n": "HTTP/1.1 431 Request Header Fields Too Large",
	} {
		c, err := net.Dial("unix", a.Path)
		require.NoError(t, err)
		_, _ = io.WriteString(c, request) // a refused one is not read whole
		text, _ := io.ReadAll(c)
		require.True(t, strings.HasPrefix(string(text), want+"\r\n"), "%q", text)
		require.Equal(t, want == "HTTP/1.0 200 OK", strings.Contains(string(text), "\r\n\r\nvalue"))
		require.NoError(t, c.Close())
	}
}

// TestSocketAsksAVaultWhenItIsAsked counts the requests: a vault of which all is
// declared costs nothing until a key is needed, and then one read.
func TestSocketAsksAVaultWhenItIsAsked(t *testing.T) {
	pod := azuretest.NewPod(t)
	flags := append([]string{"--azure-credentials", pod.Credentials, "-s", "env=HERE"}, azuretest.Vault("my-vault", []string{}...)...)
	a := launchertest.StartSocket(t, append(pod.Env, "HERE=1"), flags...)
	a.RequireAnswer("/v1/secrets/HERE", 200, "1")
	require.Zero(t, pod.Counters().Requests["connect"])
	for range 3 {
		a.RequireAnswer("/v1/secrets/API_TOKEN", 200, "canary-second")
	}
	counters := pod.Counters()
	require.Equal(t, 1, counters.Tokens)
	require.Equal(t, map[string]int{"API-TOKEN": 1}, counters.Reads["my-vault"])
	a.RequireAnswer("/v1/secrets/db_password", 200, `canary-db "1" <é>`)
	require.Equal(t, 1, pod.Counters().Tokens)
	a.RequireAnswer("/v1/secrets/NO_SUCH", 404, `secret "NO_SUCH": no source has it`+"\n")
	status, text, err := a.Get("/v1/secrets/retired")
	require.NoError(t, err)
	require.Equal(t, 500, status)
	require.Contains(t, text, `secret "retired": azure_vault: `)
	azuretest.RequireNoSecret(t, a.Messages())
}

// TestSocketRefreshes is a secret that is replaced while the job runs, and a
// vault that then cannot be reached.
func TestSocketRefreshes(t *testing.T) {
	next := func(c *fake.Config) { c.Vaults[0].Secrets[0].Value = "canary-rotated" }
	for refresh, want := range map[string]string{"0": `canary-db "1" <é>`, "1ns": "canary-rotated", "1h": `canary-db "1" <é>`} {
		pod := azuretest.NewPod(t)
		a := launchertest.StartSocket(t, pod.Env, append([]string{"--azure-credentials", pod.Credentials, "--refresh", refresh, "--timeout", "2s"}, azuretest.Vault("my-vault", "DB_PASSWORD")...)...)
		a.RequireAnswer("/v1/secrets/DB_PASSWORD", 200, `canary-db "1" <é>`)
		config, err := azuretest.Config(next)
		require.NoError(t, err)
		require.NoError(t, pod.SetConfig(config))
		a.RequireAnswer("/v1/secrets/DB_PASSWORD", 200, want)
		require.Equal(t, 1, pod.Counters().Tokens)
		if refresh != "1ns" {
			continue
		}
		for _, outage := range []fake.Fault{{Kind: fake.Status, Status: 503}, {Kind: fake.Slow, DelayMS: 60_000}} {
			config.Faults = azuretest.AtVault(outage)
			require.NoError(t, pod.SetConfig(config))
			before := a.Messages()
			a.RequireAnswer("/v1/secrets/DB_PASSWORD", 200, want)
			require.Contains(t, strings.TrimPrefix(a.Messages(), before), "launcher: warning: the previous value is used: ")
		}
		config.Faults = azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 403})
		require.NoError(t, pod.SetConfig(config))
		status, text, err := a.Get("/v1/secrets/DB_PASSWORD")
		require.NoError(t, err)
		require.Equal(t, 500, status, text)
		azuretest.RequireNoSecret(t, a.Messages()+text)
	}
}

// TestSocketSaysWhatIsWrong is a key that is declared and cannot be had: none of
// it is "no such secret", but for a missing one under --missing warn.
func TestSocketSaysWhatIsWrong(t *testing.T) {
	unavailable := azuretest.AtVault(fake.Fault{Kind: fake.Status, Status: 503})
	for name, c := range map[string]struct {
		faults []fake.Fault
		flags  []string
		key    string
		status int
		text   string
	}{
		"missing":           {nil, nil, "GONE", 500, `secret "GONE": azure_vault: vault "my-vault": secret "GONE" does not exist`},
		"missing, let pass": {nil, []string{"--missing", "warn"}, "GONE", 404, `secret "GONE" does not exist`},
		"for now":           {unavailable, []string{"--timeout", "1s"}, "DB_PASSWORD", 503, "secret \"DB_PASSWORD\": azure_vault: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := azuretest.NewPod(t, func(config *fake.Config) { config.Faults = c.faults })
			a := launchertest.StartSocket(t, pod.Env, append(append([]string{"--azure-credentials", pod.Credentials}, c.flags...), azuretest.Vault("my-vault", "DB_PASSWORD", "GONE")...)...)
			status, text, err := a.Get("/v1/secrets/" + c.key)
			require.NoError(t, err)
			require.Equal(t, c.status, status, text)
			require.Contains(t, text, c.text)
			azuretest.RequireNoSecret(t, text+a.Messages())
		})
	}
}

// TestTermWhileTheOtherProcessResolves is a bundle, which has to be read before
// the handler can start, in a vault that takes its time.
func TestTermWhileTheOtherProcessResolves(t *testing.T) {
	for _, flags := range [][]string{nil, {"--mask"}} {
		memory := launchertest.NewMemory(t)
		pod := azuretest.NewPod(t, func(c *fake.Config) { c.Faults = []fake.Fault{{Kind: fake.Slow, Path: "/secrets/*", DelayMS: 60_000}} })
		args := append([]string{"launcher", "run", "--deliver", "socket", "--azure-credentials", pod.Credentials,
			"-s", `azure_vault={"name": "my-vault", "bundle": ["job-secrets"]}`}, flags...)
		cmd := memory.Command(false, append(args, "--", "echo", "started")...)
		cmd.Env = append(cmd.Env, pod.Env...)
		c := launchertest.Start(t, cmd)
		launchertest.Eventually(t, "the vault is asked", func() bool { return pod.Counters().Tokens == 1 })
		c.Signal(unix.SIGTERM)
		status, rest := c.End()
		require.Equal(t, 143, status)
		require.Empty(t, rest)
		require.Equal(t, "launcher: ended by SIGTERM while resolving; the handler was not started\n", c.Messages())
		memory.RequireEmpty(t)
	}
}

// TestSocketIsTheHandlersUsersAlone has root, who may open every file, refused.
func TestSocketIsTheHandlersUsersAlone(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user with the socket")
	}
	a := launchertest.StartSocket(t, nil, "--user", "65534:65534", "-s", "inline={'K': 'value'}")
	info, err := os.Stat(a.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600)|os.ModeSocket, info.Mode())
	_, _, err = a.Get("/v1/secrets/K")
	require.Error(t, err)
	got := exec.Command(launchertest.Path("probe"), "secret", "K")
	got.Env = []string{"LAUNCHER_CONTEXT=unix:" + a.Path}
	for uid, status := range map[uint32]int{65534: 0, 0: 99, 1000: 99} {
		cmd := *got
		cmd.SysProcAttr = launchertest.AsUser(uid)
		result := launchertest.Finish(t, &cmd)
		require.Equal(t, status, result.Status, result.Stderr)
		require.Equal(t, status == 0, result.Stdout == "value")
	}
}
