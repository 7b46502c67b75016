package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

const results = `{"version": 1, "metadata": {}, "state": "completed",
 "results": {"loss": 0.25, "best\u001b[2J": "a\nb", "matrix": [1, {"a": 2}], "long": "` + longText + `"},
 "artifacts": [{"key": "model", "kind": "model", "path": "model/", "format": null, "labels": {}}, {"key": "gone", "kind": "artifact", "path": null}]}`

const longText = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

// withOutputs runs a Job whose pod has a volume at /out and logs these lines.
func withOutputs(t *testing.T, volume map[string]any, mount map[string]any, lines ...string) string {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.writes("-a", lines...)
	c.pod("-a", "Succeeded", terminated(0, ""))
	if volume != nil {
		path := clustertest.Path("", "pods", c.name+"-a")
		pod := c.Object(path)
		volume["name"], mount["name"] = "out", "out"
		pod["spec"] = map[string]any{"volumes": []any{volume}, "containers": []any{map[string]any{"name": "sidecar"}, map[string]any{"name": "handler", "volumeMounts": []any{mount}}}}
		c.Put(path, pod)
	}
	c.ends("Complete", "")
	p.ends(0)
	c.nothingIsLeft()
	require.Equal(t, strings.Join(lines, "\n")+"\n", p.out.String())
	return p.err.String()
}

const outputsLine = "launcher: outputs: /out/train/0/results.json"

func hostPath(folder string) map[string]any {
	return map[string]any{"hostPath": map[string]any{"path": folder}}
}

func atOut() map[string]any { return map[string]any{"mountPath": "/out/"} }

// resultsIn writes a results.json as the runner does.
func resultsIn(t *testing.T, folder, text string) string {
	file := filepath.Join(folder, "train", "0", "results.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	later := time.Now().Add(time.Hour) // than the Job, which has yet to start
	require.NoError(t, os.Chtimes(file, later, later))
	return file
}

func TestRunShowsResults(t *testing.T) {
	folder := t.TempDir()
	file := resultsIn(t, folder, results)
	shown := withOutputs(t, hostPath(folder), atOut(), "one", outputsLine+" (no output_path)")
	_, table, _ := strings.Cut(shown, "launcherctl: outputs: "+file+"\n")
	require.Contains(t, table, `launcherctl: state                      completed
launcherctl: result     "best\x1b[2J"   "a\nb"
launcherctl: result     long            `+longText[:100]+`…
launcherctl: result     loss            0.25
launcherctl: result     matrix          [1,{"a":2}]
launcherctl: model      model           model/
launcherctl: artifact   gone            
`, shown)
}

// TestRunSaysWhereResultsAre covers what this machine cannot read.
func TestRunSaysWhereResultsAre(t *testing.T) {
	lost := "hint: mount a persistent volume at the task's output_path: --volume pvc/NAME:PATH\n"
	elsewhere, other, broken := t.TempDir(), t.TempDir(), t.TempDir()
	outside := resultsIn(t, other, results)
	require.NoError(t, os.MkdirAll(filepath.Join(elsewhere, "train", "0"), 0o700))
	require.NoError(t, os.Symlink(outside, filepath.Join(elsewhere, "train", "0", "results.json")))
	resultsIn(t, broken, `{"version": 2}`)
	claim := func() map[string]any {
		return map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "models"}}
	}
	for name, test := range map[string]struct {
		volume, mount map[string]any
		line, says    string
	}{
		"no volume":    {nil, nil, outputsLine, "outputs: /out/train/0/results.json was in the container's own file system, and is lost\n" + lost},
		"beside it":    {claim(), map[string]any{"mountPath": "/ou"}, outputsLine, "outputs: /out/train/0/results.json was in the container's own file system, and is lost\n" + lost},
		"leads out":    {claim(), atOut(), "launcher: outputs: /out/../etc/results.json", "outputs: /etc/results.json was in the container's own file system, and is lost\n" + lost},
		"emptyDir":     {map[string]any{"emptyDir": map[string]any{}}, atOut(), outputsLine, "outputs: /out/train/0/results.json was in the emptyDir volume \"out\", and is lost with the pod\n" + lost},
		"claim":        {claim(), atOut(), outputsLine, "outputs: train/0/results.json of the persistent volume claim \"models\"\n"},
		"claim's path": {claim(), map[string]any{"mountPath": "/out", "subPath": "fraud"}, outputsLine, "outputs: fraud/train/0/results.json of the persistent volume claim \"models\"\n"},
		"expression":   {claim(), map[string]any{"mountPath": "/", "subPathExpr": "$(POD)"}, outputsLine, "outputs: /out/train/0/results.json in the pod, in a subPathExpr of the persistent volume claim \"models\"\n"},
		"NFS":          {map[string]any{"nfs": map[string]any{"server": "s", "path": "/"}}, atOut(), outputsLine, "outputs: train/0/results.json of the volume \"out\"\n"},
		"node":         {hostPath("/not/here"), atOut(), outputsLine, "outputs: /not/here/train/0/results.json on the node\n"},
		"link":         {hostPath(elsewhere), atOut(), outputsLine, "outputs: " + elsewhere + "/train/0/results.json on the node\n"},
		"other format": {hostPath(broken), atOut(), outputsLine, "outputs: " + broken + "/train/0/results.json on the node\n"},
	} {
		t.Run(name, func(t *testing.T) {
			shown := withOutputs(t, test.volume, test.mount, test.line)
			require.Contains(t, shown, "launcherctl: "+test.says)
			require.NotContains(t, shown, "result  ")
		})
	}
	require.NotContains(t, withOutputs(t, nil, nil, "see "+outputsLine), "outputs:")
}

// TestRunShowsNoOlderResults of another run: the folder may be on this machine and on
// the node, and the Job's file only there.
func TestRunShowsNoOlderResults(t *testing.T) {
	folder := t.TempDir()
	file := resultsIn(t, folder, results)
	require.NoError(t, os.Chtimes(file, time.Time{}, time.Unix(1, 0)))
	require.Contains(t, withOutputs(t, hostPath(folder), atOut(), outputsLine), "outputs: "+file+" on the node\n")
}
