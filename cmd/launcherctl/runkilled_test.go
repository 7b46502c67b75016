package main_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// TestARunThatIsKilledLeavesNothingForEver kills the program before and after each of
// its requests that change something. A Job that is left ends by its deadline and is
// deleted after its time-to-live, with the Secret that it owns. The time-to-live does
// not count for a suspended Job.
func TestARunThatIsKilledLeavesNothingForEver(t *testing.T) {
	for name, at := range map[string]func(c *controlled, came chan struct{}) clustertest.Fault{
		"before the Job": func(c *controlled, came chan struct{}) clustertest.Fault {
			return clustertest.On("create", "/jobs", clustertest.Times(1, held(came)))
		},
		"after the Job": func(c *controlled, came chan struct{}) clustertest.Fault {
			return clustertest.On("create", "/jobs", clustertest.Times(1, c.Lately(came)))
		},
		"before the Secret": func(c *controlled, came chan struct{}) clustertest.Fault {
			return clustertest.On("create", "/secrets", clustertest.Times(1, held(came)))
		},
		"after the Secret": func(c *controlled, came chan struct{}) clustertest.Fault {
			return clustertest.On("create", "/secrets", clustertest.Times(1, c.Lately(came)))
		},
		"at the watch": func(c *controlled, came chan struct{}) clustertest.Fault {
			return clustertest.On("watch", "/jobs", clustertest.Times(1, held(came)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := controller(t)
			came := make(chan struct{})
			c.Inject(at(c, came))
			p := c.inBackground()
			<-came
			require.NoError(t, p.Process.Kill())
			p.ends(137)
			for _, path := range c.Paths(jobs) {
				spec := c.Object(path)["spec"].(map[string]any)
				require.NotContains(t, spec, "suspend")
				require.Positive(t, spec["activeDeadlineSeconds"])
				require.Positive(t, spec["ttlSecondsAfterFinished"])
				c.Remove(path) // as the controller does after both
			}
			c.nothingIsLeft()
		})
	}
}

// held closes came and gives no answer.
func held(came chan struct{}) clustertest.Fault {
	return func(_ http.ResponseWriter, r clustertest.Request) bool {
		close(came)
		<-r.Done()
		return true
	}
}
