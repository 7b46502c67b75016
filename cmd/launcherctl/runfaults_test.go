package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// TestARunSurvivesFaults is what a cluster may do to each request of a run: it
// goes well all the same.
func TestARunSurvivesFaults(t *testing.T) {
	for name, f := range map[string]func(c *controlled) clustertest.Fault{
		"a throttle":             func(*controlled) clustertest.Fault { return clustertest.Throttled(0) },
		"a throttle, no time":    func(*controlled) clustertest.Fault { return clustertest.Throttled(-1) },
		"a lost connection":      func(*controlled) clustertest.Fault { return clustertest.Lost },
		"a server that restarts": func(*controlled) clustertest.Fault { return clustertest.Failing(503, "ServiceUnavailable", "x") },
		"an internal error":      func(*controlled) clustertest.Fault { return clustertest.Failing(500, "InternalError", "x") },
	} {
		for _, verb := range []string{"create", "patch", "list", "watch", "delete", "get"} { // get is the log
			t.Run(name+"/"+verb, func(t *testing.T) {
				t.Parallel()
				c := controller(t)
				c.Inject(clustertest.On(verb, "", clustertest.Times(2, f(c))))
				c.playsWell(0)
			})
		}
	}
}

// TestAnAnswerOfARunThatIsLost was done all the same.
func TestAnAnswerOfARunThatIsLost(t *testing.T) {
	for verb, suffix := range map[string]string{"create": "/jobs", "create ": "/secrets", "patch": "", "delete": ""} {
		t.Run(verb+suffix, func(t *testing.T) {
			c := controller(t)
			c.Inject(clustertest.On(strings.TrimSpace(verb), suffix, clustertest.Times(1, c.LostAnswer)))
			c.playsWell(0)
		})
	}
}

// TestAWatchThatIsTooOld begins anew.
func TestAWatchThatIsTooOld(t *testing.T) {
	c := controller(t)
	c.Inject(clustertest.On("watch", "", clustertest.Times(2, func(w http.ResponseWriter, _ clustertest.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintln(w, `{"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old"}}`)
		return true
	})))
	c.playsWell(0)
}

// playsWell is a run of one pod with three lines from its start to its end.
func (c *controlled) playsWell(status int) {
	c.Helper()
	p := c.inBackground()
	c.started()
	c.writes("-a", "one", "two", "three")
	c.pod("-a", "Running", running())
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(status)
	require.Equal(c, "one\ntwo\nthree\n", p.out.String(), p.err.String())
	c.nothingIsLeft()
}

// TestALogThatBreaksOffHasEachLineOnce, also those of one and the same time.
func TestALogThatBreaksOffHasEachLineOnce(t *testing.T) {
	c := controller(t)
	whole := "2026-01-31T12:00:00.5Z a\n2026-01-31T12:00:01.1Z b\n2026-01-31T12:00:01.5Z c\n2026-01-31T12:00:01.5Z c\n2026-01-31T12:00:01.5Z d\n2026-01-31T12:00:02Z " +
		strings.Repeat("long", 50_000) + "\n2026-01-31T12:00:03Z no end"
	var reads atomic.Int32
	c.Logs = func(w http.ResponseWriter, _, _ string, r *http.Request) {
		text := whole
		if since := r.URL.Query().Get("sinceTime"); since != "" { // the kubelet knows seconds alone
			require.Contains(t, since, "2026-01-31T12:00:0")
			text = whole[strings.Index(whole, since[:len(since)-1]):]
		}
		cut := []string{"b\n", " c\n", "c\n2026-01-31T12:00:01.5Z d", "longlong", "no e"}
		if n := int(reads.Add(1)); n <= len(cut) {
			text = text[:strings.Index(text, cut[n-1])+len(cut[n-1])]
			_, _ = w.Write([]byte(text))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(text))
	}
	p := c.inBackground()
	c.started()
	c.pod("-a", "Running", running())
	c.until("the log's end", func() bool { return reads.Load() > 5 })
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.Equal(t, "a\nb\nc\nc\nd\n"+strings.Repeat("long", 50_000)+"\nno end", p.out.String())
}

func TestAJobThatCannotStart(t *testing.T) {
	for name, c := range map[string]struct {
		state  map[string]any
		status int
		says   string
	}{
		"a missing key":   {waiting("CreateContainerConfigError", `couldn't find key X in Secret ml/s`), 125, ": pod %s-a: CreateContainerConfigError: couldn't find key X in Secret ml/s"},
		"a missing image": {waiting("ImagePullBackOff", "not found"), 124, "no pod has started within 1s: pod %s-a: ImagePullBackOff: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			k := controller(t)
			p := k.inBackground("--start-timeout", "1s")
			k.started()
			k.pod("-a", "Pending", c.state)
			p.ends(c.status)
			require.Contains(t, p.err.String(), fmt.Sprintf(c.says, k.name))
			k.nothingIsLeft()
		})
	}
}

// TestAServerThatRepeatsTheValuesOfARun is an admission webhook that does not
// like them, in their Secret: it is not quoted, and the Job does not stay.
func TestAServerThatRepeatsTheValuesOfARun(t *testing.T) {
	c := controller(t)
	c.Inject(clustertest.On("create", "/secrets", func(w http.ResponseWriter, r clustertest.Request) bool {
		w.Header().Set("Warning", `299 - "policy: `+strings.ReplaceAll(canary, `"`, `\"`)+` is weak"`)
		clustertest.Refuse(w, 403, "Forbidden", `admission webhook "policy" denied the request: `+canary+" in "+r.Body)
		return true
	}))
	p := c.inBackground()
	p.ends(125)
	require.Contains(t, p.err.String(), ": the cluster answered 403 Forbidden: an admission webhook refused the request\nhint: ")
	require.NotContains(t, p.err.String(), "policy")
	c.nothingIsLeft()
}

// TestAServerThatRepeatsEmbeddedValues is one that refuses the Job's pods, with
// their variables.
func TestAServerThatRepeatsEmbeddedValues(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--embed-values", "--start-timeout", "1s")
	c.started()
	c.warning(c.job, "FailedCreate", "denied: "+canary)
	p.ends(124)
	require.Contains(t, p.err.String(), "no pod has started within 1s: job "+c.name+": FailedCreate: run kubectl -n ml get events to see why")
	requireNoForm(t, p.err.String(), canary)
}

func TestARunThatIsNotAllowed(t *testing.T) {
	for resource, verb := range map[string]string{"jobs": "create", "secrets": "create", "pods": "list"} {
		t.Run(resource, func(t *testing.T) {
			c := controller(t)
			c.Deny(verb, resource)
			c.Deny("get", "pods/log")
			p := c.inBackground()
			p.ends(125)
			require.Contains(t, p.err.String(), fmt.Sprintf("%s %s", verb, resource))
			require.Contains(t, p.err.String(), ": you may not ")
			require.Contains(t, p.err.String(), "  - pods/log\n  verbs:\n  - get\n")
			c.nothingIsLeft()
		})
	}
	t.Run("pods/log", func(t *testing.T) { // the Job goes on
		c := controller(t)
		c.Deny("get", "pods/log")
		p := c.inBackground()
		c.started()
		c.pod("-a", "Succeeded", terminated(0, ""))
		c.ends("Complete", "")
		p.ends(0)
		require.Contains(t, p.err.String(), "warning: read the log of job "+c.name+": you may not get pods/log in namespace \"ml\"")
		require.Contains(t, p.err.String(), "  - pods/log\n")
		c.nothingIsLeft()
	})
}

// TestAJobThatCannotBeTakenAway is a warning: the status is the handler's.
func TestAJobThatCannotBeTakenAway(t *testing.T) {
	c := controller(t)
	c.Deny("delete", "jobs")
	p := c.inBackground()
	c.started()
	require.EqualValues(t, 3600, c.Object(c.job)["spec"].(map[string]any)["ttlSecondsAfterFinished"], "then the cluster does")
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.Contains(t, p.err.String(), "launcherctl: warning: delete job "+c.name+": you may not delete jobs")
}

// TestConnectionsThatAreCut all at once are made anew.
func TestConnectionsThatAreCut(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	for range 3 {
		before := len(c.Requests())
		c.CloseClientConnections()
		c.until("another watch", func() bool {
			watches := 0
			for _, r := range c.Requests()[before:] {
				if r.Verb == "watch" {
					watches++
				}
			}
			return watches >= 2
		})
	}
	c.writes("-a", "one", "two")
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.Equal(t, "one\ntwo\n", p.out.String())
	c.nothingIsLeft()
}

// TestTheLogOfAnInitContainerThatFailed says why there was no handler.
func TestTheLogOfAnInitContainerThatFailed(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.writes("-a", "install: no space left on device")
	c.pod("-a", "Failed", waiting("PodInitializing", ""))
	path := clustertest.Path("", "pods", c.name+"-a")
	pod := c.Object(path)
	pod["status"].(map[string]any)["initContainerStatuses"] = []any{map[string]any{"name": "launcher-install", "state": terminated(1, "")}}
	c.Put(path, pod)
	c.ends("Failed", "BackoffLimitExceeded")
	p.ends(1)
	require.Equal(t, "install: no space left on device\n", p.out.String())
}

func TestOtherEndsOfAJob(t *testing.T) {
	for name, c := range map[string]struct {
		play   func(*controlled)
		status int
		says   string
	}{
		"deleted by another": {func(c *controlled) { c.Remove(c.job) }, 124, "was deleted by someone else"},
		"its deadline":       {func(c *controlled) { c.ends("Failed", "DeadlineExceeded") }, 124, "the Job's deadline has passed: as it is"},
		"no pod at all":      {func(c *controlled) { c.ends("Failed", "FailedIndexes") }, 125, "FailedIndexes: as it is"},
		"out of memory": {func(c *controlled) {
			state := terminated(137, "")
			state["terminated"].(map[string]any)["reason"] = "OOMKilled"
			c.pod("-a", "Failed", state)
			c.ends("Failed", "BackoffLimitExceeded")
		}, 137, "ran out of memory\nhint: give it more"},
	} {
		t.Run(name, func(t *testing.T) {
			k := controller(t)
			p := k.inBackground()
			k.started()
			c.play(k)
			p.ends(c.status)
			require.Contains(t, p.err.String(), c.says)
			k.nothingIsLeft()
		})
	}
}
