package main_test

import (
	"encoding/pem"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestInAPod is a program with no kubeconfig, in a file system that has a pod's
// service account: its cluster, and its namespace.
func TestInAPod(t *testing.T) {
	mount := launchertest.Needs(t, "mount", "the service account of a pod")
	s := clustertest.New(t)
	store(s, map[string]string{"A": "1"})
	account := t.TempDir()
	for name, text := range map[string]string{
		"token": clustertest.Token, "namespace": "ml",
		"ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(account, name), []byte(text), 0o600))
	}
	at, err := url.Parse(s.URL)
	require.NoError(t, err)
	if out, err := withRun(mount, account, "test", "/var/run", "-ef", "/run").CombinedOutput(); err != nil {
		launchertest.Lacks(t, "user and mount namespaces", "the service account of a pod: "+err.Error()+" "+string(out))
	}
	cmd := withRun(mount, account, filepath.Join(bin, "launcherctl"), "secrets", "list", "--project", "fraud")
	cmd.Env = append(cmd.Env, "HOME="+t.TempDir(), "KUBERNETES_SERVICE_HOST="+at.Hostname(), "KUBERNETES_SERVICE_PORT="+at.Port())
	require.Equal(t, result{"KEY   VARIABLE\nA     MLRUN_K8S_SECRET__A\n", "", 0}, finish(t, cmd))
}

// withRun is a program with a /run of its own, which has the service account.
func withRun(mount, account string, args ...string) *exec.Cmd {
	const script = `set -e; d=/run/secrets/kubernetes.io/serviceaccount
"$1" -t tmpfs none /run; mkdir -p $d; cp "$2"/* $d; shift 2; exec "$@"`
	cmd := exec.Command("sh", append([]string{"-c", script, "sh", mount, account}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	return cmd
}
