package keyvault_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestAnEmulatorByItsAddress is --azure-domain and an authority, by flag and by
// the variable that the Azure SDK has, with no proxy.
func TestAnEmulatorByItsAddress(t *testing.T) {
	pod := azuretest.NewPod(t)
	address := strings.TrimSuffix(strings.TrimPrefix(pod.Direct, "https://"), "/")
	source := []string{"-s", `azure_vault={"name": "https://` + address + `", "secrets": ["DB_PASSWORD"]}`}
	for name, c := range map[string]struct{ env, flags []string }{
		"flags":     {nil, []string{"--azure-domain", address, "--azure-authority", pod.Direct}},
		"variables": {[]string{"LAUNCHER_AZURE_DOMAIN=" + address, "AZURE_AUTHORITY_HOST=" + pod.Direct}, nil},
		"own ones":  {[]string{"LAUNCHER_AZURE_DOMAIN=" + address, "LAUNCHER_AZURE_AUTHORITY=" + pod.Direct, "AZURE_AUTHORITY_HOST=https://login.example/"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pod.ResetCounters()
			args := pod.Args("run", slices.Concat(source, c.flags), "probe", "secret", "DB_PASSWORD")
			got := launchertest.Run(t, append(c.env, "SSL_CERT_FILE="+pod.CA), "", args...)
			require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
			require.Zero(t, pod.Counters().Requests["connect"])
			require.Equal(t, 1, pod.Counters().Tokens)
		})
	}
	refused := launchertest.Run(t, pod.Env, "", pod.Args("run", source, "true")...)
	require.Equal(t, 125, refused.Status)
	require.Contains(t, refused.Stderr, "is not the URL of a vault")
}

// TestWorkloadIdentity has what AKS injects, alone and beside mounted files.
func TestWorkloadIdentity(t *testing.T) {
	pod := azuretest.NewPod(t)
	pod.Env = append(pod.Env, pod.Workload()...)
	for _, credential := range []string{"auto", "workload"} {
		source := []string{"-s", `azure_vault={"name": "my-vault", "secrets": ["DB_PASSWORD"], "credential": "` + credential + `"}`}
		got := launchertest.Run(t, pod.Env, "", slices.Concat([]string{"run"}, source, []string{"--", "probe", "secret", "DB_PASSWORD"})...)
		require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got, credential)
	}
	require.NoError(t, pod.SetFaults(fake.Fault{Kind: fake.Silent, Host: "login.*"}))
	require.NoError(t, os.RemoveAll(pod.Credentials+"/..data"))
	got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--timeout", "1s"), "true")
	require.Equal(t, 124, got.Status, "with no mounted files, it is the one that is asked: "+got.Stderr)
}

// slow is a launcher that waits for a vault which says nothing.
func slow(t *testing.T, pod *azuretest.Pod, cmd *exec.Cmd) *strings.Builder {
	t.Helper()
	require.NoError(t, pod.SetFaults(fake.Fault{Kind: fake.Silent, Path: "/secrets/*"}))
	cmd.Env = append(cmd.Env, pod.Env...)
	cmd.Stdout = io.Discard
	var stderr strings.Builder
	cmd.Stderr = &stderr
	launchertest.NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	require.Eventually(t, func() bool { return pod.Counters().Requests["secret"] > 0 }, time.Minute, 5*time.Millisecond)
	return &stderr
}

// TestTermWhileAVaultIsSlow ends the launcher long before its deadline, as PID 1
// too; the handler, which would leave a file, was never started.
func TestTermWhileAVaultIsSlow(t *testing.T) {
	for name, attributes := range map[string]*syscall.SysProcAttr{"a process": nil, "PID 1": launchertest.PIDNamespace()} {
		t.Run(name, func(t *testing.T) {
			pod := azuretest.NewPod(t)
			left := t.TempDir() + "/started"
			cmd := launchertest.LauncherCommand(pod.Args("run", append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--timeout", "1h"), "touch", left)...)
			cmd.SysProcAttr = attributes
			stderr := slow(t, pod, cmd)
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			ended := make(chan struct{})
			go func() { defer close(ended); _ = cmd.Wait() }()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				require.Fail(t, "still running")
			}
			wait := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, wait.Signaled() && wait.Signal() == syscall.SIGTERM || wait.ExitStatus() == 143, wait)
			require.NoFileExists(t, left)
			azuretest.RequireNoSecret(t, stderr.String())
		})
	}
}

// TestOneDeadlineOverEverything has somebody say nothing at each step.
func TestOneDeadlineOverEverything(t *testing.T) {
	for name, fault := range map[string]fake.Fault{
		"the proxy": {Method: "CONNECT"}, "Entra": {Host: "login.*"}, "the vault": {Host: "my-vault.*"}, "one secret": {Path: "/secrets/api-token/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault.Kind = fake.Silent
			pod := azuretest.NewPod(t, func(c *fake.Config) { c.Faults = []fake.Fault{fault} })
			got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD", "api-token"), "--timeout", "1s"), "echo", "started")
			require.Equal(t, 124, got.Status, got.Stderr)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, "hint: ")
		})
	}
}

func TestWhatIsMissingMayBeLetThrough(t *testing.T) {
	pod := azuretest.NewPod(t)
	flags := azuretest.Vault("my-vault", "DB_PASSWORD", "not-there", "nor-there")
	got := pod.Run(t, flags, "probe", "secret", "DB_PASSWORD")
	require.Equal(t, 125, got.Status)
	require.Empty(t, got.Stdout)
	require.Contains(t, got.Stderr, `secret "not-there"`, "all of them in one run")
	require.Contains(t, got.Stderr, `secret "nor-there"`)

	got = pod.Run(t, append(flags, "--missing", "warn"), "probe", "secret", "DB_PASSWORD")
	require.Zero(t, got.Status)
	require.Equal(t, `canary-db "1" <é>`, got.Stdout)
	require.Contains(t, got.Stderr, `launcher: warning: secret "not-there"`)

	task := launchertest.WriteFile(t, t.TempDir()+"/task.yaml", "spec: {secret_sources: [{kind: azure_vault, optional: true, source: {name: my-vault, secrets: [DB_PASSWORD, not-there]}}]}")
	got = pod.Run(t, []string{"--task", task}, "probe", "secret", "DB_PASSWORD")
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
}

// TestWhatMayNotBeReadMayBeLetThrough is MLRun's behaviour, if it is asked for: a
// disabled or forbidden secret is a warning.
func TestWhatMayNotBeReadMayBeLetThrough(t *testing.T) {
	pod := azuretest.NewPod(t)
	task := func(optional string) []string {
		return []string{"--task", launchertest.WriteFile(t, t.TempDir()+"/task.yaml", "spec: {secret_sources: ["+
			"{kind: azure_vault, optional: "+optional+", source: {name: my-vault, secrets: [DB_PASSWORD, retired]}}, "+
			"{kind: azure_vault, optional: "+optional+", source: {name: closed-vault, secrets: [FORBIDDEN]}}]}")}
	}
	got := pod.Run(t, task("false"), "echo", "started")
	require.Equal(t, 125, got.Status)
	require.Empty(t, got.Stdout)
	for _, flags := range [][]string{append(task("false"), "--missing", "warn"), task("true")} {
		got := pod.Run(t, flags, "probe", "secret", "DB_PASSWORD")
		require.Zero(t, got.Status, got.Stderr)
		require.Equal(t, `canary-db "1" <é>`, got.Stdout)
		require.Contains(t, got.Stderr, `launcher: warning: secret "retired": azure_vault: vault "my-vault": secret "retired" is disabled`)
		require.Contains(t, got.Stderr, `launcher: warning: secret "FORBIDDEN": azure_vault: vault "closed-vault": secret "FORBIDDEN": application `)
	}
	got = pod.Run(t, append(azuretest.Vault("closed-vault", []string{}...), "--missing", "warn"), "echo", "started")
	require.Equal(t, 125, got.Status, "what stops a whole vault stops the start")
}

// TestTheSpreadIsWithinTheDeadline has a spread that no deadline is long enough
// for but by luck, and one that is nearly nothing.
func TestTheSpreadIsWithinTheDeadline(t *testing.T) {
	pod := azuretest.NewPod(t)
	got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-spread", "200000h", "--timeout", "1s"), "true")
	require.Equal(t, 124, got.Status)
	require.Contains(t, got.Stderr, "--azure-spread")
	require.Empty(t, pod.Records(t), "nobody was asked")
	got = pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-spread", "50ms"), "probe", "secret", "DB_PASSWORD")
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, got)
}

// TestNoDebugSettingPrintsASecret turns on, one after another, what could make Go
// and the SDK print requests and answers. Of these net/http has http2debug, net
// has netdns and the SDK has AZURE_SDK_GO_LOGGING; the others are unknown to the
// versions in use, and may not be to later ones.
func TestNoDebugSettingPrintsASecret(t *testing.T) {
	pod := azuretest.NewPod(t, func(c *fake.Config) { c.HTTP2 = true })
	env := pod.Env
	for _, setting := range []string{
		"GODEBUG=http2debug=1", "GODEBUG=http2debug=2", "GODEBUG=http1debug=2", "GODEBUG=netdns=go+2", "GODEBUG=tlsdebug=1", "GODEBUG=http2debug=2,netdns=go+2,x509debug=1",
		"AZURE_SDK_GO_LOGGING=all", "AZURE_LOG_LEVEL=verbose", "MSAL_LOG_LEVEL=verbose", "MSAL_ENABLE_PII=true", "DEBUG=*",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			for _, source := range []string{`{"name": "my-vault", "secrets": ["DB_PASSWORD"]}`, `{"name": "my-vault", "secrets": ["DB_PASSWORD"], "credential": "managed"}`} {
				got := launchertest.Run(t, append(env[:len(env):len(env)], setting), "", pod.Args("run", []string{"-s", "azure_vault=" + source}, "probe", "secret", "DB_PASSWORD")...)
				require.Zero(t, got.Status, got.Stderr)
				require.Equal(t, `canary-db "1" <é>`, got.Stdout)
				azuretest.RequireNoSecret(t, got.Stderr)
				require.NotContains(t, got.Stderr, fake.IdentityHeader)
				if setting != "GODEBUG=netdns=go+2" && !strings.Contains(setting, ",") {
					require.Empty(t, got.Stderr)
				}
			}
		})
	}
}

// TestTheHandlerHasNothingOfAzure looks at its descriptors and variables.
func TestTheHandlerHasNothingOfAzure(t *testing.T) {
	pod := azuretest.NewPod(t)
	pod.Env = append(pod.Env, "AZURE_CLIENT_SECRET="+azuretest.ClientSecret, "AZURE_CLIENT_CERTIFICATE_PASSWORD=canary-password", "AZURE_PASSWORD=canary-password", "MSI_ENDPOINT=http://127.0.0.1:1", "MSI_SECRET=canary-msi")
	for deliver, want := range map[string][]string{"stdin": {"0", "1", "2"}, "env": {"0", "1", "2"}, "fd": {"0", "1", "2", "3"}} {
		got := pod.Run(t, append(azuretest.Vault("my-vault", "DB_PASSWORD", "api-token"), "--deliver", deliver), "probe", "process")
		require.Zero(t, got.Status, got.Stderr)
		var p launchertest.ProbeReport
		require.NoError(t, json.Unmarshal([]byte(got.Stdout), &p))
		var open []string
		for number, target := range p.Descriptors {
			open = append(open, number)
			require.NotContains(t, target, "socket:")
		}
		require.ElementsMatch(t, want, open, p.Descriptors)
		environ := strings.Join(p.Environ, "\n")
		require.NotContains(t, environ, "AZURE_")
		require.NotContains(t, environ, "IDENTITY_")
		require.NotContains(t, environ, "MSI_")
		require.NotContains(t, environ, azuretest.ClientSecret)
		require.NotContains(t, environ, "eyJ")
		if deliver != "env" {
			require.NotContains(t, environ, "canary-")
		}
	}
}

// TestAVaultIsReadBehindTheParent is the two programs as PID 1's child.
func TestAVaultIsReadBehindTheParent(t *testing.T) {
	pod := azuretest.NewPod(t)
	cmd := launchertest.PID1Command(append([]string{"launcher"}, pod.Args("run", azuretest.Vault("my-vault", "DB_PASSWORD"), "probe", "secret", "DB_PASSWORD")...)...)
	cmd.Env = append(cmd.Env, pod.Env...)
	require.Equal(t, launchertest.Result{Stdout: `canary-db "1" <é>`}, launchertest.Finish(t, cmd))
}
