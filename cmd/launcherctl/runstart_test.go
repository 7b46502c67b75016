package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// warning puts a warning about an object, as a controller or a kubelet does.
func (c *controlled) warning(path, reason, message string) {
	c.Helper()
	object := c.Object(path)
	meta := object["metadata"].(map[string]any)
	name := fmt.Sprintf("%s.%d", meta["name"], len(c.Paths(clustertest.Path("", "events", ""))))
	c.Put(clustertest.Path("", "events", name), map[string]any{"metadata": map[string]any{"name": name}, "type": "Warning", "reason": reason, "message": message,
		"involvedObject": map[string]any{"kind": object["kind"], "name": meta["name"], "uid": meta["uid"]}})
}

// TestAnEventSaysWhyAJobDoesNotStart ends a run soon if the reason does not pass.
func TestAnEventSaysWhyAJobDoesNotStart(t *testing.T) {
	for name, c := range map[string]struct {
		reason, message string
		pod             bool
		hint            string
	}{
		"a service account": {"FailedCreate", `Error creating: pods "t-" is forbidden: error looking up service account ml/no: serviceaccount "no" not found`, false, "create the service account"},
		"a quota":           {"FailedCreate", `Error creating: pods "t-" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0`, false, "lower --requests and --limits"},
		"a vault's Secret":  {"FailedMount", `MountVolume.SetUp failed for volume "launcher-vault-0" : secret "azure-creds" not found`, true, "create it, or correct its name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := controller(t)
			p := k.inBackground("--start-timeout", "20s")
			k.started()
			about := k.job
			if c.pod {
				k.pod("-a", "Pending", waiting("ContainerCreating", ""))
				about = clustertest.Path("", "pods", k.name+"-a")
			}
			k.warning(about, c.reason, c.message)
			p.ends(125)
			require.Contains(t, p.err.String(), "launcherctl: warning: ")
			require.Contains(t, p.err.String(), "launcherctl: job "+k.name+": it cannot start: ")
			require.Contains(t, p.err.String(), c.reason+": "+c.message+"\nhint: "+c.hint)
			k.nothingIsLeft()
		})
	}
}

// TestAWarningThatPasses does not end a run: it is shown, once.
func TestAWarningThatPasses(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--start-timeout", "20s")
	c.started()
	c.Put(clustertest.Path("", "events", "other"), map[string]any{"metadata": map[string]any{"name": "other"}, "type": "Warning", "reason": "FailedCreate", "message": "of another run",
		"involvedObject": map[string]any{"kind": "Job", "name": c.name, "uid": "another"}})
	c.warning(c.job, "FailedCreate", "Error creating: failed calling webhook: connection refused")
	c.until("reads of the events", func() bool {
		reads := 0
		for _, r := range c.Requests() {
			if r.Verb == "list" && strings.HasSuffix(r.Path, "/events") {
				reads++
			}
		}
		return reads > 2
	})
	c.pod("-a", "Running", running())
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.Equal(t, 1, strings.Count(p.err.String(), "connection refused"))
	require.NotContains(t, p.err.String(), "of another run")
	c.nothingIsLeft()
}

// TestAContainerThatIsNotStarted has the runtime's reason, without values.
func TestAContainerThatIsNotStarted(t *testing.T) {
	for message, want := range map[string]string{
		`failed to create containerd task: exec: "/nosuch": stat /nosuch: no such file or directory`: "was not started: StartError: failed to create containerd task: exec: \"/nosuch\": stat /nosuch: no such file or directory\nhint: check that the image has the command",
		`invalid environment variable "MLRUN_K8S_SECRET__DB_PASSWORD=` + canary + `\x00"`:            `was not started: StartError: invalid environment variable "MLRUN_K8S_SECRET__DB_PASSWORD=(its value is not shown)`,
	} {
		c := controller(t)
		p := c.inBackground()
		c.started()
		state := terminated(128, message)
		state["terminated"].(map[string]any)["reason"] = "StartError"
		c.pod("-a", "Failed", state)
		c.ends("Failed", "BackoffLimitExceeded")
		p.ends(128)
		require.Contains(t, p.err.String(), want)
		c.nothingIsLeft()
	}
}

// TestAnImageVolumeThatIsDropped is a server whose ImageVolume feature is off: the
// volume is an empty directory, and no value is sent to it.
func TestAnImageVolumeThatIsDropped(t *testing.T) {
	c := controller(t)
	c.Admit = func(object map[string]any) {
		if object["kind"] != "Job" {
			return
		}
		volumes := object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["volumes"].([]any)
		for _, v := range volumes {
			if volume := v.(map[string]any); volume["image"] != nil {
				delete(volume, "image")
				volume["emptyDir"] = map[string]any{}
			}
		}
	}
	p := c.inBackground("--launcher", "volume")
	p.ends(125)
	require.Contains(t, p.err.String(), `the cluster dropped the image of volume "launcher-bin": its ImageVolume feature is off`)
	require.Contains(t, p.err.String(), "hint: omit --launcher volume")
	require.False(t, c.asked("create", "/secrets"))
	c.nothingIsLeft()
}

// TestAnImageVolumeThatIsKept is one whose feature is on.
func TestAnImageVolumeThatIsKept(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--launcher", "volume")
	c.started()
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	c.nothingIsLeft()
}

// TestAnInvalidImageEndsTheRunAtOnce, long before the default --start-timeout.
func TestAnInvalidImageEndsTheRunAtOnce(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.pod("-a", "Pending", waiting("InvalidImageName", `couldn't parse image name "a b": invalid reference format`))
	p.ends(125)
	require.Contains(t, p.err.String(), "it cannot start: pod "+c.name+"-a: InvalidImageName: ")
	require.Contains(t, p.err.String(), "hint: correct --image or --launcher-image\n")
	c.nothingIsLeft()
}
