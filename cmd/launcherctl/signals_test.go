package main_test

import (
	"os"
	ossignal "os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// TestASignalEndsTheJob is docker run's way: the handler gets TERM, and its
// status is the program's.
func TestASignalEndsTheJob(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			if ossignal.Ignored(signal) {
				t.Skip("lacks: a signal that is not ignored, as under nohup")
			}
			c := controller(t)
			p := c.inBackground()
			c.started()
			c.pod("-a", "Running", running())
			c.until("a watch of the pod's log", func() bool { return c.asked("get", "/log") })
			require.NoError(t, p.Process.Signal(signal))
			c.until("the Job's end", c.ending)
			c.writes("-a", "the handler's last word")
			c.pod("-a", "Failed", terminated(3, ""))
			c.Remove(clustertest.Path("", "pods", c.name+"-a"))
			c.Remove(c.job)
			p.ends(3)
			require.Contains(t, p.err.String(), "its pods are sent TERM; a second signal stops waiting")
			require.Contains(t, c.bodyOf("delete"), `"uid":"`+c.uid.(string)+`"`)
			c.nothingIsLeft()
		})
	}
}

// ending reports whether the Job is being deleted.
func (c *controlled) ending() bool {
	meta, _ := c.Object(c.job)["metadata"].(map[string]any)
	return meta["deletionTimestamp"] != nil
}

// asked reports whether a request was made.
func (c *controlled) asked(verb, suffix string) bool {
	for _, r := range c.Requests() {
		if r.Verb == verb && strings.HasSuffix(r.Path, suffix) {
			return true
		}
	}
	return false
}

func (c *controlled) bodyOf(verb string) string {
	for _, r := range c.Requests() {
		if r.Verb == verb {
			return r.Body
		}
	}
	return ""
}

func TestASecondSignalEndsTheWaiting(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.pod("-a", "Running", running())
	c.until("a watch", func() bool { return c.asked("watch", "/pods") })
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
	c.until("the Job's end", c.ending)
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
	p.ends(130)
	require.Contains(t, p.err.String(), "stopped waiting for job "+c.name+": run kubectl -n ml get job ")
	c.noValueInASpecification()
}

// TestASignalBeforeTheJobIsThereLeavesNone is a cluster that does not answer
// until the signal has come.
func TestASignalBeforeTheJobIsThereLeavesNone(t *testing.T) {
	c := controller(t)
	came := make(chan struct{})
	c.Inject(clustertest.On("create", "/jobs", clustertest.Times(1, c.Lately(came))))
	p := c.inBackground()
	<-came
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	p.ends(143)
	c.nothingIsLeft()
}

// TestWhoReadsTheLogsNoMoreWantsNoJob is run | head.
func TestWhoReadsTheLogsNoMoreWantsNoJob(t *testing.T) {
	c := controller(t)
	read, to, err := os.Pipe()
	require.NoError(t, err)
	p := c.run()
	p.Stdout = to
	require.NoError(t, p.Start())
	require.NoError(t, to.Close())
	require.NoError(t, read.Close())
	c.started()
	c.writes("-a", "nobody reads this")
	c.pod("-a", "Running", running())
	c.until("the Job's end", c.ending)
	c.Remove(clustertest.Path("", "pods", c.name+"-a"))
	c.Remove(c.job)
	p.ends(141)
}
