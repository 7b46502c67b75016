package main_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// TestAHandlersOwn124IsNoReasonToTryForEver counts it against --retries. The
// launcher's 124 is tried again by the cluster, and so is waited for.
func TestAHandlersOwn124IsNoReasonToTryForEver(t *testing.T) {
	for name, args := range map[string][]string{"no retries": nil, "one retry": {"--retries", "1"}, "kept": {"--keep"}} {
		t.Run(name, func(t *testing.T) {
			c := controller(t)
			p := c.inBackground(args...)
			c.started()
			c.pod("-a", "Failed", terminated(124, "launcher: secret \"A\": the vault is throttled\n"))
			c.pod("-b", "Failed", terminated(124, "launcher: warning: variable LAUNCHER_DELIVERY is not a setting\n"))
			if name == "one retry" {
				c.pod("-c", "Failed", terminated(124, ""))
			}
			p.ends(124)
			require.Contains(t, p.err.String(), "status 124 is the handler's own, and its --retries are used up\n")
			c.nothingIsLeft()
		})
	}
	t.Run("the launcher's", func(t *testing.T) {
		c := controller(t)
		p := c.inBackground()
		c.started()
		c.pod("-a", "Failed", terminated(124, "launcher: secret \"A\": the vault is throttled\n"))
		c.pod("-b", "Failed", terminated(124, `{"level":"error","message":"throttled"}`))
		c.pod("-c", "Succeeded", terminated(0, ""))
		c.ends("Complete", "")
		p.ends(0)
		c.nothingIsLeft()
	})
}

// TestASignalBeforeTheContainersStart has the status of the signal: a kubelet says 137
// of a container that never ran.
func TestASignalBeforeTheContainersStart(t *testing.T) {
	for signal, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		for _, reason := range []string{"ContainerStatusUnknown", "StartError"} {
			c := controller(t)
			p := c.inBackground()
			c.started()
			c.pod("-a", "Pending", waiting("ContainerCreating", ""))
			c.until("a watch", func() bool { return c.asked("watch", "/pods") })
			require.NoError(t, p.Process.Signal(signal))
			c.until("the Job's end", c.ending)
			state := terminated(137, "The container could not be located when the pod was terminated")
			state["terminated"].(map[string]any)["reason"] = reason
			c.pod("-a", "Failed", state)
			path := clustertest.Path("", "pods", c.name+"-a")
			pod := c.Object(path)
			pod["status"].(map[string]any)["initContainerStatuses"] = []any{map[string]any{"name": "launcher-install", "state": terminated(137, "")}}
			c.Put(path, pod)
			c.Remove(path)
			c.Remove(c.job)
			p.ends(status)
			c.nothingIsLeft()
		}
	}
}

// TestAPodThatReplacesAnother is said, as the log begins anew.
func TestAPodThatReplacesAnother(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--retries", "1")
	c.started()
	c.writes("-a", "one")
	c.pod("-a", "Running", running())
	c.until("the first log", func() bool { return c.asked("get", "-a/log") })
	c.pod("-a", "Failed", terminated(137, ""))
	c.writes("-b", "one", "two")
	c.pod("-b", "Running", running())
	c.until("the second log", func() bool { return c.asked("get", "-b/log") })
	c.pod("-b", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.Equal(t, "one\none\ntwo\n", p.out.String())
	require.Contains(t, p.err.String(), "launcherctl: warning: pod "+c.name+"-b replaces pod "+c.name+"-a, and its log starts again\n")
	c.nothingIsLeft()
}

// TestASignalWhoseJobCannotBeDeleted says so once.
func TestASignalWhoseJobCannotBeDeleted(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.pod("-a", "Running", running())
	c.until("a watch", func() bool { return c.asked("watch", "/pods") })
	c.Deny("delete", "jobs")
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
	p.ends(125)
	require.Equal(t, 1, strings.Count(p.err.String(), "launcherctl: delete job "+c.name), p.err.String())
}
