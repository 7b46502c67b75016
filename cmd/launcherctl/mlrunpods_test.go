package main_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// mlrunPod is the path of a pod that MLRun's own code made; pod.py beside it says how.
func mlrunPod(version string) string {
	path, _ := filepath.Abs("testdata/mlrun/pod-" + version + ".yaml")
	return path
}

// projectSecret is what the pod's project has.
var projectSecret = map[string][]byte{"aws_key": []byte("canary-of-aws"), "DB_PASSWORD": []byte("canary-of-db"), "empty": nil, "my-key": []byte("canary-of-key")}

// podEnviron is the environment of a pod's container, in a cluster.
func podEnviron(t *testing.T, pod string, more ...string) []string {
	t.Helper()
	var p corev1.Pod
	require.NoError(t, yaml.Unmarshal([]byte(pod), &p))
	environ := map[string]string{"PATH": os.Getenv("PATH"), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
	for _, v := range p.Spec.Containers[0].Env {
		environ[v.Name] = v.Value
		if from := v.ValueFrom; from != nil && from.SecretKeyRef != nil {
			require.Equal(t, "mlrun-project-secrets-fraud", from.SecretKeyRef.Name)
			require.Contains(t, projectSecret, from.SecretKeyRef.Key)
			environ[v.Name] = string(projectSecret[from.SecretKeyRef.Key])
		}
	}
	for _, entry := range more {
		name, value, _ := strings.Cut(entry, "=")
		environ[name] = value
	}
	var entries []string
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		entries = append(entries, name+"="+environ[name])
	}
	return entries
}

func launch(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "launcher"), args...)
	cmd.Env, cmd.Dir = environ, t.TempDir()
	return finish(t, cmd)
}

// moved is a pod that launcherctl added the launcher to, without a cluster.
func moved(t *testing.T, pod, task string, flags ...string) result {
	t.Helper()
	return ctlIn(t, t.TempDir(), nil, append([]string{"manifest", "--task", write(t, "t.yaml", task), "--into", pod, "--launcher-image", "l",
		"--handler", "handler.py:train"}, flags...)...)
}

const fraudTask = "metadata: {name: train, project: fraud}\nspec: {parameters: {db_name: sales}}\n"

// unlisted is what the launcher says in a pod of MLRun 1.8 or later.
const unlisted = "launcher: warning: cannot tell the project's secrets from other variables: none starts with MLRUN_K8S_SECRET__, " +
	"as in MLRun 1.8 and later. The handler gets them as variables only\n" +
	"hint: set LAUNCHER_PROJECT_SECRETS=KEY,…, as launcherctl manifest --into does, or list them in the task's kubernetes source\n"

// TestAPodOfMLRunsAsItIs has the one warning, and only if it says something.
func TestAPodOfMLRunsAsItIs(t *testing.T) {
	today, before := launchertest.ReadFile(t, mlrunPod("1.12.1")), launchertest.ReadFile(t, mlrunPod("1.7.2"))
	for name, c := range map[string]struct {
		environ []string
		flags   []string
		want    string
	}{
		"as it is":               {environ: podEnviron(t, today), want: unlisted},
		"as an init":             {environ: podEnviron(t, today), flags: []string{"--init", "always"}, want: unlisted},
		"with --mask":            {environ: podEnviron(t, today), flags: []string{"--mask"}, want: unlisted},
		"with --deliver socket":  {environ: podEnviron(t, today), flags: []string{"--deliver", "socket"}, want: unlisted},
		"an empty list of keys":  {environ: podEnviron(t, today), flags: []string{"-s", "kubernetes=[]"}, want: unlisted},
		"quiet":                  {environ: podEnviron(t, today), flags: []string{"--quiet"}},
		"not in a cluster":       {environ: podEnviron(t, today, "KUBERNETES_SERVICE_HOST=")},
		"of a task with keys":    {environ: podEnviron(t, today), flags: []string{"-s", "kubernetes=aws_key"}},
		"of a list":              {environ: podEnviron(t, today, "LAUNCHER_PROJECT_SECRETS=aws_key")},
		"of an empty list":       {environ: podEnviron(t, today, "LAUNCHER_PROJECT_SECRETS=")},
		"of 1.7":                 {environ: podEnviron(t, before)},
		"of no project":          {environ: []string{"KUBERNETES_SERVICE_HOST=x", "MLRUN_EXEC_CONFIG={}", "PATH=" + os.Getenv("PATH")}},
		"of 1.8 without a task":  {environ: []string{"KUBERNETES_SERVICE_HOST=x", "MLRUN_ACTIVE_PROJECT=p", "PATH=" + os.Getenv("PATH")}, want: unlisted},
		"not of MLRun's":         {environ: []string{"KUBERNETES_SERVICE_HOST=x", "PATH=" + os.Getenv("PATH")}},
		"of a source of a mount": {environ: podEnviron(t, today), flags: []string{"-s", `kubernetes={"mount": "."}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := launch(t, c.environ, append(append([]string{"run"}, c.flags...), "--", "true")...)
			require.Equal(t, result{stderr: c.want}, got)
		})
	}
}

// TestAPodOfMLRunsWithAList finds every secret of the project, by whoever lists them.
func TestAPodOfMLRunsWithAList(t *testing.T) {
	text := launchertest.ReadFile(t, mlrunPod("1.12.1"))
	const list = "aws_key,DB_PASSWORD,empty,my-key"
	into := moved(t, mlrunPod("1.12.1"), fraudTask)
	require.Zero(t, into.status, into.stderr)
	for name, c := range map[string]struct {
		environ []string
		flags   []string
	}{
		"of the flag":              {podEnviron(t, text), []string{"--project-secrets", list}},
		"of the flag, twice":       {podEnviron(t, text), []string{"--project-secrets", "my-key,DB_PASSWORD", "--project-secrets", "empty, aws_key"}},
		"of the variable":          {podEnviron(t, text, "LAUNCHER_PROJECT_SECRETS="+list), nil},
		"of MLRun's":               {podEnviron(t, text, "MLRUN_PROJECT_SECRETS_LIST="+list), nil},
		"of launcherctl":           {podEnviron(t, into.stdout), nil},
		"of the task":              {podEnviron(t, text), []string{"-s", "kubernetes=" + list}},
		"of a task without prefix": {podEnviron(t, text), []string{"-s", `kubernetes={"env_prefix": "", "secrets": ["aws_key", "DB_PASSWORD", "empty", "my-key"]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const handler = `env; cd "${LAUNCHER_CONTEXT#files:}"; ls; cat aws_key DB_PASSWORD empty my-key`
			got := launch(t, c.environ, append(append([]string{"run", "--deliver", "files"}, c.flags...), "--", "sh", "-c", handler)...)
			require.Equal(t, result{stdout: got.stdout}, got)
			environ, files, _ := strings.Cut(got.stdout, "DB_PASSWORD\n")
			require.Equal(t, "aws_key\ncontext.json\nempty\nmy-key\ncanary-of-awscanary-of-dbcanary-of-key", files)
			require.NotContains(t, environ, "canary")
			require.NotRegexp(t, "(?m)^(aws_key|DB_PASSWORD|empty|my-key)=", environ)

			masked := launch(t, c.environ, append(append([]string{"run", "--deliver", "files", "--mask"}, c.flags...), "--", "sh", "-c", handler)...)
			require.Zero(t, masked.status, masked.stderr)
			require.NotContains(t, masked.stdout+masked.stderr, "canary")
			require.Contains(t, masked.stdout, "*********")

			explained := launch(t, c.environ, append([]string{"explain"}, c.flags...)...)
			require.Zero(t, explained.status, explained.stderr)
			for key := range projectSecret {
				require.Regexp(t, `(?m)^`+key+` +kubernetes +variable `+key+` +found `, explained.stdout)
			}
			if name != "of a task without prefix" && name != "of the task" && name != "of MLRun's" {
				confidential := launch(t, c.environ, append([]string{"explain", "--require-confidential"}, c.flags...)...)
				require.Equal(t, explained, confidential)
			}
		})
	}
}

// TestAPodOfMLRunsIsMovedOnce adds the launcher twice: the second time changes nothing.
func TestAPodOfMLRunsIsMovedOnce(t *testing.T) {
	for _, version := range []string{"1.7.2", "1.12.1"} {
		for name, task := range map[string]string{
			"all keys":       fraudTask,
			"some keys":      "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: [aws_key, my-key, more]}]}\n",
			"without prefix": "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: {env_prefix: ''}}]}\n",
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				t.Parallel()
				var flags []string
				if version == "1.7.2" { // from the cluster otherwise
					flags = []string{"--keys", "aws_key,DB_PASSWORD,empty,my-key"}
				}
				once := moved(t, mlrunPod(version), task, flags...)
				require.Zero(t, once.status, once.stderr)
				twice := moved(t, write(t, "pod.yaml", once.stdout), task, flags...)
				require.Equal(t, result{stdout: once.stdout}, twice)
				require.NotContains(t, once.stdout, "canary")
				require.Equal(t, version == "1.12.1" || name == "without prefix", strings.Contains(once.stdout, "LAUNCHER_PROJECT_SECRETS"), once.stdout)
				if version == "1.12.1" {
					require.Equal(t, name == "some keys", strings.Contains(once.stdout, "MLRUN_K8S_SECRET__"))
				}
			})
		}
	}
}

// TestAListInAManifestIsKept adds to the author's own list.
func TestAListInAManifestIsKept(t *testing.T) {
	text := launchertest.ReadFile(t, mlrunPod("1.12.1"))
	for own, want := range map[string]string{
		"{name: LAUNCHER_PROJECT_SECRETS, value: 'OWN, aws_key'}":                                             "OWN,aws_key,DB_PASSWORD,empty,my-key",
		"{name: LAUNCHER_PROJECT_SECRETS, valueFrom: {configMapKeyRef: {name: c, key: k}}}":                   "",
		"{name: MAIL, valueFrom: {secretKeyRef: {name: mlrun-project-secrets-fraud, key: mail}}}":             "aws_key,DB_PASSWORD,empty,my-key",
		"{name: mail, valueFrom: {secretKeyRef: {name: mlrun-project-secrets-other, key: mail}}}":             "aws_key,DB_PASSWORD,empty,my-key",
		"{name: mlrun.x, valueFrom: {secretKeyRef: {name: mlrun-project-secrets-fraud, key: mlrun.x}}}":       "aws_key,DB_PASSWORD,empty,my-key",
		"{name: MLRUN_K8S_SECRET__X, valueFrom: {secretKeyRef: {name: mlrun-project-secrets-fraud, key: x}}}": "aws_key,DB_PASSWORD,empty,my-key",
	} {
		got := moved(t, write(t, "pod.yaml", strings.Replace(text, "    env:\n", "    env:\n    - "+own+"\n", 1)), fraudTask)
		require.Zero(t, got.status, got.stderr)
		if want == "" {
			require.Equal(t, 1, strings.Count(got.stdout, "LAUNCHER_PROJECT_SECRETS"))
			continue
		}
		require.Contains(t, got.stdout, `"`+want+`"`, own)
	}
}

// TestAPodOfNoProjectsTaskIsProtectedToo has a task that names no project.
func TestAPodOfNoProjectsTaskIsProtectedToo(t *testing.T) {
	got := moved(t, mlrunPod("1.12.1"), "spec: {parameters: {a: 1}}")
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, `value: "aws_key,DB_PASSWORD,empty,my-key"`)
}

// TestAJobWithoutPrefixHasAList runs what manifest prints for MLRun's own convention of today.
func TestAJobWithoutPrefixHasAList(t *testing.T) {
	task := write(t, "t.yaml", "metadata: {project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: {env_prefix: ''}}]}")
	got := ctlIn(t, t.TempDir(), nil, "manifest", "--task", task, "--keys", "aws_key,DB_PASSWORD", "--image", "i", "--launcher-image", "l",
		"--", "sh", "-c", `env | grep -c canary; cat`)
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, "- name: aws_key\n")
	require.NotContains(t, got.stdout, "MLRUN_K8S_SECRET__")
	ended := kubelet{t.TempDir(), map[string]map[string][]byte{"mlrun-project-secrets-fraud": projectSecret}}.run(t, got.stdout)
	require.Zero(t, ended.status, ended.stderr)
	require.True(t, strings.HasPrefix(ended.stdout, "0\n{"), ended.stdout)
	require.Contains(t, ended.stdout, `"secrets":{"DB_PASSWORD":"canary-of-db","aws_key":"canary-of-aws"}`)

	without := ctlIn(t, t.TempDir(), nil, "manifest", "--task", write(t, "t.yaml", fraudTask), "--keys", " ", "--image", "i", "--launcher-image", "l", "--", "true")
	require.Zero(t, without.status, without.stderr)
	require.Contains(t, without.stdout, "- name: LAUNCHER_PROJECT_SECRETS\n") // empty: the launcher need not warn
}

// TestWhatNoPodCanDoIsRefused has a task that MLRun takes.
func TestWhatNoPodCanDoIsRefused(t *testing.T) {
	folder := t.TempDir()
	for text, want := range map[string]string{
		"spec: {hyperparams: {a: [1, 2]}}":                                         "spec.hyperparams is not supported: the launcher starts the handler once\nhint: run one Job per combination with --param, or use launcherctl manifest --completions N",
		"{kind: job, metadata: {name: f}}":                                         `kind "job" is not a task`,
		"spec: {secret_sources: [{kind: inline, source: {A: canary}, env: true}]}": "env: true works only for sources that the pod reads",
	} {
		task := write(t, "t.yaml", text)
		for _, args := range [][]string{
			{"task", "check", task}, {"manifest", "--task", task, "--image", "i", "--launcher-image", "l", "--embed-values", "--", "true"},
			{"manifest", "--task", task, "--into", mlrunPod("1.12.1"), "--launcher-image", "l", "--handler", "h.py:f", "--embed-values"},
		} {
			got := ctlIn(t, folder, nil, args...)
			if args[0] == "task" && strings.Contains(text, "env: true") {
				require.Zero(t, got.status, got.stderr) // the launcher itself takes it
				continue
			}
			require.Equal(t, 125, got.status, args)
			require.Empty(t, got.stdout)
			require.Contains(t, got.stderr, want)
		}
	}
}
