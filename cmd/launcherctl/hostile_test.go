package main_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// requirePrintable refuses what a terminal does not show as itself.
func requirePrintable(t *testing.T, text string) {
	t.Helper()
	i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
	require.Negative(t, i, "%q", text)
}

// spoken is text that speaks to a terminal: escapes, a line of its own, the
// direction of writing, and no width.
const spoken = "a\x1b[2J\x07\r\nlauncherctl: forged\u202etxt\u2066\u200b\u00ad\ufeff\U000e0041\u2028"

// TestAServerDoesNotSpeakToTheTerminal has it send such text wherever an answer
// has a name or a message.
func TestAServerDoesNotSpeakToTheTerminal(t *testing.T) {
	t.Run("keys", func(t *testing.T) {
		s := clustertest.New(t)
		store(s, map[string]string{"A": "1", spoken: "2"})
		for _, args := range []string{"secrets list", "secrets list --json"} {
			got := ctl(t, s, "", fields(args+" --project fraud")...)
			require.Equal(t, result{"", "launcherctl: list the keys of project fraud: the cluster answered with an invalid key\n", 125}, got)
		}
		got := ctl(t, s, "", "manifest", "--task", write(t, "t.yaml", "metadata: {project: fraud}"), "--image", "i", "--launcher-image", "l", "--", "true")
		require.Equal(t, 125, got.status)
		requirePrintable(t, got.stdout+got.stderr)
	})
	t.Run("a user", func(t *testing.T) {
		s := clustertest.New(t)
		s.Inject(clustertest.On("create", "/selfsubjectreviews", func(w http.ResponseWriter, _ clustertest.Request) bool {
			clustertest.Answer(w, 201, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "status": map[string]any{"userInfo": map[string]any{"username": spoken}}})
			return true
		}))
		s.Deny("patch", "secrets")
		got := ctl(t, s, "A=1\n", "secrets", "set", "--project", "fraud")
		require.Equal(t, 125, got.status)
		require.Contains(t, got.stderr, "name: YOUR-USER\n")
		requirePrintable(t, got.stderr)
	})
	t.Run("a Job and its pods", func(t *testing.T) {
		c := controller(t)
		c.Inject(clustertest.On("create", "/jobs", func(w http.ResponseWriter, _ clustertest.Request) bool {
			w.Header().Set("Warning", `299 - "`+strings.ReplaceAll(spoken, "\r\n", "")+`"`)
			return false
		}))
		p := c.inBackground("--start-timeout", "1s")
		c.started()
		c.Put(clustertest.Path("", "events", "e"), map[string]any{"metadata": map[string]any{"name": "e"}, "type": "Warning", "reason": spoken, "message": spoken,
			"involvedObject": map[string]any{"kind": spoken, "name": c.name}})
		c.pod("-"+spoken, "Pending", waiting(spoken, spoken))
		p.ends(124)
		require.Contains(t, p.err.String(), `\x1b[2J`)
		require.NotContains(t, p.err.String(), "\nlauncherctl: forged")
		requirePrintable(t, p.out.String()+p.err.String())
	})
	t.Run("the name of a Job", func(t *testing.T) {
		c := controller(t)
		c.Inject(clustertest.On("create", "/jobs", func(w http.ResponseWriter, _ clustertest.Request) bool {
			clustertest.Answer(w, 201, map[string]any{"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"name": spoken, "uid": "u"}})
			return true
		}))
		p := c.run("--detach", "--name", "mine", "--embed-values")
		p.Stdout = &p.out
		require.NoError(t, p.Start())
		p.ends(0)
		require.Equal(t, "job.batch/mine\n", p.out.String())
	})
}

// TestTheCommandThatIsShownIsOneCommand of a manifest and a file with names that
// a shell would read otherwise.
func TestTheCommandThatIsShownIsOneCommand(t *testing.T) {
	sh := launchertest.Needs(t, "sh", "a shown command, read by a shell")
	for _, metadata := range []string{"{name: '$(touch owned)'}", "{name: 'a; touch owned'}", "{name: a, namespace: '`touch owned`'}", "{name: \"a\\ntouch owned\"}", "{name: a}"} {
		for _, kind := range []string{"Pod", "'$(touch owned)'"} {
			folder := t.TempDir()
			base := write(t, "base.yaml", "apiVersion: v1\nkind: "+kind+"\nmetadata: "+metadata+"\nspec: {containers: [{name: a, command: [x]}]}\n")
			got := ctlIn(t, folder, []string{"V=1"}, "manifest", "--task", write(t, "t.yaml", "metadata: {name: a}"), "-s", "env=V", "--launcher-image", "l", "--into", base,
				"--values-file", "it's $(touch owned).yaml")
			requirePrintable(t, got.stderr)
			for line := range strings.Lines(got.stderr) {
				if _, command, ok := strings.Cut(line, "kubectl "); ok {
					cmd := exec.Command(sh, "-c", "kubectl() { :; }; kubectl "+strings.Split(command, "; it ends")[0])
					cmd.Dir = folder
					_ = cmd.Run() // what it does is what counts
				}
			}
			require.NoFileExists(t, filepath.Join(folder, "owned"))
			if metadata == "{name: a}" && kind == "Pod" {
				require.Contains(t, got.stderr, `kubectl get pod a -o go-template`)
			}
		}
	}
}
