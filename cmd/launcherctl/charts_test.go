package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// render runs a program with a folder of its own, in which it may write.
func render(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	got := finish(t, cmd)
	require.Zero(t, got.status, got.stderr)
	require.NoError(t, decode(got.stdout)) // strictly, by the types of Kubernetes
	return got.stdout
}

// requireRuns checks the rendered Job, and runs it with a Secret.
func requireRuns(t *testing.T, job, secret string, keys map[string][]byte, want string) {
	t.Helper()
	report := ctlIn(t, t.TempDir(), nil, "check", "--fail-on", "note", write(t, "job.yaml", job))
	require.Zero(t, report.status, report.stdout)
	require.Contains(t, report.stdout, "\nsecret/"+secret+":")
	require.NotRegexp(t, `(?m)^secret/\S+ +volume +names +values +values`, report.stdout)

	ended := kubelet{t.TempDir(), map[string]map[string][]byte{secret: keys}}.run(t, job)
	require.Zero(t, ended.status, ended.stderr)
	require.Contains(t, ended.stdout, want)
	require.NotContains(t, ended.stdout, "in the environment")

	missing := kubelet{t.TempDir(), map[string]map[string][]byte{secret: nil}}.run(t, job)
	require.Equal(t, 125, missing.status, "the launcher says what is missing")
	require.Contains(t, missing.stderr, `secret "DB_PASSWORD"`)
}

// TestTheExampleOfAChartRuns renders it with helm, and plays the kubelet.
func TestTheExampleOfAChartRuns(t *testing.T) {
	helm := filepath.Join(os.Getenv("LAUNCHER_TEST_CHARTS"), "helm")
	if os.Getenv("LAUNCHER_TEST_CHARTS") == "" {
		helm = launchertest.Needs(t, "helm", "the example of a chart")
	}
	const chart = "../../examples/helm"
	render(t, helm, "template", "release", chart)
	job := render(t, helm, "template", "release", chart, "--set-json", `command=["sh", "-c", "cat; env | sed -n 's/^DB_PASSWORD=.*/in the environment/p'"]`,
		"--set-json", `parameters={"text": "$(HOME) \"é\""}`)
	requireRuns(t, job, "mlrun-project-secrets-fraud", map[string][]byte{"DB_PASSWORD": []byte("c4n4ry"), "aws-key": []byte("k3y")},
		`"text":"$(HOME) \"é\""},"inputs":{}},"secrets":{"DB_PASSWORD":"c4n4ry","aws-key":"k3y"}`)
	require.Zero(t, finish(t, exec.Command(helm, "lint", "--quiet", chart)).status)
}

// TestTheExampleOfAKustomizationRuns renders it, and plays the kubelet.
func TestTheExampleOfAKustomizationRuns(t *testing.T) {
	kustomize := kustomization(t)
	const folder = "../../examples/kustomize"
	before := render(t, kustomize[0], kustomize[1], folder+"/base")
	report := ctlIn(t, t.TempDir(), nil, "check", "--fail-on", "note", write(t, "job.yaml", before))
	require.Equal(t, 1, report.status)
	require.Contains(t, report.stdout, "note: container report: kubectl exec shows DB_PASSWORD\n")

	job := decoded(t, render(t, kustomize[0], kustomize[1], folder+"/overlay"))
	was := decoded(t, before).Spec.Template.Spec.Containers[0]
	is := &job.Spec.Template.Spec.Containers[0]
	require.Equal(t, append(was.Command, was.Args...), is.Args, "the command became the handler's")
	is.Args = []string{"sh", "-c", "cat; env | sed -n 's/^DB_PASSWORD=.*/in the environment/p'"}
	text, err := yaml.Marshal(job)
	require.NoError(t, err)
	requireRuns(t, string(text), "report-secrets", map[string][]byte{"password": []byte("c4n4ry")}, `"secrets":{"DB_PASSWORD":"c4n4ry"}`)
}

// kustomization returns the program and the argument that render a kustomization:
// kubectl does since 1.24, which is when it began to name its version of kustomize.
func kustomization(t *testing.T) []string {
	t.Helper()
	const untested = "the example of a kustomization"
	if folder := os.Getenv("LAUNCHER_TEST_CHARTS"); folder != "" {
		return []string{filepath.Join(folder, "kustomize"), "build"}
	}
	kubectl := launchertest.Needs(t, "kubectl", untested)
	if version, err := exec.Command(kubectl, "version", "--client", "-o", "json").Output(); err != nil || !strings.Contains(string(version), "kustomizeVersion") {
		launchertest.Lacks(t, "kubectl 1.24 or later", untested)
	}
	return []string{kubectl, "kustomize"}
}
